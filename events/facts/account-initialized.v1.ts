import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, count, decimal, instant, symbol } from '#events/fields.ts';

/** The safety items of an account were made. */
export const accountInitialized = defineFact({
  type: 'account.initialized.v1',
  means: 'The safety items of an account were made.',
  aggregate: 'account',
  priority: 'HIGH',
  data: z.strictObject({
    accountId: account,
    by: actor,
    equity: decimal,
    policyVersion: count,
    /** From here on every execution is booked. */
    bookedFrom: instant.optional(),
    /** What the account held then; recorded on the strategy "manual". */
    opening: z.array(z.strictObject({ symbol, quantity: decimal, cost: decimal })).optional(),
  }),
});
