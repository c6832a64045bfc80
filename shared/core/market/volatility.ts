/**
 * How nervous the market is, in annualised percent: the VIX where it is given, otherwise what the universe itself did,
 * which is labelled so, because it looks back where the VIX looks ahead.
 */
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { lastIndexUpTo } from './universe.ts';
import type { BarColumns } from './types.ts';

export interface VolatilitySeries {
  readonly source: 'vix' | 'realised';
  /** Session dates, ascending, without repeats. */
  readonly dates: readonly CalendarDate[];
  /** Annualised percent, as the VIX is quoted: 20 means 20 % a year. NaN where it is not known. */
  readonly values: Float64Array;
}

export interface VolatilityReading {
  readonly source: VolatilitySeries['source'];
  readonly value: number;
  readonly asOf: CalendarDate;
}

/** The reading of a session, or null when the series does not have that very session. */
export function volatilityAsOf(series: VolatilitySeries, session: CalendarDate): VolatilityReading | null {
  const index = lastIndexUpTo(series.dates, session);
  const value = series.dates[index] === session ? (series.values[index] ?? Number.NaN) : Number.NaN;
  return Number.isFinite(value) && value > 0 ? { source: series.source, value, asOf: session } : null;
}

const SESSIONS_A_YEAR = 252;

/**
 * Realised volatility of the equally weighted universe: sample standard deviation of the mean daily return over the last
 * `window` sessions, times the root of 252, in percent. Each session looks back only.
 */
export function realisedVolatility(bars: readonly BarColumns[], window = 20): VolatilitySeries {
  const sums = new Map<CalendarDate, { sum: number; count: number }>();
  for (const { dates, close } of bars) {
    for (let index = 1; index < dates.length; index += 1) {
      const date = dates[index];
      if (date === undefined) continue;
      const day = sums.get(date) ?? { sum: 0, count: 0 };
      day.sum += (close[index] ?? Number.NaN) / (close[index - 1] ?? Number.NaN) - 1;
      day.count += 1;
      sums.set(date, day);
    }
  }
  const dates = [...sums.keys()].sort();
  const means = dates.map((date) => {
    const { sum, count } = sums.get(date) ?? { sum: Number.NaN, count: 1 };
    return sum / count;
  });
  const values = Float64Array.from(dates, (_, index) => {
    if (index + 1 < window) return Number.NaN;
    const recent = means.slice(index + 1 - window, index + 1);
    const mean = recent.reduce((sum, value) => sum + value, 0) / window;
    const squares = recent.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return Math.sqrt((squares / (window - 1)) * SESSIONS_A_YEAR) * 100;
  });
  return { source: 'realised', dates, values };
}
