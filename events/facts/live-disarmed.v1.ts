import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, reason } from '#events/fields.ts';

/** A person took the arming of a live account back. */
export const liveDisarmed = defineFact({
  type: 'live.disarmed.v1',
  means: 'A person took the arming of a live account back.',
  aggregate: 'account',
  priority: 'CRITICAL',
  data: z.strictObject({
    accountId: account,
    by: actor,
    reason,
  }),
});
