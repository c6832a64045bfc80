import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { date, decimal, instant, symbol } from '#events/fields.ts';

/** Fresh quotes were read from the feed. */
export const priceUpdated = defineFact({
  type: 'price.updated.v1',
  means: 'Fresh quotes were read from the feed.',
  aggregate: 'market',
  priority: 'NORMAL',
  data: z.strictObject({
    session: date,
    slot: instant,
    quotes: z.array(
      z.strictObject({
        symbol,
        bid: decimal.nullable(),
        ask: decimal.nullable(),
        last: decimal.nullable(),
        at: instant,
      }),
    ),
  }),
});
