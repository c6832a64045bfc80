/** True range, its average, and the directional index: all three of Wilder (1978). */
import { requirePeriod } from './moving-average.ts';

/** One session's extremes and close. */
export interface RangeBar {
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** Columns of highs, lows and closes, equally long. */
export interface RangeColumns {
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
}

/**
 * The largest of high - low, |high - last close| and |low - last close|: the range, and the gap before it where the last
 * close lies outside. Without a branch, since gaps cannot be foretold.
 */
function trueRange(high: number, low: number, lastClose: number): number {
  const above = lastClose - high;
  const below = low - lastClose;
  return high - low + (above + Math.abs(above) + (below + Math.abs(below))) * 0.5;
}

/**
 * ATR: the first true range is high - low, the first average the simple mean of `period` of them, then each is
 * (average * (period - 1) + latest) / period. From index period - 1 on.
 */
export function averageTrueRange({ high, low, close }: RangeColumns, period: number): Float64Array {
  requirePeriod(period);
  const length = close.length;
  const result = new Float64Array(length);
  result.fill(Number.NaN, 0, Math.min(period - 1, length));
  if (length < period) return result;
  const weight = 1 / period;
  const rest = 1 - weight;
  let average = (high[0] ?? Number.NaN) - (low[0] ?? Number.NaN);
  let last = close[0] ?? Number.NaN;
  for (let index = 1; index < period; index += 1) {
    average += trueRange(high[index] ?? Number.NaN, low[index] ?? Number.NaN, last);
    last = close[index] ?? Number.NaN;
  }
  average *= weight;
  result[period - 1] = average;
  for (let index = period; index < length; index += 1) {
    average = average * rest + trueRange(high[index] ?? Number.NaN, low[index] ?? Number.NaN, last) * weight;
    last = close[index] ?? Number.NaN;
    result[index] = average;
  }
  return result;
}

/** The running form of `averageTrueRange`. */
export class RunningAverageTrueRange {
  readonly #period: number;
  readonly #weight: number;
  #count = 0;
  #last = Number.NaN;
  #average = 0;

  constructor(period: number) {
    requirePeriod(period);
    this.#period = period;
    this.#weight = 1 / period;
  }

  next({ high, low, close }: RangeBar): number {
    const range = this.#count === 0 ? high - low : trueRange(high, low, this.#last);
    this.#last = close;
    this.#count += 1;
    if (this.#count > this.#period) {
      this.#average = this.#average * (1 - this.#weight) + range * this.#weight;
      return this.#average;
    }
    this.#average += range;
    if (this.#count < this.#period) return Number.NaN;
    this.#average *= this.#weight;
    return this.#average;
  }
}

/**
 * DX from the smoothed movements up and down. Wilder divides both by the same smoothed true range first; it cancels.
 * Without movement there is no direction: 0.
 */
function directionalIndex(up: number, down: number): number {
  const sum = up + down;
  return sum === 0 ? 0 : (100 * Math.abs(up - down)) / sum;
}

/**
 * ADX: +DM and -DM (only the larger of the moves beyond the last bar's extremes, if positive) are summed over the first
 * `period` changes and then smoothed as sum - sum / period + latest; the first ADX is the mean of `period` DX, then
 * each is (ADX * (period - 1) + DX) / period. From index 2 * period - 1 on.
 */
export function averageDirectionalIndex({ high, low }: RangeColumns, period: number): Float64Array {
  requirePeriod(period);
  const length = high.length;
  const result = new Float64Array(length);
  result.fill(Number.NaN, 0, Math.min(2 * period - 1, length));
  const weight = 1 / period;
  const rest = 1 - weight;
  let [up, down, average] = [0, 0, 0];
  let lastHigh = high[0] ?? Number.NaN;
  let lastLow = low[0] ?? Number.NaN;
  for (let index = 1; index < length; index += 1) {
    const thisHigh = high[index] ?? Number.NaN;
    const thisLow = low[index] ?? Number.NaN;
    const rise = thisHigh - lastHigh;
    const fall = lastLow - thisLow;
    lastHigh = thisHigh;
    lastLow = thisLow;
    const plus = rise > fall && rise > 0 ? rise : 0;
    const minus = fall > rise && fall > 0 ? fall : 0;
    up = index <= period ? up + plus : up * rest + plus;
    down = index <= period ? down + minus : down * rest + minus;
    if (index < period) continue;
    if (index < 2 * period) average += directionalIndex(up, down) * weight;
    else average = average * rest + directionalIndex(up, down) * weight;
    if (index >= 2 * period - 1) result[index] = average;
  }
  return result;
}

/** The running form of `averageDirectionalIndex`. */
export class RunningAverageDirectionalIndex {
  readonly #period: number;
  readonly #weight: number;
  #index = -1;
  #lastHigh = Number.NaN;
  #lastLow = Number.NaN;
  #up = 0;
  #down = 0;
  #average = 0;

  constructor(period: number) {
    requirePeriod(period);
    this.#period = period;
    this.#weight = 1 / period;
  }

  next({ high, low }: RangeBar): number {
    const rise = high - this.#lastHigh;
    const fall = this.#lastLow - low;
    this.#lastHigh = high;
    this.#lastLow = low;
    this.#index += 1;
    if (this.#index === 0) return Number.NaN;
    const rest = 1 - this.#weight;
    const plus = rise > fall && rise > 0 ? rise : 0;
    const minus = fall > rise && fall > 0 ? fall : 0;
    this.#up = this.#index <= this.#period ? this.#up + plus : this.#up * rest + plus;
    this.#down = this.#index <= this.#period ? this.#down + minus : this.#down * rest + minus;
    if (this.#index < this.#period) return Number.NaN;
    const latest = directionalIndex(this.#up, this.#down) * this.#weight;
    this.#average = this.#index < 2 * this.#period ? this.#average + latest : this.#average * rest + latest;
    return this.#index >= 2 * this.#period - 1 ? this.#average : Number.NaN;
  }
}
