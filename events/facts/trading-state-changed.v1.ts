import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, reason } from '#events/fields.ts';

/** The account takes other classes of orders from now on. */
export const tradingStateChanged = defineFact({
  type: 'trading-state.changed.v1',
  means: 'The account takes other classes of orders from now on.',
  aggregate: 'account',
  priority: 'HIGH',
  data: z.strictObject({
    accountId: account,
    state: z.enum(['ACTIVE', 'REDUCING', 'HALTED']),
    by: actor,
    reason,
  }),
});
