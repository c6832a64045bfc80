import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, reason, strategy } from '#events/fields.ts';

/** A strategy may only close positions. */
export const strategyDisabled = defineFact({
  type: 'strategy.disabled.v1',
  means: 'A strategy may only close positions.',
  aggregate: 'account',
  priority: 'HIGH',
  data: z.strictObject({
    accountId: account,
    strategyId: strategy,
    by: actor,
    reason,
  }),
});
