import { describe, expect, it } from 'vitest';
import { ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { sliceBars } from './history.ts';
import { sessionsBetween } from './session-calendar.ts';
import type { BarColumns } from './types.ts';
import { realisedVolatility, volatilityAsOf } from './volatility.ts';

const dates = sessionsBetween(calendarDate('2024-01-02'), calendarDate('2024-06-28')).map((session) => session.date);

function barsOf(name: string, move: (day: number) => number, firstDay = 0): BarColumns {
  let last = 100;
  const closes = Float64Array.from(dates.slice(firstDay), (_, day) => {
    last *= 1 + (day === 0 ? 0 : move(day + firstDay));
    return last;
  });
  return {
    ticker: ticker(name),
    dates: dates.slice(firstDay),
    open: closes,
    high: closes,
    low: closes,
    close: closes,
    volume: closes,
  };
}

describe('realisedVolatility', () => {
  const swing = (day: number): number => (day % 2 === 0 ? 0.02 : -0.01);

  it('is the annualised deviation of the mean return, in percent', () => {
    const calm = barsOf('CALM', () => 0.001);
    const { source, dates: days, values } = realisedVolatility([barsOf('AAA', swing), calm], 20);
    expect(source).toBe('realised');
    expect(days).toEqual(dates.slice(1));
    expect(values.slice(0, 19).every(Number.isNaN)).toBe(true);
    // Ten returns of (2 % + 0.1 %) / 2 and ten of (-1 % + 0.1 %) / 2: each lies 0.75 % from their mean.
    expect(values.at(-1)).toBeCloseTo(Math.sqrt((20 * 0.0075 ** 2) / 19) * Math.sqrt(252) * 100, 10);
  });

  it('looks back only, and averages over the symbols that a session has', () => {
    const late = barsOf('LATE', swing, 60);
    const whole = realisedVolatility([barsOf('AAA', swing), late]);
    const cut = realisedVolatility(
      [barsOf('AAA', swing), late].map((bars) => sliceBars(bars, 0, bars.ticker === 'LATE' ? 20 : 80)),
    );
    expect(cut.values.slice(20)).toEqual(whole.values.slice(20, cut.values.length));
    expect(whole.values.at(50)).toBe(realisedVolatility([barsOf('AAA', swing)]).values.at(50));
  });
});

describe('volatilityAsOf', () => {
  const vix = { source: 'vix' as const, dates: dates.slice(0, 3), values: Float64Array.of(14, Number.NaN, 26.5) };

  it('reads the very session', () => {
    expect(volatilityAsOf(vix, dates[2] ?? calendarDate(''))).toEqual({ source: 'vix', value: 26.5, asOf: dates[2] });
  });

  it('has no reading where the session is missing, unknown or still ahead', () => {
    expect(volatilityAsOf(vix, dates[1] ?? calendarDate(''))).toBeNull();
    expect(volatilityAsOf(vix, dates[3] ?? calendarDate(''))).toBeNull();
    expect(volatilityAsOf(vix, calendarDate('2023-12-29'))).toBeNull();
  });
});
