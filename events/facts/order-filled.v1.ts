import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { decimal, execution, name, orderIdentity } from '#events/fields.ts';

/** The broker executed the whole order. */
export const orderFilled = defineFact({
  type: 'order.filled.v1',
  means: 'The broker executed the whole order.',
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
