/** A trained model for tests, without a training: numbers of every kind that a text might lose. */
import { type StrategyId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { type CalendarDate, calendarDate } from '#shared/core/kernel/instant.ts';
import { FEATURE_NAMES, FEATURE_SET } from '#shared/core/signal/model/momentum-model.ts';
import { type ModelVersion, modelVersion } from '#shared/core/signal/model/model-version.ts';

export interface SampleModel {
  readonly strategyId?: StrategyId;
  readonly trainedThrough?: CalendarDate;
  readonly intercept?: number;
  readonly planId?: string;
  /** Reads the features that ml-momentum reads; else three that nobody has. */
  readonly fit?: boolean;
}

export function sampleModel(of: SampleModel = {}): ModelVersion {
  const trainedThrough = of.trainedThrough ?? calendarDate('2025-12-31');
  const score = { samples: 900, positiveShare: 0.55, logLoss: 0.68, accuracy: 0.5611111111111111 };
  const plain = FEATURE_NAMES.map(() => 1);
  return modelVersion(
    {
      intercept: of.intercept ?? 0.1 + 0.2,
      means: of.fit === true ? plain : [1 / 3, -4e-17, 1.7976931348623157e308],
      scales: of.fit === true ? plain : [5e-324, 1, 12345.678901234567],
      weights: of.fit === true ? plain : [0.1, -0.30000000000000004, 0],
    },
    {
      strategyId: of.strategyId ?? strategyId('ml-momentum'),
      featureSet: of.fit === true ? FEATURE_SET : { name: 'three.v1', hash: 'f3' },
      features: of.fit === true ? FEATURE_NAMES : ['a', 'b', 'c'],
      trainedFrom: calendarDate('2024-02-01'),
      trainedThrough,
      horizonSessions: 5,
      symbols: ['KO', 'PEP'].map(ticker),
      planId: of.planId ?? 'plan-1',
      l2: 10,
      iterations: 7,
      converged: true,
      rowsHash: 'a5'.repeat(32),
      inSample: score,
      outOfSample: { ...score, trainedThrough: calendarDate('2025-09-30'), through: trainedThrough },
    },
  );
}
