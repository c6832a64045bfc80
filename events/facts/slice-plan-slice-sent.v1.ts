import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { clientOrder, count, decimal, instant, slicePlanIdentity } from '#events/fields.ts';

/** A slice was decided and written down, before its command is sent. */
export const slicePlanSliceSent = defineFact({
  type: 'slice-plan.slice-sent.v1',
  means: 'A slice was decided and written down, before its command is sent.',
  aggregate: 'slice-plan',
  priority: 'NORMAL',
  data: z.strictObject({
    ...slicePlanIdentity,
    slice: count,
    clientOrderId: clientOrder,
    dueAt: instant,
    validUntil: instant,
    /** Its equal part of the parent. */
    planned: decimal,
    /** With what slices before it left. */
    quantity: decimal,
    /** Slices before it that were never decided. */
    missed: count,
  }),
});
