import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, instant, name, reason } from '#events/fields.ts';

/** Somebody asked for a pass of reconciliation, or for the executions of a span of time to be read again. */
export const reconciliationRequested = defineFact({
  type: 'reconciliation.requested.v1',
  means: 'Somebody asked for a pass of reconciliation, or for the executions of a span of time to be read again.',
  aggregate: 'reconciliation',
  priority: 'HIGH',
  data: z.strictObject({
    accountId: account,
    requestId: name,
    /** Both ends exclusive; null for a pass alone. */
    backfill: z.strictObject({ after: instant, until: instant }).nullable(),
    by: actor,
    reason,
  }),
});
