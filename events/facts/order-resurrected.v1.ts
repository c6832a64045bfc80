import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { name, orderIdentity, reason } from '#events/fields.ts';

/** An order that had ended here was found working at the broker. */
export const orderResurrected = defineFact({
  type: 'order.resurrected.v1',
  means: 'An order that had ended here was found working at the broker.',
  aggregate: 'order',
  priority: 'CRITICAL',
  data: z.strictObject({
    ...orderIdentity,
    brokerOrderId: name,
    reason,
  }),
});
