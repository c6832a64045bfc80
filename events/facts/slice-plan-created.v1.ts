import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { actor, count, decimal, instant, positionIntent, slicePlanIdentity } from '#events/fields.ts';

/** A parent order is to be worked in slices; nothing of it is sent yet. */
export const slicePlanCreated = defineFact({
  type: 'slice-plan.created.v1',
  means: 'A parent order is to be worked in slices; nothing of it is sent yet.',
  aggregate: 'slice-plan',
  priority: 'HIGH',
  data: z.strictObject({
    ...slicePlanIdentity,
    positionIntent,
    quantity: decimal,
    limitPrice: decimal.nullable(),
    slices: count,
    sliceMax: decimal.nullable(),
    startAt: instant,
    endAt: instant,
    by: actor,
  }),
});
