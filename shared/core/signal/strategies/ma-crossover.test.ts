import { describe, expect, it } from 'vitest';
import { ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { sessionsBetween } from '#shared/core/market/session-calendar.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import { ParameterError } from '../strategy.ts';
import type { OpenPosition, Signal } from '../types.ts';
import { MarketHistory } from '../view.ts';
import { maCrossover } from './ma-crossover.ts';

const dates = sessionsBetween(calendarDate('2022-01-03'), calendarDate('2023-12-29')).map((session) => session.date);
const AAA = ticker('AAA');

function barsOf(closes: readonly number[]): BarColumns {
  const close = Float64Array.from(closes);
  return {
    ticker: AAA,
    dates: dates.slice(0, closes.length),
    open: close,
    high: close.map((value) => value * 1.01),
    low: close.map((value) => value * 0.99),
    close,
    volume: close.map(() => 1e6),
  };
}

/** Falls for 200 sessions, rises for 150 and falls again. */
const turning = dates.map((_, day) =>
  day < 200 ? 200 - day * 0.4 : day < 350 ? 120 + (day - 200) * 0.8 : 240 - (day - 350) * 0.7,
);

function run(closes: readonly number[], position: OpenPosition | null, inUniverse = true): Signal[] {
  const history = new MarketHistory([barsOf(closes)]);
  const strategy = maCrossover();
  return dates.slice(0, closes.length).flatMap((asOf) =>
    strategy.signals({
      asOf,
      symbols: history.symbolsAsOf(asOf, inUniverse ? null : new Set()),
      positionOf: () => position,
      model: null,
    }),
  );
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const averageAt = (day: number, sessions: number): number => mean(turning.slice(day - sessions + 1, day + 1));
const held = (entryDay: number): OpenPosition => ({
  ticker: AAA,
  side: 'long',
  entryDate: dates[entryDay] ?? calendarDate(''),
  entryPrice: 100,
});

describe('maCrossover', () => {
  it('enters once, on the session on which 20 rose above 100', () => {
    const signals = run(turning, null);
    expect(signals).toHaveLength(1);
    const day = dates.indexOf(signals[0]?.asOf ?? calendarDate(''));
    expect(averageAt(day, 20)).toBeGreaterThan(averageAt(day, 100));
    expect(averageAt(day - 1, 20)).toBeLessThanOrEqual(averageAt(day - 1, 100));
    const entry = signals[0];
    expect(entry).toMatchObject({
      strategyId: 'ma-crossover',
      ticker: 'AAA',
      kind: 'entry',
      side: 'buy',
      price: turning[day],
    });
    expect(entry?.reason.code).toBe('crossed-up');
    expect(entry?.reason.numbers['adx']).toBeGreaterThan(20);
    expect(entry?.atr).toBeGreaterThan(0);
    expect(entry?.confidence).toBeGreaterThan(0.4);
    expect(entry?.confidence).toBeLessThanOrEqual(1);
  });

  it('does not enter without a direction', () => {
    const drifting = dates.map((_, day) => 100 + 4 * Math.sin(day / 60) + (day % 2 === 0 ? 3 : -3));
    expect(run(drifting, null)).toEqual([]);
  });

  it('does not enter outside the universe, nor with too few sessions', () => {
    expect(run(turning, null, false)).toEqual([]);
    expect(run(turning.slice(195, 290), null)).toEqual([]);
  });

  it('leaves on every session on which 20 is below 100, and not before', () => {
    const exits = run(turning, held(260));
    const exitDays = exits.map((signal) => dates.indexOf(signal.asOf));
    const below = dates
      .map((_, day) => day)
      .filter((day) => day >= 99 && averageAt(day, 20) < averageAt(day, 100) - 1e-9);
    expect(exitDays).toEqual(below);
    expect(exits[0]).toMatchObject({ kind: 'exit', side: 'sell', confidence: 1, reason: { code: 'crossed-down' } });
  });

  it('leaves when the price jumped after the entry', () => {
    const jumped = turning.slice(0, 320).map((close, day) => (day < 310 ? close : close * 1.6));
    const signals = run(jumped, held(300)).filter((signal) => signal.asOf >= (dates[300] ?? ''));
    expect(signals).toHaveLength(10);
    expect(signals[0]).toMatchObject({ asOf: dates[310], reason: { code: 'history-broken' }, atr: 0 });
  });

  it('refuses parameters by name', () => {
    expect(() => maCrossover({ fast: 3 })).toThrow(/unknown parameter fast, expected fastSessions/);
    expect(() => maCrossover({ fastSessions: 2.5 })).toThrow(/fastSessions: expected a whole number from 2 to 100/);
    expect(() => maCrossover({ adxMin: Number.NaN })).toThrow(ParameterError);
    expect(() => maCrossover({ fastSessions: 50, slowSessions: 50 })).toThrow(/must be below/);
  });
});
