import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, reason, strategy, symbol } from '#events/fields.ts';

/** A limit stopped an order. */
export const limitHit = defineFact({
  type: 'limit.hit.v1',
  means: 'A limit stopped an order.',
  aggregate: 'account',
  priority: 'HIGH',
  data: z.strictObject({
    accountId: account,
    strategyId: strategy,
    symbol,
    reason,
  }),
});
