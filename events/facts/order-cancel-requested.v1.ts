import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { actor, orderIdentity, reason } from '#events/fields.ts';

/** Somebody asked that the order be canceled. */
export const orderCancelRequested = defineFact({
  type: 'order.cancel-requested.v1',
  means: 'Somebody asked that the order be canceled.',
  aggregate: 'order',
  priority: 'NORMAL',
  data: z.strictObject({
    ...orderIdentity,
    by: actor,
    reason,
  }),
});
