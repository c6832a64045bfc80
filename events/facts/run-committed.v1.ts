import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, count, date, instant, name } from '#events/fields.ts';

/** A run wrote down what it decided, before sending any of it. */
export const runCommitted = defineFact({
  type: 'run.committed.v1',
  means: 'A run wrote down what it decided, before sending any of it.',
  aggregate: 'run',
  priority: 'HIGH',
  data: z.strictObject({
    accountId: account,
    runId: name,
    slot: instant,
    session: date,
    policyVersion: count,
    signals: count,
    commands: count,
    refused: count,
  }),
});
