import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { name, text } from '#events/fields.ts';

/** A room failed in a way that a person should know. */
export const errorRaised = defineFact({
  type: 'error.raised.v1',
  means: 'A room failed in a way that a person should know.',
  aggregate: 'room',
  priority: 'CRITICAL',
  data: z.strictObject({
    failedRoom: name,
    faultKind: z.enum(['transient', 'uncertain', 'permanent', 'bug']),
    code: name,
    message: text,
  }),
});
