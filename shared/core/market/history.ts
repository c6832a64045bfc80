/** How much of a symbol's past a decision looks at, and where that past breaks. */
import { type CalendarDate, calendarDate } from '#shared/core/kernel/instant.ts';
import type { BarColumns } from './types.ts';

/**
 * First day of the history that belongs to a session: its own year and the whole year before. Smoothed indicators
 * depend on where they begin; because every room begins them on this day, a run on a year of stored bars and a backtest
 * over ten years see the same values.
 */
export const historyStart = (asOf: CalendarDate): CalendarDate =>
  calendarDate(`${String(Number(asOf.slice(0, 4)) - 1).padStart(4, '0')}-01-01`);

/** Rows from one index up to but without another, without copying the numbers. */
export const sliceBars = (bars: BarColumns, start: number, end: number): BarColumns => ({
  ticker: bars.ticker,
  dates: bars.dates.slice(start, end),
  open: bars.open.subarray(start, end),
  high: bars.high.subarray(start, end),
  low: bars.low.subarray(start, end),
  close: bars.close.subarray(start, end),
  volume: bars.volume.subarray(start, end),
});

/** The rows of the indices, in their order, copied. */
export function pickBars(bars: BarColumns, indices: readonly number[]): BarColumns {
  const column = (values: Float64Array): Float64Array =>
    Float64Array.from(indices, (index) => values[index] ?? Number.NaN);
  return {
    ticker: bars.ticker,
    dates: indices.flatMap((index) => bars.dates[index] ?? []),
    open: column(bars.open),
    high: column(bars.high),
    low: column(bars.low),
    close: column(bars.close),
    volume: column(bars.volume),
  };
}

/** A move from one close to the next of more than this is flagged, and no indicator reaches across it. */
export const JUMP_MAX = 0.35;

/** Indices of bars whose close is more than `JUMP_MAX` above or below the close before. */
export function jumpIndices(bars: BarColumns): readonly number[] {
  const found: number[] = [];
  let last = bars.close[0] ?? Number.NaN;
  for (let index = 1; index < bars.close.length; index += 1) {
    const close = bars.close[index] ?? Number.NaN;
    if (Math.abs(close / last - 1) > JUMP_MAX) found.push(index);
    last = close;
  }
  return found;
}
