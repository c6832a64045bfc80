/**
 * Simple and exponential moving averages. Every indicator of this folder comes as a function over a whole column and as
 * a running form that takes one session at a time; both do the same arithmetic in the same order, so that their results
 * are equal to the last bit. NaN stands where there are too few sessions yet.
 */
import { invariant } from '#shared/core/kernel/fault.ts';

/** @throws Bug unless the period is a whole number of at least `min` sessions. */
export function requirePeriod(period: number, min = 1): void {
  invariant(Number.isInteger(period) && period >= min, `a period is a whole number of at least ${min}, not ${period}`);
}

/** Mean of the last `period` values; from index period - 1 on. */
export function simpleMovingAverage(values: Float64Array, period: number): Float64Array {
  requirePeriod(period);
  const length = values.length;
  const result = new Float64Array(length);
  const weight = 1 / period;
  let sum = 0;
  const first = Math.min(period, length);
  for (let index = 0; index < first; index += 1) {
    sum += values[index] ?? Number.NaN;
    result[index] = Number.NaN;
  }
  if (length >= period) result[period - 1] = sum * weight;
  for (let index = period; index < length; index += 1) {
    sum += (values[index] ?? Number.NaN) - (values[index - period] ?? Number.NaN);
    result[index] = sum * weight;
  }
  return result;
}

/** The running form of `simpleMovingAverage`. */
export class RunningSimpleMovingAverage {
  readonly #window: Float64Array;
  readonly #weight: number;
  #count = 0;
  #sum = 0;

  constructor(period: number) {
    requirePeriod(period);
    this.#window = new Float64Array(period);
    this.#weight = 1 / period;
  }

  next(value: number): number {
    const slot = this.#count % this.#window.length;
    const full = this.#count >= this.#window.length;
    this.#sum += full ? value - (this.#window[slot] ?? Number.NaN) : value;
    this.#window[slot] = value;
    this.#count += 1;
    return this.#count >= this.#window.length ? this.#sum * this.#weight : Number.NaN;
  }
}

/**
 * Exponential moving average with weight 2 / (period + 1), begun with the simple average of the first `period` values
 * (StockCharts ChartSchool, "Moving Averages"); from index period - 1 on.
 */
export function exponentialMovingAverage(values: Float64Array, period: number): Float64Array {
  requirePeriod(period);
  const length = values.length;
  const result = new Float64Array(length);
  const weight = 2 / (period + 1);
  const rest = 1 - weight;
  const first = Math.min(period, length);
  let sum = 0;
  for (let index = 0; index < first; index += 1) {
    sum += values[index] ?? Number.NaN;
    result[index] = Number.NaN;
  }
  let average = sum / period;
  if (length >= period) result[period - 1] = average;
  for (let index = period; index < length; index += 1) {
    average = average * rest + (values[index] ?? Number.NaN) * weight;
    result[index] = average;
  }
  return result;
}

/** The running form of `exponentialMovingAverage`. */
export class RunningExponentialMovingAverage {
  readonly #period: number;
  readonly #weight: number;
  #count = 0;
  #sum = 0;
  #average = Number.NaN;

  constructor(period: number) {
    requirePeriod(period);
    this.#period = period;
    this.#weight = 2 / (period + 1);
  }

  next(value: number): number {
    this.#count += 1;
    if (this.#count > this.#period) {
      this.#average = this.#average * (1 - this.#weight) + value * this.#weight;
      return this.#average;
    }
    this.#sum += value;
    if (this.#count === this.#period) this.#average = this.#sum / this.#period;
    return this.#average;
  }
}
