/**
 * Momentum by a model: buys where a logistic regression gives a rise over the next five sessions more than 60 %, and
 * sells after five sessions, or as soon as the model turns against the position.
 */
import { strategyId } from '#shared/core/kernel/identity.ts';
import { SIGNAL_ATR } from '../indicator.ts';
import { predict } from '../model/logistic-regression.ts';
import { featureRow, momentumTrainer, readFeatures, type TrainingPlan } from '../model/momentum-model.ts';
import { longEntry, longExit, readParameters, longSignalsOf, type Strategy } from '../strategy.ts';
import type { OpenPosition, Signal } from '../types.ts';
import type { SymbolView } from '../view.ts';

const ID = strategyId('ml-momentum');

const RULES = {
  probabilityMin: { value: 0.6, min: 0.5, max: 1 },
  /** At or below this the model has turned. */
  reversalMax: { value: 0.45, min: 0, max: 0.5 },
  horizonSessions: { value: 5, min: 1, max: 60, whole: true },
  l2: { value: 10, min: 0, max: 1e6 },
  samplesMin: { value: 200, min: 20, max: 1e6, whole: true },
  samplesMax: { value: 10_000, min: 100, max: 1e6, whole: true },
} as const;

/** How the model of these parameters is trained. */
export function trainingPlan(given: Readonly<Record<string, number>> = {}): TrainingPlan {
  const parameter = readParameters(ID, RULES, given);
  return {
    strategyId: ID,
    horizonSessions: parameter('horizonSessions'),
    l2: parameter('l2'),
    samplesMin: parameter('samplesMin'),
    samplesMax: parameter('samplesMax'),
  };
}

/**
 * @param given `probabilityMin` 0.6, `reversalMax` 0.45, `horizonSessions` 5, and for training `l2` 10, `samplesMin` 200,
 * `samplesMax` 10000.
 * @throws ParameterError for an unknown or impossible parameter.
 */
export function mlMomentum(given: Readonly<Record<string, number>> = {}): Strategy {
  const parameter = readParameters(ID, RULES, given);
  const [probabilityMin, reversalMax, hold] = [
    parameter('probabilityMin'),
    parameter('reversalMax'),
    parameter('horizonSessions'),
  ];
  const features = featureRow();

  return {
    id: ID,
    entryClass: 'model',
    trainer: momentumTrainer(trainingPlan(given)),
    signals(view) {
      const { model: active } = view;
      const probabilityOf = (symbol: SymbolView): number =>
        active !== null && readFeatures(symbol, 0, features) ? predict(active.model, features) : Number.NaN;
      const byModel = (signal: Signal): Signal => ({ ...signal, modelVersion: active?.version ?? null });

      const entry = (symbol: SymbolView): Signal | null => {
        const probability = probabilityOf(symbol);
        if (!(probability > probabilityMin) || Number.isNaN(symbol.value(SIGNAL_ATR))) return null;
        return byModel(
          longEntry(ID, symbol, probability, {
            code: 'rise-probable',
            text: `the model gives a rise over ${hold} sessions more than ${probabilityMin * 100} %`,
            numbers: { probability },
          }),
        );
      };

      const exit = (symbol: SymbolView, position: OpenPosition): Signal | null => {
        const held = symbol.sessionsSince(position.entryDate);
        if (held >= hold) {
          return longExit(ID, symbol, {
            code: 'held-long-enough',
            text: `held for ${hold} sessions`,
            numbers: { held },
          });
        }
        const probability = probabilityOf(symbol);
        if (!(probability <= reversalMax)) return null;
        return byModel(
          longExit(ID, symbol, {
            code: 'model-reversed',
            text: `the model gives a rise at most ${reversalMax * 100} %`,
            numbers: { probability },
          }),
        );
      };

      return longSignalsOf(view, { entry, exit });
    },
  };
}
