import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { decimal, orderIdentity, reason } from '#events/fields.ts';

/** An order of unknown fate was watched to the end of its time and never turned up. */
export const orderAbandoned = defineFact({
  type: 'order.abandoned.v1',
  means: 'An order of unknown fate was watched to the end of its time and never turned up.',
  aggregate: 'order',
  priority: 'CRITICAL',
  data: z.strictObject({
    ...orderIdentity,
    cumulativeQuantity: decimal,
    reason: reason.nullable(),
  }),
});
