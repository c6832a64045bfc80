import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, decimal, strategy, symbol } from '#events/fields.ts';

/** A position got its stop, or a better one. */
export const stopSet = defineFact({
  type: 'stop.set.v1',
  means: 'A position got its stop, or a better one.',
  aggregate: 'book',
  priority: 'NORMAL',
  data: z.strictObject({
    accountId: account,
    strategyId: strategy,
    symbol,
    stopPrice: decimal,
    previousPrice: decimal.nullable(),
  }),
});
