import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { orderIdentity, reason } from '#events/fields.ts';

/** It is not known whether the broker has the order; its exposure stays reserved. */
export const orderUnknown = defineFact({
  type: 'order.unknown.v1',
  means: 'It is not known whether the broker has the order; its exposure stays reserved.',
  aggregate: 'order',
  priority: 'CRITICAL',
  data: z.strictObject({
    ...orderIdentity,
    reason,
  }),
});
