/** Returns, how widely they scatter, and how far two series scatter together. */
import { requirePeriod } from './moving-average.ts';

/** Simple return over `period` sessions: close / close then - 1; from index `period` on. */
export function returnsOver(closes: Float64Array, period: number): Float64Array {
  requirePeriod(period);
  const result = new Float64Array(closes.length);
  result.fill(Number.NaN, 0, Math.min(period, closes.length));
  for (let index = period; index < closes.length; index += 1) {
    result[index] = (closes[index] ?? Number.NaN) / (closes[index - period] ?? Number.NaN) - 1;
  }
  return result;
}

/** The running form of `returnsOver`. */
export class RunningReturn {
  readonly #window: Float64Array;
  #count = 0;

  constructor(period: number) {
    requirePeriod(period);
    this.#window = new Float64Array(period);
  }

  next(close: number): number {
    const slot = this.#count % this.#window.length;
    const then = this.#count >= this.#window.length ? (this.#window[slot] ?? Number.NaN) : Number.NaN;
    this.#window[slot] = close;
    this.#count += 1;
    return close / then - 1;
  }
}

/** Sample standard deviation (divisor n - 1) of the values from `start` up to but without `end`, in two passes. */
function deviation(values: Float64Array, start: number, end: number): number {
  let sum = 0;
  for (let index = start; index < end; index += 1) sum += values[index] ?? Number.NaN;
  const mean = sum / (end - start);
  let squares = 0;
  for (let index = start; index < end; index += 1) {
    const off = (values[index] ?? Number.NaN) - mean;
    squares += off * off;
  }
  return Math.sqrt(squares / (end - start - 1));
}

/**
 * Rolling volatility: sample standard deviation of the last `period` daily log returns, per session (not annualised);
 * from index `period` on.
 */
export function rollingVolatility(closes: Float64Array, period: number): Float64Array {
  requirePeriod(period, 2);
  const length = closes.length;
  const logReturns = new Float64Array(length);
  for (let index = 1; index < length; index += 1) {
    logReturns[index] = Math.log((closes[index] ?? Number.NaN) / (closes[index - 1] ?? Number.NaN));
  }
  const result = new Float64Array(length);
  result.fill(Number.NaN, 0, Math.min(period, length));
  for (let index = period; index < length; index += 1) {
    result[index] = deviation(logReturns, index - period + 1, index + 1);
  }
  return result;
}

/** The last `period` values in the order in which they came. */
class RecentValues {
  readonly #period: number;
  readonly values: Float64Array;
  #count = 0;

  constructor(period: number) {
    this.#period = period;
    this.values = new Float64Array(period);
  }

  /** True once the window is full. */
  push(value: number): boolean {
    if (this.#count >= this.#period) this.values.copyWithin(0, 1);
    this.values[Math.min(this.#count, this.#period - 1)] = value;
    this.#count += 1;
    return this.#count >= this.#period;
  }
}

/** The running form of `rollingVolatility`. */
export class RunningVolatility {
  readonly #recent: RecentValues;
  #last: number | null = null;

  constructor(period: number) {
    requirePeriod(period, 2);
    this.#recent = new RecentValues(period);
  }

  next(close: number): number {
    const last = this.#last;
    this.#last = close;
    if (last === null) return Number.NaN;
    const full = this.#recent.push(Math.log(close / last));
    return full ? deviation(this.#recent.values, 0, this.#recent.values.length) : Number.NaN;
  }
}

/** No movement but for rounding: what is left of equal values after their mean is taken off. */
const isFlat = (squares: number, meanSquares: number): boolean => squares <= meanSquares * 1e-24;

/** Pearson's correlation of two windows, equally long; NaN where one of them does not move. */
function pearson(a: Float64Array, b: Float64Array, start: number, end: number): number {
  let [sumA, sumB] = [0, 0];
  for (let index = start; index < end; index += 1) {
    sumA += a[index] ?? Number.NaN;
    sumB += b[index] ?? Number.NaN;
  }
  const [meanA, meanB] = [sumA / (end - start), sumB / (end - start)];
  let [squaresA, squaresB, products] = [0, 0, 0];
  for (let index = start; index < end; index += 1) {
    const offA = (a[index] ?? Number.NaN) - meanA;
    const offB = (b[index] ?? Number.NaN) - meanB;
    squaresA += offA * offA;
    squaresB += offB * offB;
    products += offA * offB;
  }
  if (isFlat(squaresA, sumA * meanA) || isFlat(squaresB, sumB * meanB)) return Number.NaN;
  return Math.max(-1, Math.min(1, products / Math.sqrt(squaresA * squaresB)));
}

/**
 * Rolling correlation (Pearson) of two series that share their sessions, such as daily returns, over the last `period`
 * values; from index period - 1 on.
 */
export function rollingCorrelation(a: Float64Array, b: Float64Array, period: number): Float64Array {
  requirePeriod(period, 2);
  const length = Math.min(a.length, b.length);
  const result = new Float64Array(length);
  result.fill(Number.NaN, 0, Math.min(period - 1, length));
  for (let index = period - 1; index < length; index += 1) {
    result[index] = pearson(a, b, index - period + 1, index + 1);
  }
  return result;
}

/** The running form of `rollingCorrelation`. */
export class RunningCorrelation {
  readonly #a: RecentValues;
  readonly #b: RecentValues;

  constructor(period: number) {
    requirePeriod(period, 2);
    this.#a = new RecentValues(period);
    this.#b = new RecentValues(period);
  }

  next(a: number, b: number): number {
    this.#a.push(a);
    return this.#b.push(b) ? pearson(this.#a.values, this.#b.values, 0, this.#b.values.length) : Number.NaN;
  }
}
