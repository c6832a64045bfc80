import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import {
  count,
  decimal,
  name,
  orderIdentity,
  orderType,
  positionIntent,
  purpose,
  reason,
  timeInForce,
} from '#events/fields.ts';

/** An order was written down and its exposure reserved; nothing is sent yet. */
export const orderClaimed = defineFact({
  type: 'order.claimed.v1',
  means: 'An order was written down and its exposure reserved; nothing is sent yet.',
  aggregate: 'order',
  priority: 'NORMAL',
  data: z.strictObject({
    ...orderIdentity,
    type: orderType,
    timeInForce,
    positionIntent,
    quantity: decimal.nullable(),
    notional: decimal.nullable(),
    limitPrice: decimal.nullable(),
    stopPrice: decimal.nullable(),
    purpose,
    decisionId: name,
    generation: count,
    slice: count,
    runId: name.nullable(),
    reservedMoney: decimal,
    policyVersion: count,
    /** Limits that the order came near to. */
    warnings: z.array(reason).optional(),
  }),
});
