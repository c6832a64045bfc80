/** Relative strength index of J. Welles Wilder, "New Concepts in Technical Trading Systems" (1978). */
import { requirePeriod } from './moving-average.ts';

/**
 * The rise and the fall of a change, without a branch: whether a price rose cannot be foretold, and a processor that
 * tries loses more time than the sums take. Both are exact.
 */
const riseOf = (change: number): number => (Math.abs(change) + change) * 0.5;
const fallOf = (change: number): number => (Math.abs(change) - change) * 0.5;

/** 100 - 100 / (1 + gain / loss), written so that no loss is 100; no movement at all is neither up nor down, 50. */
const indexOf = (gain: number, loss: number): number => {
  const sum = gain + loss;
  return sum === 0 ? 50 : (100 * gain) / sum;
};

/**
 * RSI: the average gain against the average loss. The first averages are simple means of the first `period` changes;
 * then each is (average * (period - 1) + latest) / period. From index `period` on.
 */
export function relativeStrengthIndex(closes: Float64Array, period: number): Float64Array {
  requirePeriod(period);
  const length = closes.length;
  const result = new Float64Array(length);
  result.fill(Number.NaN, 0, Math.min(period, length));
  if (length <= period) return result;
  const weight = 1 / period;
  const rest = 1 - weight;
  let gain = 0;
  let loss = 0;
  let last = closes[0] ?? Number.NaN;
  for (let index = 1; index <= period; index += 1) {
    const close = closes[index] ?? Number.NaN;
    const change = close - last;
    last = close;
    gain += riseOf(change);
    loss += fallOf(change);
  }
  gain *= weight;
  loss *= weight;
  result[period] = indexOf(gain, loss);
  for (let index = period + 1; index < length; index += 1) {
    const close = closes[index] ?? Number.NaN;
    const change = close - last;
    last = close;
    gain = gain * rest + riseOf(change) * weight;
    loss = loss * rest + fallOf(change) * weight;
    result[index] = indexOf(gain, loss);
  }
  return result;
}

/** The running form of `relativeStrengthIndex`. */
export class RunningRelativeStrengthIndex {
  readonly #period: number;
  readonly #weight: number;
  #changes = -1;
  #last = Number.NaN;
  #gain = 0;
  #loss = 0;

  constructor(period: number) {
    requirePeriod(period);
    this.#period = period;
    this.#weight = 1 / period;
  }

  next(close: number): number {
    const change = close - this.#last;
    this.#last = close;
    this.#changes += 1;
    if (this.#changes === 0) return Number.NaN;
    const [rise, fall] = [riseOf(change), fallOf(change)];
    if (this.#changes > this.#period) {
      this.#gain = this.#gain * (1 - this.#weight) + rise * this.#weight;
      this.#loss = this.#loss * (1 - this.#weight) + fall * this.#weight;
      return indexOf(this.#gain, this.#loss);
    }
    this.#gain += rise;
    this.#loss += fall;
    if (this.#changes < this.#period) return Number.NaN;
    this.#gain *= this.#weight;
    this.#loss *= this.#weight;
    return indexOf(this.#gain, this.#loss);
  }
}
