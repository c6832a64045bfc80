import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, clientOrder, count, date, decimal, instant, name, symbol, text } from '#events/fields.ts';

/** A pass compared the books with the broker. */
export const reconciliationChecked = defineFact({
  type: 'reconciliation.checked.v1',
  means: 'A pass compared the books with the broker.',
  aggregate: 'reconciliation',
  priority: 'LOW',
  data: z.strictObject({
    accountId: account,
    session: date,
    build: name,
    startedAt: instant,
    /** False for a pass that did not come to its end: it moved no mark and opened no gate. */
    complete: z.boolean(),
    ordersSettled: count,
    fillsBooked: count,
    orphans: count,
    mismatches: z.array(z.strictObject({ symbol, ours: decimal, broker: decimal, cause: text })),
    /** Which fault ended the pass; null when none did. */
    failure: name.nullable().optional(),
    /** The person whose word kept the gate open. */
    forcedBy: actor.nullable().optional(),
    /** What the account came to; null when the pass did not get so far. */
    figures: z
      .strictObject({
        cash: decimal,
        /** By the books, since the cash base was taken. */
        expectedCash: decimal,
        equity: decimal,
        realizedProfit: decimal,
        unrealizedProfit: decimal,
        positions: z.array(z.strictObject({ symbol, quantity: decimal })),
      })
      .nullable()
      .optional(),
    /** Orders that are open here and that the broker does not know. */
    missing: z.array(clientOrder).optional(),
    /** Orders whose fate nobody has known for longer than the policy lets pass. */
    unknownLong: z.array(clientOrder).optional(),
    violations: z.array(z.strictObject({ invariant: z.int().min(1).max(4), subject: name, what: text })).optional(),
    quarantined: z.array(symbol).optional(),
    /** Requests that the pass sent to the broker. */
    requests: count.optional(),
    /** Requests of people that the pass answers. */
    answers: z.array(name).optional(),
  }),
});
