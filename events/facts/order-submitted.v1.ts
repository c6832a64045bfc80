import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { count, orderIdentity } from '#events/fields.ts';

/** The last look passed: from here on the broker may have the order. */
export const orderSubmitted = defineFact({
  type: 'order.submitted.v1',
  means: 'The last look passed: from here on the broker may have the order.',
  aggregate: 'order',
  priority: 'NORMAL',
  data: z.strictObject({
    ...orderIdentity,
    attempt: count,
  }),
});
