import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, reason, symbol } from '#events/fields.ts';

/** The symbol takes no entries until a person lifts the quarantine. */
export const quarantineSet = defineFact({
  type: 'quarantine.set.v1',
  means: 'The symbol takes no entries until a person lifts the quarantine.',
  aggregate: 'book',
  priority: 'CRITICAL',
  data: z.strictObject({
    accountId: account,
    symbol,
    reason,
  }),
});
