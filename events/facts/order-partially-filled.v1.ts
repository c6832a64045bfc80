import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { decimal, execution, name, orderIdentity } from '#events/fields.ts';

/** The broker executed a part of the order. */
export const orderPartiallyFilled = defineFact({
  type: 'order.partially-filled.v1',
  means: 'The broker executed a part of the order.',
  aggregate: 'order',
  priority: 'HIGH',
  data: z.strictObject({
    ...orderIdentity,
    brokerOrderId: name.nullable(),
    cumulativeQuantity: decimal,
    filledCost: decimal,
    executions: z.array(execution),
    provisional: z.boolean(),
  }),
});
