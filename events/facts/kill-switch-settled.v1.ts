import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { count, name } from '#events/fields.ts';

/** No send that began before the kill switch is still on its way. */
export const killSwitchSettled = defineFact({
  type: 'kill-switch.settled.v1',
  means: 'No send that began before the kill switch is still on its way.',
  aggregate: 'account',
  priority: 'CRITICAL',
  data: z.strictObject({
    scope: z.enum(['global', 'account', 'strategy']),
    scopeId: name,
    canceled: count,
  }),
});
