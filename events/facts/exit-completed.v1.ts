import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, count, name, strategy, symbol } from '#events/fields.ts';

/** The exit found the position flat. */
export const exitCompleted = defineFact({
  type: 'exit.completed.v1',
  means: 'The exit found the position flat.',
  aggregate: 'book',
  priority: 'HIGH',
  data: z.strictObject({
    accountId: account,
    strategyId: strategy,
    symbol,
    exitId: name,
    generations: count,
  }),
});
