import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { decimal, execution, name, orderIdentity } from '#events/fields.ts';

/** An execution became known after the quantity that it explains had been booked. */
export const orderExecutionRecorded = defineFact({
  type: 'order.execution-recorded.v1',
  means: 'An execution became known after the quantity that it explains had been booked.',
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
