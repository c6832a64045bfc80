import * as z from 'zod';
import { defineCommand } from '#events/envelope.ts';
import {
  count,
  decimal,
  instant,
  name,
  orderIdentity,
  orderType,
  positionIntent,
  purpose,
  timeInForce,
} from '#events/fields.ts';

/** Place one order; the row decides whether it was placed before. */
export const submitOrder = defineCommand({
  type: 'submit-order.v1',
  means: 'Place one order; the row decides whether it was placed before.',
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
    decidedAt: instant,
    validUntil: instant,
    arrivalPrice: decimal,
    policyVersion: count,
    basis: z.strictObject({ position: decimal, openQuantity: decimal }),
  }),
});
