import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { decimal, orderIdentity, reason } from '#events/fields.ts';

/** The broker canceled the order; what filled before stays filled. */
export const orderCanceled = defineFact({
  type: 'order.canceled.v1',
  means: 'The broker canceled the order; what filled before stays filled.',
  aggregate: 'order',
  priority: 'NORMAL',
  data: z.strictObject({
    ...orderIdentity,
    cumulativeQuantity: decimal,
    reason: reason.nullable(),
  }),
});
