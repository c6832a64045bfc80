import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { decimal, orderIdentity, reason } from '#events/fields.ts';

/** The order reached the end of its time in force. */
export const orderExpired = defineFact({
  type: 'order.expired.v1',
  means: 'The order reached the end of its time in force.',
  aggregate: 'order',
  priority: 'NORMAL',
  data: z.strictObject({
    ...orderIdentity,
    cumulativeQuantity: decimal,
    reason: reason.nullable(),
  }),
});
