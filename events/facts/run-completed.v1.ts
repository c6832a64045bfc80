import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, count, name } from '#events/fields.ts';

/** A run sent all that it had committed. */
export const runCompleted = defineFact({
  type: 'run.completed.v1',
  means: 'A run sent all that it had committed.',
  aggregate: 'run',
  priority: 'LOW',
  data: z.strictObject({
    accountId: account,
    runId: name,
    sent: count,
  }),
});
