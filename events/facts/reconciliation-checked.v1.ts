import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, count, date, decimal, instant, name, symbol, text } from '#events/fields.ts';

/** A pass compared the books with the broker. */
export const reconciliationChecked = defineFact({
  type: 'reconciliation.checked.v1',
  means: 'A pass compared the books with the broker.',
  aggregate: 'account',
  priority: 'LOW',
  data: z.strictObject({
    accountId: account,
    session: date,
    build: name,
    startedAt: instant,
    complete: z.boolean(),
    ordersSettled: count,
    fillsBooked: count,
    orphans: count,
    mismatches: z.array(z.strictObject({ symbol, ours: decimal, broker: decimal, cause: text })),
  }),
});
