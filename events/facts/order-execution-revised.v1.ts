import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { count, decimal, execution, orderIdentity, reason } from '#events/fields.ts';

/** The broker busted or corrected executions; the order counts a new epoch. */
export const orderExecutionRevised = defineFact({
  type: 'order.execution-revised.v1',
  means: 'The broker busted or corrected executions; the order counts a new epoch.',
  aggregate: 'order',
  priority: 'CRITICAL',
  data: z.strictObject({
    ...orderIdentity,
    epoch: count,
    cumulativeQuantity: decimal,
    filledCost: decimal,
    executions: z.array(execution),
    reason,
  }),
});
