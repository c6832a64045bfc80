/** Relative strength index of J. Welles Wilder, "New Concepts in Technical Trading Systems" (1978). */
import { requirePeriod } from './moving-average.ts';

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
    gain += change > 0 ? change : 0;
    loss -= change < 0 ? change : 0;
  }
  gain *= weight;
  loss *= weight;
  result[period] = indexOf(gain, loss);
  for (let index = period + 1; index < length; index += 1) {
    const close = closes[index] ?? Number.NaN;
    const change = close - last;
    last = close;
    gain = gain * rest + (change > 0 ? change : 0) * weight;
    loss = loss * rest - (change < 0 ? change : 0) * weight;
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
    const up = change > 0 ? change : 0;
    const down = change < 0 ? change : 0;
    if (this.#changes > this.#period) {
      this.#gain = this.#gain * (1 - this.#weight) + up * this.#weight;
      this.#loss = this.#loss * (1 - this.#weight) - down * this.#weight;
      return indexOf(this.#gain, this.#loss);
    }
    this.#gain += up;
    this.#loss -= down;
    if (this.#changes < this.#period) return Number.NaN;
    this.#gain *= this.#weight;
    this.#loss *= this.#weight;
    return indexOf(this.#gain, this.#loss);
  }
}
