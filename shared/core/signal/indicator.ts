/** The indicators that a view can be asked for. All of them look back only; none can be made that looks ahead. */
import type { BarColumns } from '#shared/core/market/types.ts';
import { averageDirectionalIndex, averageTrueRange } from './indicators/average-range.ts';
import { returnsOver, rollingVolatility } from './indicators/dispersion.ts';
import { exponentialMovingAverage, simpleMovingAverage } from './indicators/moving-average.ts';
import { relativeStrengthIndex } from './indicators/relative-strength.ts';
import { averageDailyVolume, rollingVwap } from './indicators/volume-price.ts';

/** One indicator with its period. Two that are made alike are the same object, so a view computes each once. */
export interface Indicator {
  readonly name: string;
  /** Counts the indicators: where a view keeps its column. Decides nothing. */
  readonly slot: number;
  readonly compute: (bars: BarColumns) => Float64Array;
}

const made = new Map<string, Indicator>();

function indicator(name: string, compute: Indicator['compute']): Indicator {
  const known = made.get(name);
  if (known !== undefined) return known;
  const fresh = { name, slot: made.size, compute };
  made.set(name, fresh);
  return fresh;
}

/**
 * Figures that a model looks at, those of a session side by side: a table is read session by session over all symbols,
 * and one row of it lies in one place of memory where columns lie in many. Each figure is made of bars and indicators
 * at its own session, so that a table looks back no less than they do.
 */
export interface FeatureTable {
  /** Counts the tables, as the slot of an indicator does. */
  readonly slot: number;
  /** Figures of one session. */
  readonly width: number;
  /** @param columnOf an indicator's values at all of the bars */
  readonly compute: (bars: BarColumns, columnOf: (indicator: Indicator) => Float64Array) => Float64Array;
}

let tables = 0;

export function featureTable(width: number, compute: FeatureTable['compute']): FeatureTable {
  tables += 1;
  return { slot: tables - 1, width, compute };
}

/** Simple moving average of the close. */
export const smaOf = (period: number): Indicator =>
  indicator(`sma-${period}`, (bars) => simpleMovingAverage(bars.close, period));
/** How far the simple average of fewer sessions lies above that of more; what crosses is told by its sign alone. */
export const smaGapOf = (fast: number, slow: number): Indicator =>
  indicator(`sma-gap-${fast}-${slow}`, (bars) => {
    const over = simpleMovingAverage(bars.close, slow);
    return simpleMovingAverage(bars.close, fast).map((average, index) => average - (over[index] ?? Number.NaN));
  });
/** Exponential moving average of the close. */
export const emaOf = (period: number): Indicator =>
  indicator(`ema-${period}`, (bars) => exponentialMovingAverage(bars.close, period));
/** Wilder's relative strength index, 0 to 100. */
export const rsiOf = (period: number): Indicator =>
  indicator(`rsi-${period}`, (bars) => relativeStrengthIndex(bars.close, period));
/** Wilder's average true range, in the unit of the price. */
const atrOf = (period: number): Indicator => indicator(`atr-${period}`, (bars) => averageTrueRange(bars, period));
/** Wilder's average directional index, 0 to 100. */
export const adxOf = (period: number): Indicator =>
  indicator(`adx-${period}`, (bars) => averageDirectionalIndex(bars, period));
/** Rolling volume-weighted average price. */
export const vwapOf = (period: number): Indicator => indicator(`vwap-${period}`, (bars) => rollingVwap(bars, period));
/** Simple return over so many sessions, as a fraction. */
export const returnOf = (period: number): Indicator =>
  indicator(`return-${period}`, (bars) => returnsOver(bars.close, period));
/** Standard deviation of daily log returns, per session. */
export const volatilityOf = (period: number): Indicator =>
  indicator(`volatility-${period}`, (bars) => rollingVolatility(bars.close, period));
/** Average daily volume, in shares. */
export const volumeOf = (period: number): Indicator =>
  indicator(`volume-${period}`, (bars) => averageDailyVolume(bars.volume, period));

/** The range that every signal carries for sizing and stops. */
export const SIGNAL_ATR: Indicator = atrOf(14);
