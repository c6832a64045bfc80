import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { date, decimal, name, reason, side, strategy, symbol } from '#events/fields.ts';

/** A strategy made a signal from the bars of a session. */
export const signalGenerated = defineFact({
  type: 'signal.generated.v1',
  means: 'A strategy made a signal from the bars of a session.',
  aggregate: 'signal',
  priority: 'HIGH',
  data: z.strictObject({
    strategyId: strategy,
    symbol,
    kind: z.enum(['entry', 'exit']),
    side,
    asOf: date,
    confidence: z.number().min(0).max(1),
    referencePrice: decimal,
    averageTrueRange: decimal,
    reason,
    /** The version of the model that said so; null where none was asked. */
    modelVersion: name.nullable().default(null),
  }),
});
