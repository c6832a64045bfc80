import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { actor, name, reason } from '#events/fields.ts';

/** The kill switch was taken off. */
export const killSwitchDisengaged = defineFact({
  type: 'kill-switch.disengaged.v1',
  means: 'The kill switch was taken off.',
  aggregate: 'account',
  priority: 'CRITICAL',
  data: z.strictObject({
    scope: z.enum(['global', 'account', 'strategy']),
    scopeId: name,
    by: actor,
    reason,
  }),
});
