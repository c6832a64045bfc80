import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, name, reason, strategy, symbol } from '#events/fields.ts';

/** An exit cannot go on by itself; a person must look. */
export const exitBlocked = defineFact({
  type: 'exit.blocked.v1',
  means: 'An exit cannot go on by itself; a person must look.',
  aggregate: 'book',
  priority: 'CRITICAL',
  data: z.strictObject({
    accountId: account,
    strategyId: strategy,
    symbol,
    exitId: name,
    reason,
  }),
});
