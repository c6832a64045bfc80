import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, name, reason, strategy, symbol } from '#events/fields.ts';

/** A position is to be closed, and the house will not rest until it is flat. */
export const exitOpened = defineFact({
  type: 'exit.opened.v1',
  means: 'A position is to be closed, and the house will not rest until it is flat.',
  aggregate: 'book',
  priority: 'HIGH',
  data: z.strictObject({
    accountId: account,
    strategyId: strategy,
    symbol,
    exitId: name,
    by: actor,
    reason,
  }),
});
