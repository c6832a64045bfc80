import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { count, name, orderIdentity, purpose, reason } from '#events/fields.ts';

/** A command ended before its order existed, for this reason. */
export const orderRefused = defineFact({
  type: 'order.refused.v1',
  means: 'A command ended before its order existed, for this reason.',
  aggregate: 'order',
  priority: 'HIGH',
  data: z.strictObject({
    ...orderIdentity,
    decisionId: name,
    generation: count,
    slice: count,
    runId: name.nullable(),
    purpose,
    reason,
  }),
});
