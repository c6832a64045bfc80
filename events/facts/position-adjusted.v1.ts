import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, decimal, reason, strategy, symbol } from '#events/fields.ts';

/** A person, or a proof, changed what a book holds; never a sum that was made to agree. */
export const positionAdjusted = defineFact({
  type: 'position.adjusted.v1',
  means: 'A person, or a proof, changed what a book holds; never a sum that was made to agree.',
  aggregate: 'book',
  priority: 'CRITICAL',
  data: z.strictObject({
    accountId: account,
    strategyId: strategy,
    symbol,
    before: decimal,
    after: decimal,
    by: actor,
    reason,
  }),
});
