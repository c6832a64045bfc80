import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, decimal, name, side, strategy, symbol } from '#events/fields.ts';

/** A strategy's share of a position moved: one entry of the trade journal, from which profit is computed again. */
export const positionBooked = defineFact({
  type: 'position.booked.v1',
  means: "A strategy's share of a position moved, by an order, by an execution that is not ours, or by a person.",
  aggregate: 'book',
  priority: 'LOW',
  data: z.strictObject({
    accountId: account,
    strategyId: strategy,
    symbol,
    cause: z.enum(['order', 'external', 'adjustment']),
    /** The order's id, the broker's id of the external order, or who adjusted. */
    causeId: name,
    /** Of the execution; null for an adjustment. */
    side: side.nullable(),
    /** Signed: what the share gained in units, and what was paid for it (received: negative). */
    quantityChange: decimal,
    paidChange: decimal,
    /** The share after it. */
    quantity: decimal,
    cost: decimal,
    realizedProfit: decimal,
  }),
});
