import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, count, reason } from '#events/fields.ts';

/** Another version of the policy is in force. */
export const policyChanged = defineFact({
  type: 'policy.changed.v1',
  means: 'Another version of the policy is in force.',
  aggregate: 'account',
  priority: 'HIGH',
  data: z.strictObject({
    accountId: account,
    version: count,
    previousVersion: count.nullable(),
    by: actor,
    reason,
  }),
});
