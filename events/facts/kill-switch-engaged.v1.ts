import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { actor, name, reason } from '#events/fields.ts';

/** Nothing but cancels and an operator's flatten may pass. */
export const killSwitchEngaged = defineFact({
  type: 'kill-switch.engaged.v1',
  means: "Nothing but cancels and an operator's flatten may pass.",
  aggregate: 'account',
  priority: 'CRITICAL',
  data: z.strictObject({
    scope: z.enum(['global', 'account', 'strategy']),
    scopeId: name,
    by: actor,
    reason,
  }),
});
