import * as z from 'zod';
import { defineCommand } from '#events/envelope.ts';
import { account, count, name, strategy, symbol } from '#events/fields.ts';

/** Take the next step of an exit that is open in the book. */
export const driveExit = defineCommand({
  type: 'drive-exit.v1',
  means: 'Take the next step of an exit that is open in the book.',
  data: z.strictObject({
    accountId: account,
    symbol,
    strategyId: strategy,
    exitId: name,
    generation: count,
  }),
});
