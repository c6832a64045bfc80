import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, count, decimal } from '#events/fields.ts';

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
  }),
});
