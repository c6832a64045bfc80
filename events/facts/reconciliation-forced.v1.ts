import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, instant, reason } from '#events/fields.ts';

/** A person opened the gate of reconciliation for a limited time, whatever the passes find. */
export const reconciliationForced = defineFact({
  type: 'reconciliation.forced.v1',
  means: 'A person opened the gate of reconciliation for a limited time, whatever the passes find.',
  aggregate: 'reconciliation',
  priority: 'CRITICAL',
  data: z.strictObject({ accountId: account, until: instant, by: actor, reason }),
});
