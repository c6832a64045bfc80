/**
 * The model behind ml-momentum: what it looks at, how it is trained, and which version speaks for a session. Training
 * reads the past through the same views that strategies read, so nothing after the as-of session can leak into it.
 */
import type { StrategyId } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { sessionBefore } from '#shared/core/market/session-calendar.ts';
import { type Indicator, returnOf, rsiOf, smaOf, volatilityOf, volumeOf, vwapOf } from '../indicator.ts';
import type { StrategyView, SymbolView } from '../view.ts';
import { fitLogistic, type LogisticModel } from './logistic-regression.ts';
import { activeModel, type ModelRegistry, type ModelVersion, modelVersion } from './model-registry.ts';

const [DAY, WEEK, MONTH] = [returnOf(1), returnOf(5), returnOf(20)] as const;
const [AVERAGE_20, AVERAGE_50, VWAP, RSI] = [smaOf(20), smaOf(50), vwapOf(20), rsiOf(14)] as const;
const [VOLATILITY, VOLUME] = [volatilityOf(20), volumeOf(20)] as const;

const distance = (symbol: SymbolView, from: Indicator, ago: number): number =>
  symbol.close(ago) / symbol.value(from, ago) - 1;

const FEATURE_NAMES: readonly string[] = [
  'return-1',
  'return-5',
  'return-20',
  'price-to-sma-20',
  'price-to-sma-50',
  'price-to-vwap-20',
  'rsi-14',
  'volatility-20',
  'log-volume-ratio',
];

/** Writes the features of a symbol as of so many sessions ago into a row; false when one of them is not known. */
export function readFeatures(symbol: SymbolView, ago: number, into: Float64Array, start = 0): boolean {
  into[start] = symbol.value(DAY, ago);
  into[start + 1] = symbol.value(WEEK, ago);
  into[start + 2] = symbol.value(MONTH, ago);
  into[start + 3] = distance(symbol, AVERAGE_20, ago);
  into[start + 4] = distance(symbol, AVERAGE_50, ago);
  into[start + 5] = distance(symbol, VWAP, ago);
  into[start + 6] = symbol.value(RSI, ago) / 100;
  into[start + 7] = symbol.value(VOLATILITY, ago);
  into[start + 8] = Math.log1p(symbol.volume(ago)) - Math.log1p(symbol.value(VOLUME, ago));
  for (let index = 0; index < FEATURE_NAMES.length; index += 1) {
    if (!Number.isFinite(into[start + index])) return false;
  }
  return true;
}

export const featureRow = (): Float64Array => new Float64Array(FEATURE_NAMES.length);

export interface TrainingPlan {
  readonly strategyId: StrategyId;
  /** Sessions ahead that the label looks: 1 where the close is higher then. */
  readonly horizonSessions: number;
  readonly l2: number;
  /** Fewer rows than this train no model. */
  readonly samplesMin: number;
  /** More rows than this are thinned evenly. */
  readonly samplesMax: number;
}

/**
 * The session through which the model in use at a session was trained: the last one before its calendar quarter. A
 * quarter's decisions all come from one model, and a room that starts in its middle trains the same one.
 */
export function trainedThroughFor(asOf: CalendarDate): CalendarDate {
  const month = Number(asOf.slice(5, 7));
  const quarterStart = String(month - ((month - 1) % 3)).padStart(2, '0');
  return sessionBefore(calendarDate(`${asOf.slice(0, 4)}-${quarterStart}-01`)).date;
}

/** Where training rows lie: a symbol, and how many sessions ago. Labels of neighbouring rows do not overlap. */
function* trainingRows(
  view: StrategyView,
  through: CalendarDate,
  horizon: number,
): Generator<readonly [SymbolView, number]> {
  for (const today of view.symbols) {
    // As it was seen then: what happened since must not even decide which rows there are.
    const symbol = today.inUniverse ? today.before(through) : null;
    if (symbol === null) continue;
    for (let ago = horizon; ago < symbol.sessions; ago += horizon) yield [symbol, ago];
  }
}

/**
 * Trains on the history of a view, up to and including a session: the last label is known at that session's close.
 * @returns null when there are too few rows.
 */
export function trainMomentumModel(view: StrategyView, through: CalendarDate, plan: TrainingPlan): ModelVersion | null {
  const { horizonSessions } = plan;
  const places = [...trainingRows(view, through, horizonSessions)];
  const stride = Math.max(1, Math.ceil(places.length / plan.samplesMax));
  const rows = new Float64Array(Math.ceil(places.length / stride) * FEATURE_NAMES.length);
  const labels = new Uint8Array(Math.ceil(places.length / stride));
  let samples = 0;
  let positives = 0;
  let from = through;
  for (let index = 0; index < places.length; index += stride) {
    const place = places[index];
    if (place === undefined) continue;
    const [symbol, ago] = place;
    if (!readFeatures(symbol, ago, rows, samples * FEATURE_NAMES.length)) continue;
    const label = symbol.close(ago - horizonSessions) > symbol.close(ago) ? 1 : 0;
    labels[samples] = label;
    positives += label;
    samples += 1;
    const date = symbol.date(ago);
    if (date !== null && date < from) from = date;
  }
  if (samples < plan.samplesMin) return null;
  const set = {
    features: FEATURE_NAMES.length,
    rows: rows.subarray(0, samples * FEATURE_NAMES.length),
    labels: labels.subarray(0, samples),
  };
  const { model, iterations, converged, logLoss } = fitLogistic(set, { l2: plan.l2 });
  return modelVersion(model, {
    strategyId: plan.strategyId,
    features: FEATURE_NAMES,
    trainedFrom: from,
    trainedThrough: through,
    horizonSessions,
    samples,
    positiveShare: positives / samples,
    l2: plan.l2,
    iterations,
    converged,
    logLoss,
  });
}

/** Which model speaks for a session; null when none may. */
export interface ModelSource {
  modelAsOf(view: StrategyView): LogisticModel | null;
}

/** Trains anew for each quarter, on what lay before it: for backtests, and for whoever fills a registry. */
export class WalkForwardModels implements ModelSource {
  readonly #plan: TrainingPlan;
  readonly #trained: ModelVersion[] = [];
  #through: CalendarDate | null = null;
  #current: ModelVersion | null = null;

  constructor(plan: TrainingPlan) {
    this.#plan = plan;
  }

  /** Versions trained so far, oldest first. */
  get versions(): readonly ModelVersion[] {
    return this.#trained;
  }

  modelAsOf(view: StrategyView): LogisticModel | null {
    const through = trainedThroughFor(view.asOf);
    if (through !== this.#through) {
      this.#through = through;
      const version = trainMomentumModel(view, through, this.#plan);
      this.#current = version?.metadata.converged === true ? version : null;
      if (version !== null) this.#trained.push(version);
    }
    return this.#current?.model ?? null;
  }
}

/** The registry's active version, as long as it is the one of the session's quarter. */
export const registeredModels = (registry: ModelRegistry): ModelSource => ({
  modelAsOf(view) {
    const active = activeModel(registry);
    return active?.metadata.trainedThrough === trainedThroughFor(view.asOf) ? active.model : null;
  },
});
