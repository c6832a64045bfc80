import { describe, expect, it } from 'vitest';
import { strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { isModelVersionName, isWhole, type ModelMetadata, modelVersion, weightsHashOf } from './model-version.ts';

const score = { samples: 1000, positiveShare: 0.55, logLoss: 0.68, accuracy: 0.56 };
const metadata: ModelMetadata = {
  strategyId: strategyId('ml-momentum'),
  featureSet: { name: 'one.v1', hash: 'h' },
  features: ['a'],
  trainedFrom: calendarDate('2022-01-03'),
  trainedThrough: calendarDate('2022-12-30'),
  horizonSessions: 5,
  symbols: [ticker('KO')],
  planId: 'plan',
  l2: 10,
  iterations: 6,
  converged: true,
  rowsHash: 'r',
  inSample: score,
  outOfSample: null,
};
const model = { means: [0], scales: [1], intercept: 0.1, weights: [0.2] };
const first = modelVersion(model, metadata);

describe('modelVersion', () => {
  it('is the same for the same training, and another for the last bit of a weight', () => {
    expect(modelVersion({ ...model }, { ...metadata }).version).toBe(first.version);
    expect(modelVersion({ ...model, intercept: 0.1000000000000001 }, metadata).version).not.toBe(first.version);
    expect(modelVersion(model, { ...metadata, symbols: [] }).version).not.toBe(first.version);
    expect(modelVersion(model, { ...metadata, inSample: { ...score, samples: 999 } }).version).not.toBe(first.version);
    expect(modelVersion(model, { ...metadata, rowsHash: 's' }).version).not.toBe(first.version);
  });

  it('gives zero no sign, as its text has none', () => {
    expect(weightsHashOf({ ...model, weights: [-0] })).toBe(weightsHashOf({ ...model, weights: [0] }));
  });

  it('has a name that begins with the session it was trained through', () => {
    expect(first.version).toMatch(/^2022-12-30-[0-9a-z]{26}$/);
    expect(isModelVersionName(first.version)).toBe(true);
    expect(['2022-12-30', first.version.toUpperCase(), `${first.version}0`].some(isModelVersionName)).toBe(false);
  });
});

describe('isWhole', () => {
  it('tells a version from one that was changed behind its name', () => {
    expect(isWhole(first)).toBe(true);
    expect(isWhole({ ...first, model: { ...model, weights: [0.20000000000000004] } })).toBe(false);
    expect(isWhole({ ...first, metadata: { ...metadata, trainedThrough: calendarDate('2023-03-31') } })).toBe(false);
  });
});
