import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { decimal, reason, slicePlanIdentity } from '#events/fields.ts';

/** No order of the parent is open and none follows. */
export const slicePlanEnded = defineFact({
  type: 'slice-plan.ended.v1',
  means: 'No order of the parent is open and none follows.',
  aggregate: 'slice-plan',
  priority: 'HIGH',
  data: z.strictObject({
    ...slicePlanIdentity,
    end: z.enum(['completed', 'expired', 'canceled', 'stopped']),
    quantity: decimal,
    filled: decimal,
    /** Counted as used up without being filled: in a dry run, and where nobody proved an order's fate. */
    assumed: decimal,
    /** What nobody gets any more. */
    dropped: decimal,
    reason: reason.nullable(),
  }),
});
