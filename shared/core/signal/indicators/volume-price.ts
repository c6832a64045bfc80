/** What the volume says: the price that most of it was traded at, and how much of it there is. */
import { requirePeriod, RunningSimpleMovingAverage, simpleMovingAverage } from './moving-average.ts';
import type { RangeBar, RangeColumns } from './average-range.ts';

export interface VolumeColumns extends RangeColumns {
  readonly volume: Float64Array;
}

export interface VolumeBar extends RangeBar {
  readonly volume: number;
}

const typicalPrice = (high: number, low: number, close: number): number => (high + low + close) / 3;

/**
 * Rolling volume-weighted average price: typical price (high + low + close) / 3, weighted with the volume, over the last
 * `period` sessions. From index period - 1 on; NaN where nothing was traded in the whole window.
 */
export function rollingVwap({ high, low, close, volume }: VolumeColumns, period: number): Float64Array {
  requirePeriod(period);
  const running = new RunningVwap(period);
  const result = new Float64Array(close.length);
  const bar = { high: 0, low: 0, close: 0, volume: 0 };
  for (let index = 0; index < close.length; index += 1) {
    bar.high = high[index] ?? Number.NaN;
    bar.low = low[index] ?? Number.NaN;
    bar.close = close[index] ?? Number.NaN;
    bar.volume = volume[index] ?? Number.NaN;
    result[index] = running.next(bar);
  }
  return result;
}

/** The running form of `rollingVwap`. */
export class RunningVwap {
  readonly #turnovers: Float64Array;
  readonly #volumes: Float64Array;
  #count = 0;

  constructor(period: number) {
    requirePeriod(period);
    this.#turnovers = new Float64Array(period);
    this.#volumes = new Float64Array(period);
  }

  next({ high, low, close, volume }: VolumeBar): number {
    const period = this.#volumes.length;
    const slot = this.#count % period;
    this.#turnovers[slot] = typicalPrice(high, low, close) * volume;
    this.#volumes[slot] = volume;
    this.#count += 1;
    if (this.#count < period) return Number.NaN;
    // Summed anew each time: a running sum of numbers as large as turnovers would lose the digits of quiet sessions.
    let [turnover, traded] = [0, 0];
    for (let index = 0; index < period; index += 1) {
      turnover += this.#turnovers[index] ?? Number.NaN;
      traded += this.#volumes[index] ?? Number.NaN;
    }
    return traded > 0 ? turnover / traded : Number.NaN;
  }
}

/** Average daily volume over the last `period` sessions, in shares; from index period - 1 on. */
export const averageDailyVolume = (volumes: Float64Array, period: number): Float64Array =>
  simpleMovingAverage(volumes, period);

/** The running form of `averageDailyVolume`. */
export const RunningAverageDailyVolume = RunningSimpleMovingAverage;
