import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { decimal, orderIdentity, reason } from '#events/fields.ts';

/** The order passed every gate and was not sent, because this is a dry run. */
export const orderDryRunEnded = defineFact({
  type: 'order.dry-run-ended.v1',
  means: 'The order passed every gate and was not sent, because this is a dry run.',
  aggregate: 'order',
  priority: 'NORMAL',
  data: z.strictObject({
    ...orderIdentity,
    cumulativeQuantity: decimal,
    reason: reason.nullable(),
  }),
});
