import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, decimal, strategy, symbol } from '#events/fields.ts';

/** A strategy went from flat to a position. */
export const positionOpened = defineFact({
  type: 'position.opened.v1',
  means: 'A strategy went from flat to a position.',
  aggregate: 'book',
  priority: 'HIGH',
  data: z.strictObject({
    accountId: account,
    strategyId: strategy,
    symbol,
    quantity: decimal,
    cost: decimal,
  }),
});
