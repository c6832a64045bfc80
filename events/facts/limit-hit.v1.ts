import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, reason, strategy, symbol } from '#events/fields.ts';

/** A limit of the policy stopped an order; said right after its refusal. */
export const limitHit = defineFact({
  type: 'limit.hit.v1',
  means: 'A limit of the policy stopped an order; said right after its refusal.',
  aggregate: 'order',
  priority: 'HIGH',
  data: z.strictObject({
    accountId: account,
    strategyId: strategy,
    symbol,
    reason,
  }),
});
