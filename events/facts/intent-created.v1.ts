import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { date, decimal, name, orderIdentity, purpose } from '#events/fields.ts';

/** A run decided on an order. */
export const intentCreated = defineFact({
  type: 'intent.created.v1',
  means: 'A run decided on an order.',
  aggregate: 'run',
  priority: 'HIGH',
  data: z.strictObject({
    ...orderIdentity,
    runId: name,
    decisionId: name,
    quantity: decimal,
    purpose,
    asOf: date,
  }),
});
