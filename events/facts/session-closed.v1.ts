import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, count, date, decimal, strategy, symbol } from '#events/fields.ts';

const profit = { realizedProfit: decimal, unrealizedProfit: decimal, unvalued: count };

/** The books of a session were closed: what it earned, and what trading cost. */
export const sessionClosed = defineFact({
  type: 'session.closed.v1',
  means: 'The books of a session were closed: what it earned, and what trading cost.',
  aggregate: 'reconciliation',
  priority: 'LOW',
  data: z.strictObject({
    accountId: account,
    session: date,
    equityStart: decimal,
    equityEnd: decimal,
    cashStart: decimal,
    cashEnd: decimal,
    /** Realised in the session; unrealised at its end, without the positions that no price was known of. */
    ...profit,
    /** Of the orders that ended in the session, against their arrival prices. */
    slippage: decimal,
    /** Cash that went without an execution. */
    fees: decimal,
    /** Since the books were opened. */
    strategies: z.array(z.strictObject({ strategyId: strategy, ...profit, slippage: decimal })),
    symbols: z.array(z.strictObject({ symbol, ...profit })),
  }),
});
