import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, clientOrder, reason } from '#events/fields.ts';

/** A person gave up an order whose fate nobody knows; the next pass that looks for it in vain ends it. */
export const orderGiveUpAsked = defineFact({
  type: 'order.give-up-asked.v1',
  means: 'A person gave up an order whose fate nobody knows; the next pass that looks for it in vain ends it.',
  aggregate: 'reconciliation',
  priority: 'HIGH',
  data: z.strictObject({ accountId: account, clientOrderId: clientOrder, by: actor, reason }),
});
