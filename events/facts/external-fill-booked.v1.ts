import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, decimal, execution, name, side, symbol } from '#events/fields.ts';

/** Executions at the broker of an order that is not ours were booked on the strategy "manual". */
export const externalFillBooked = defineFact({
  type: 'external-fill.booked.v1',
  means: 'Executions at the broker of an order that is not ours were booked on the strategy "manual".',
  aggregate: 'book',
  priority: 'HIGH',
  data: z.strictObject({
    accountId: account,
    symbol,
    side,
    brokerOrderId: name,
    /** As the broker has it. */
    foreignOrderId: z.string().max(160).nullable(),
    /** All that are booked of the order, after this. */
    executions: z.array(execution),
    cumulativeQuantity: decimal,
    filledCost: decimal,
  }),
});
