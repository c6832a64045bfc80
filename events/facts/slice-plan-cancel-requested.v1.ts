import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { actor, reason, slicePlanIdentity } from '#events/fields.ts';

/** No slice of the parent follows any more; the one at work is to be canceled. */
export const slicePlanCancelRequested = defineFact({
  type: 'slice-plan.cancel-requested.v1',
  means: 'No slice of the parent follows any more; the one at work is to be canceled.',
  aggregate: 'slice-plan',
  priority: 'HIGH',
  data: z.strictObject({ ...slicePlanIdentity, by: actor, reason }),
});
