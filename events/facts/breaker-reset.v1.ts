import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, instant, reason } from '#events/fields.ts';

/** A permitted person reset the breaker; the quiet period began. */
export const breakerReset = defineFact({
  type: 'breaker.reset.v1',
  means: 'A permitted person reset the breaker; the quiet period began.',
  aggregate: 'account',
  priority: 'CRITICAL',
  data: z.strictObject({
    accountId: account,
    by: actor,
    quietUntil: instant,
    reason,
  }),
});
