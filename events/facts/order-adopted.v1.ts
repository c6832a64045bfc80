import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { name, orderIdentity, reason } from '#events/fields.ts';

/** An order with our mark was found at the broker without a row and was taken into the books. */
export const orderAdopted = defineFact({
  type: 'order.adopted.v1',
  means: 'An order with our mark was found at the broker without a row and was taken into the books.',
  aggregate: 'order',
  priority: 'CRITICAL',
  data: z.strictObject({
    ...orderIdentity,
    brokerOrderId: name,
    reason,
  }),
});
