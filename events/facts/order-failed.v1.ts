import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { decimal, orderIdentity, reason } from '#events/fields.ts';

/** The order could not be brought to the broker and nothing of it is there. */
export const orderFailed = defineFact({
  type: 'order.failed.v1',
  means: 'The order could not be brought to the broker and nothing of it is there.',
  aggregate: 'order',
  priority: 'CRITICAL',
  data: z.strictObject({
    ...orderIdentity,
    cumulativeQuantity: decimal,
    reason: reason.nullable(),
  }),
});
