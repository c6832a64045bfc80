import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account } from '#events/fields.ts';

/** The quiet period ended and entries may pass again. */
export const breakerArmed = defineFact({
  type: 'breaker.armed.v1',
  means: 'The quiet period ended and entries may pass again.',
  aggregate: 'account',
  priority: 'HIGH',
  data: z.strictObject({
    accountId: account,
  }),
});
