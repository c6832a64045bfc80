import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { decimal, orderIdentity, reason } from '#events/fields.ts';

/** The broker refused the order. */
export const orderRejected = defineFact({
  type: 'order.rejected.v1',
  means: 'The broker refused the order.',
  aggregate: 'order',
  priority: 'HIGH',
  data: z.strictObject({
    ...orderIdentity,
    cumulativeQuantity: decimal,
    reason: reason.nullable(),
  }),
});
