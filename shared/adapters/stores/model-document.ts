/** A trained model as it is stored: numbers as their shortest exact texts, so that what is read is what was trained. */
import * as z from 'zod';
import { identity } from '#shared/adapters/stores/policy-fields.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { isWhole, type ModelVersion } from '#shared/core/signal/model/model-version.ts';

/** A finite number whose shortest text is this one. */
const exact = z
  .string()
  .refine((given) => Number.isFinite(Number(given)) && String(Number(given)) === given, 'expected an exact number')
  .transform(Number);
const date = identity(calendarDate);
const score = z.strictObject({
  samples: z.int().min(0),
  positiveShare: z.number(),
  logLoss: z.number(),
  accuracy: z.number(),
});

const modelDocument = z.strictObject({
  model: z.strictObject({
    intercept: exact,
    means: z.array(exact),
    scales: z.array(exact),
    weights: z.array(exact),
  }),
  metadata: z.strictObject({
    strategyId: identity(strategyId),
    featureSet: z.strictObject({ name: z.string(), hash: z.string() }),
    features: z.array(z.string()),
    trainedFrom: date,
    trainedThrough: date,
    horizonSessions: z.int().min(1),
    symbols: z.array(identity(ticker)),
    planId: z.string(),
    l2: z.number(),
    iterations: z.int().min(0),
    converged: z.boolean(),
    rowsHash: z.string(),
    inSample: score,
    outOfSample: z.strictObject({ ...score.shape, trainedThrough: date, through: date }).nullable(),
  }),
});

/** One text for one version: whoever trained the same writes the same. */
export function writeModel({ model, metadata }: ModelVersion): string {
  const texts = (values: readonly number[]): readonly string[] => values.map((value) => String(value + 0));
  const [intercept = ''] = texts([model.intercept]);
  return JSON.stringify({
    model: { intercept, means: texts(model.means), scales: texts(model.scales), weights: texts(model.weights) },
    metadata,
  });
}

/** @throws Fault `permanent` `model-corrupt` when the text is no model, or another than the version's name says. */
export function readModel(version: string, stored: string): ModelVersion {
  const corrupt = (why: string, cause?: unknown): Fault =>
    new Fault('permanent', 'model-corrupt', `the model version ${version} ${why}`, { cause });
  let read: ModelVersion;
  try {
    read = { version, ...modelDocument.parse(JSON.parse(stored)) };
  } catch (cause) {
    throw corrupt('is not readable', cause);
  }
  if (!isWhole(read)) throw corrupt('is stored with another content than its name says');
  return read;
}
