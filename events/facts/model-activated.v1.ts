import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { actor, count, name, reason, strategy } from '#events/fields.ts';

/** A strategy trades by another version of its model, or that version was pinned or let go. */
export const modelActivated = defineFact({
  type: 'model.activated.v1',
  means: 'A strategy trades by another version of its model, or that version was pinned or let go.',
  aggregate: 'model',
  priority: 'HIGH',
  data: z.strictObject({
    strategyId: strategy,
    version: name,
    previousVersion: name.nullable(),
    /** A pinned version is not moved by training. */
    pinned: z.boolean(),
    revision: count,
    by: actor,
    reason,
  }),
});
