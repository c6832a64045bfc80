import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { count, date, name, strategy } from '#events/fields.ts';

/** A version of a strategy's model was trained and is kept. */
export const modelTrained = defineFact({
  type: 'model.trained.v1',
  means: "A version of a strategy's model was trained and is kept.",
  aggregate: 'model',
  priority: 'HIGH',
  data: z.strictObject({
    strategyId: strategy,
    version: name,
    featureSet: name,
    trainedFrom: date,
    trainedThrough: date,
    samples: count,
    symbols: count,
    policyVersion: count,
  }),
});
