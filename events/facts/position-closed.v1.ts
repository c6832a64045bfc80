import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, decimal, strategy, symbol } from '#events/fields.ts';

/** A strategy went from a position to flat. */
export const positionClosed = defineFact({
  type: 'position.closed.v1',
  means: 'A strategy went from a position to flat.',
  aggregate: 'book',
  priority: 'HIGH',
  data: z.strictObject({
    accountId: account,
    strategyId: strategy,
    symbol,
    realizedProfit: decimal,
  }),
});
