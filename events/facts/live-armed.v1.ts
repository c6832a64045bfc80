import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, instant, reason } from '#events/fields.ts';

/** A person let a live account take entries for a while. */
export const liveArmed = defineFact({
  type: 'live.armed.v1',
  means: 'A person let a live account take entries for a while.',
  aggregate: 'account',
  priority: 'CRITICAL',
  data: z.strictObject({
    accountId: account,
    by: actor,
    until: instant,
    reason,
  }),
});
