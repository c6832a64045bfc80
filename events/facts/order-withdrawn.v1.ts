import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { decimal, orderIdentity, reason } from '#events/fields.ts';

/** A gate closed before the order was sent; its reservation is released. */
export const orderWithdrawn = defineFact({
  type: 'order.withdrawn.v1',
  means: 'A gate closed before the order was sent; its reservation is released.',
  aggregate: 'order',
  priority: 'HIGH',
  data: z.strictObject({
    ...orderIdentity,
    cumulativeQuantity: decimal,
    reason: reason.nullable(),
  }),
});
