/**
 * The model behind ml-momentum: what it looks at, and how it is trained. Training reads the past through the same views
 * that strategies read, as of the session that it is trained through, so that nothing later can leak into it: neither
 * into a row, nor into which rows there are.
 */
import { contentId, sha256Hex } from '#shared/core/kernel/hash.ts';
import type { StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { featureTable, returnOf, rsiOf, smaOf, volatilityOf, volumeOf, vwapOf } from '../indicator.ts';
import type { ModelTrainer, Training } from '../strategy.ts';
import type { SymbolView } from '../view.ts';
import { fitLogistic, type LogisticModel, predict } from './logistic-regression.ts';
import { type FeatureSet, type ModelScore, modelVersion, type OutOfSampleScore } from './model-version.ts';
import { trainedThroughFor } from './walk-forward.ts';

const [DAY, WEEK, MONTH] = [returnOf(1), returnOf(5), returnOf(20)] as const;
const [AVERAGE_20, AVERAGE_50, VWAP, RSI] = [smaOf(20), smaOf(50), vwapOf(20), rsiOf(14)] as const;
const [VOLATILITY, VOLUME] = [volatilityOf(20), volumeOf(20)] as const;

export const FEATURE_NAMES: readonly string[] = [
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

/** Another way to make a feature is another set: count it up with every change to `FEATURES` that changes a number. */
const FEATURE_SET_NAME = 'momentum-9.v1';
export const FEATURE_SET: FeatureSet = {
  name: FEATURE_SET_NAME,
  hash: contentId([FEATURE_SET_NAME, ...FEATURE_NAMES], 16),
};

const at = (column: Float64Array, index: number): number => column[index] ?? Number.NaN;

const FEATURES = featureTable(FEATURE_NAMES.length, ({ close, volume }, columnOf) => {
  const [day, week, month] = [columnOf(DAY), columnOf(WEEK), columnOf(MONTH)];
  const [average20, average50, vwap] = [columnOf(AVERAGE_20), columnOf(AVERAGE_50), columnOf(VWAP)];
  const [strength, volatility, usualVolume] = [columnOf(RSI), columnOf(VOLATILITY), columnOf(VOLUME)];
  const rows = new Float64Array(close.length * FEATURE_NAMES.length);
  for (let index = 0, start = 0; index < close.length; index += 1, start += FEATURE_NAMES.length) {
    rows[start] = at(day, index);
    rows[start + 1] = at(week, index);
    rows[start + 2] = at(month, index);
    rows[start + 3] = at(close, index) / at(average20, index) - 1;
    rows[start + 4] = at(close, index) / at(average50, index) - 1;
    rows[start + 5] = at(close, index) / at(vwap, index) - 1;
    rows[start + 6] = at(strength, index) / 100;
    rows[start + 7] = at(volatility, index);
    rows[start + 8] = Math.log(at(volume, index) / at(usualVolume, index));
  }
  return rows;
});

/** Writes the features of a symbol as of so many sessions ago into a row; false when one of them is not known. */
export const readFeatures = (symbol: SymbolView, ago: number, into: Float64Array, start = 0): boolean =>
  symbol.readFeatures(FEATURES, ago, into, start);

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

/** Rows with their labels; each row's session, and the one at whose close its label was known. */
interface Sample {
  readonly rows: Float64Array;
  readonly labels: Uint8Array;
  readonly seenOn: readonly CalendarDate[];
  readonly knownOn: readonly CalendarDate[];
  readonly symbols: readonly Ticker[];
}

const WIDTH = FEATURE_NAMES.length;

/**
 * Rows keep six decimals. A split restates all prices before it, and moves features in their last bits: the same past
 * has to train the same model before and after.
 */
const ROW_SCALE = 1e6;

/** Where training rows lie: a symbol, and how many sessions ago. Labels of neighbouring rows do not overlap. */
function placesOf(symbols: readonly SymbolView[], horizon: number): readonly (readonly [SymbolView, number])[] {
  const places: (readonly [SymbolView, number])[] = [];
  for (const symbol of symbols) {
    for (let ago = horizon; ago < symbol.sessions; ago += horizon) places.push([symbol, ago]);
  }
  return places;
}

function sampleOf(symbols: readonly SymbolView[], { horizonSessions, samplesMax }: TrainingPlan): Sample {
  const places = placesOf(symbols, horizonSessions);
  const stride = Math.max(1, Math.ceil(places.length / samplesMax));
  const most = Math.ceil(places.length / stride);
  const [rows, labels] = [new Float64Array(most * WIDTH), new Uint8Array(most)];
  const [seenOn, knownOn]: [CalendarDate[], CalendarDate[]] = [[], []];
  const used = new Set<Ticker>();
  for (let index = 0; index < places.length; index += stride) {
    const [symbol, ago] = places[index] ?? [];
    if (symbol === undefined || ago === undefined) continue;
    const [seen, known] = [symbol.date(ago), symbol.date(ago - horizonSessions)];
    const start = seenOn.length * WIDTH;
    if (seen === null || known === null || !readFeatures(symbol, ago, rows, start)) continue;
    for (let at = start; at < start + WIDTH; at += 1) rows[at] = Math.round((rows[at] ?? 0) * ROW_SCALE) / ROW_SCALE;
    labels[seenOn.length] = symbol.close(ago - horizonSessions) > symbol.close(ago) ? 1 : 0;
    seenOn.push(seen);
    knownOn.push(known);
    used.add(symbol.ticker);
  }
  const count = seenOn.length;
  return {
    rows: rows.subarray(0, count * WIDTH),
    labels: labels.subarray(0, count),
    seenOn,
    knownOn,
    symbols: [...used],
  };
}

/** The rows of a sample that a test holds for, in their order. */
function pick(sample: Sample, holds: (index: number) => boolean): Pick<Sample, 'rows' | 'labels'> {
  const kept = sample.seenOn.flatMap((_, index) => (holds(index) ? [index] : []));
  const rows = new Float64Array(kept.length * WIDTH);
  for (const [to, from] of kept.entries()) {
    rows.set(sample.rows.subarray(from * WIDTH, (from + 1) * WIDTH), to * WIDTH);
  }
  return { rows, labels: Uint8Array.from(kept, (index) => sample.labels[index] ?? 0) };
}

function scoreOf(model: LogisticModel, { rows, labels }: Pick<Sample, 'rows' | 'labels'>): ModelScore {
  let [loss, right, positives] = [0, 0, 0];
  for (const [index, label] of labels.entries()) {
    const probability = predict(model, rows.subarray(index * WIDTH, (index + 1) * WIDTH));
    // Clipped as usual, so that one certainty that failed is not infinite.
    const met = Math.min(1 - 1e-15, Math.max(1e-15, label === 1 ? probability : 1 - probability));
    loss -= Math.log(met);
    if (met > 0.5) right += 1;
    positives += label;
  }
  const samples = labels.length;
  return { samples, positiveShare: positives / samples, logLoss: loss / samples, accuracy: right / samples };
}

/** What a model trained the same way a quarter earlier said of the rows since, whose labels it could not know. */
function outOfSample(sample: Sample, through: CalendarDate, plan: TrainingPlan): OutOfSampleScore | null {
  const before = trainedThroughFor(through);
  const known = pick(sample, (index) => (sample.knownOn[index] ?? through) <= before);
  const since = pick(sample, (index) => (sample.seenOn[index] ?? before) > before);
  if (known.labels.length < plan.samplesMin || since.labels.length === 0) return null;
  const { model } = fitLogistic({ features: WIDTH, ...known }, { l2: plan.l2 });
  return { trainedThrough: before, through, ...scoreOf(model, since) };
}

const planIdOf = ({ strategyId, horizonSessions, l2, samplesMin, samplesMax }: TrainingPlan): string =>
  contentId([strategyId, FEATURE_SET.hash, horizonSessions, l2, samplesMin, samplesMax], 16);

const rowsHashOf = ({ rows, labels }: Sample): string =>
  sha256Hex(`${rows.map((value) => Math.round(value * ROW_SCALE)).join(' ')} ${labels.join('')}`);

const earliest = (dates: readonly CalendarDate[], through: CalendarDate): CalendarDate =>
  dates.reduce((first, date) => (date < first ? date : first), through);

function train(symbols: readonly SymbolView[], through: CalendarDate, plan: TrainingPlan): Training {
  const sample = sampleOf(symbols, plan);
  const { length: samples } = sample.labels;
  if (samples < plan.samplesMin) {
    return {
      kind: 'not-trained',
      reason: `there are ${samples} rows to train on up to ${through}; expected at least ${plan.samplesMin}`,
    };
  }
  const { model, iterations, converged } = fitLogistic({ features: WIDTH, ...sample }, { l2: plan.l2 });
  const version = modelVersion(model, {
    strategyId: plan.strategyId,
    featureSet: FEATURE_SET,
    features: FEATURE_NAMES,
    trainedFrom: earliest(sample.seenOn, through),
    trainedThrough: through,
    horizonSessions: plan.horizonSessions,
    symbols: sample.symbols,
    planId: planIdOf(plan),
    l2: plan.l2,
    iterations,
    converged,
    rowsHash: rowsHashOf(sample),
    inSample: scoreOf(model, sample),
    outOfSample: outOfSample(sample, through, plan),
  });
  return { kind: 'trained', version };
}

/** Trains on the symbols that it is given, each as of the session; the last label is known at that session's close. */
export function momentumTrainer(plan: TrainingPlan): ModelTrainer {
  const { strategyId, horizonSessions } = plan;
  return {
    planId: planIdOf(plan),
    train: (symbols, through) => train(symbols, through, plan),
    unfit(version) {
      if (version === null) return 'is not there';
      const { metadata, model } = version;
      if (metadata.strategyId !== strategyId) return `is of ${metadata.strategyId}, not of ${strategyId}`;
      if (metadata.featureSet.hash !== FEATURE_SET.hash) {
        return `reads the features ${metadata.featureSet.name}; expected ${FEATURE_SET.name}`;
      }
      if (model.weights.length !== WIDTH || model.means.length !== WIDTH || model.scales.length !== WIDTH) {
        return `has ${model.weights.length} weights; expected ${WIDTH}`;
      }
      if (metadata.horizonSessions !== horizonSessions) {
        return `looks ${metadata.horizonSessions} sessions ahead; the strategy holds for ${horizonSessions}`;
      }
      return metadata.converged ? null : 'did not converge';
    },
  };
}
