import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, decimal, name, strategy, symbol } from '#events/fields.ts';

/** A price reached the stop of a position. */
export const stopTriggered = defineFact({
  type: 'stop.triggered.v1',
  means: 'A price reached the stop of a position.',
  aggregate: 'book',
  priority: 'CRITICAL',
  data: z.strictObject({
    accountId: account,
    strategyId: strategy,
    symbol,
    stopPrice: decimal,
    lastPrice: decimal,
    exitId: name,
  }),
});
