import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, name, reason } from '#events/fields.ts';

/** The circuit breaker stopped entries. */
export const breakerTripped = defineFact({
  type: 'breaker.tripped.v1',
  means: 'The circuit breaker stopped entries.',
  aggregate: 'account',
  priority: 'CRITICAL',
  data: z.strictObject({
    accountId: account,
    cause: name,
    by: actor,
    reason,
  }),
});
