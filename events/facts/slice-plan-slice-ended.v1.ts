import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { clientOrder, count, decimal, reason, slicePlanIdentity } from '#events/fields.ts';

/** What a slice used up of its parent is known for certain. */
export const slicePlanSliceEnded = defineFact({
  type: 'slice-plan.slice-ended.v1',
  means: 'What a slice used up of its parent is known for certain.',
  aggregate: 'slice-plan',
  priority: 'NORMAL',
  data: z.strictObject({
    ...slicePlanIdentity,
    slice: count,
    clientOrderId: clientOrder,
    quantity: decimal,
    filled: decimal,
    /** What is not given out again: more than what filled in a dry run, and where nobody proved the order's fate. */
    counted: decimal,
    fate: z.enum(['used-up', 'carried', 'dropped']),
    reason: reason.nullable(),
  }),
});
