import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { decimal, orderIdentity, reason } from '#events/fields.ts';

/** The order lives on under another id. */
export const orderReplaced = defineFact({
  type: 'order.replaced.v1',
  means: 'The order lives on under another id.',
  aggregate: 'order',
  priority: 'NORMAL',
  data: z.strictObject({
    ...orderIdentity,
    cumulativeQuantity: decimal,
    reason: reason.nullable(),
  }),
});
