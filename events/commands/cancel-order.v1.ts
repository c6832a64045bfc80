import * as z from 'zod';
import { defineCommand } from '#events/envelope.ts';
import { account, actor, clientOrder, reason, symbol } from '#events/fields.ts';

/** Ask the broker to cancel one order. */
export const cancelOrder = defineCommand({
  type: 'cancel-order.v1',
  means: 'Ask the broker to cancel one order.',
  data: z.strictObject({
    clientOrderId: clientOrder,
    accountId: account,
    symbol,
    by: actor,
    reason,
  }),
});
