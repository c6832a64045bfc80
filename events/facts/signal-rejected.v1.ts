import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, date, name, reason, strategy, symbol } from '#events/fields.ts';

/** A signal ended without an order, at this stage and for this reason. */
export const signalRejected = defineFact({
  type: 'signal.rejected.v1',
  means: 'A signal ended without an order, at this stage and for this reason.',
  aggregate: 'run',
  priority: 'HIGH',
  data: z.strictObject({
    accountId: account,
    runId: name,
    strategyId: strategy,
    symbol,
    kind: z.enum(['entry', 'exit']),
    asOf: date,
    stage: z.enum(['regime', 'correlation', 'risk', 'safety', 'claim', 'send', 'broker']),
    reason,
  }),
});
