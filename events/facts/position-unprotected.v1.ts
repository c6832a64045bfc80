import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, count, decimal, instant, reason, strategy, symbol } from '#events/fields.ts';

/** A position has had no resting stop for longer than the policy bears. */
export const positionUnprotected = defineFact({
  type: 'position.unprotected.v1',
  means: 'A position has had no resting stop for longer than the policy bears.',
  aggregate: 'book',
  priority: 'CRITICAL',
  data: z.strictObject({
    accountId: account,
    strategyId: strategy,
    symbol,
    quantity: decimal,
    since: instant,
    nakedSeconds: count,
    reason,
  }),
});
