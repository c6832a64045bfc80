import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { name, orderIdentity } from '#events/fields.ts';

/** The broker said that it has the order. */
export const orderAcknowledged = defineFact({
  type: 'order.acknowledged.v1',
  means: 'The broker said that it has the order.',
  aggregate: 'order',
  priority: 'NORMAL',
  data: z.strictObject({
    ...orderIdentity,
    brokerOrderId: name,
  }),
});
