import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, reason, strategy } from '#events/fields.ts';

/** A strategy may open positions. */
export const strategyEnabled = defineFact({
  type: 'strategy.enabled.v1',
  means: 'A strategy may open positions.',
  aggregate: 'account',
  priority: 'HIGH',
  data: z.strictObject({
    accountId: account,
    strategyId: strategy,
    by: actor,
    reason,
  }),
});
