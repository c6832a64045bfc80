import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, name, reason } from '#events/fields.ts';

/** A person decided what becomes of a broker order that is not in the table. */
export const orphanDecided = defineFact({
  type: 'orphan.decided.v1',
  means: 'A person decided what becomes of a broker order that is not in the table.',
  aggregate: 'reconciliation',
  priority: 'HIGH',
  data: z.strictObject({
    accountId: account,
    brokerOrderId: name,
    decision: z.enum(['adopt', 'cancel', 'dismiss']),
    by: actor,
    reason,
  }),
});
