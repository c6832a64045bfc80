import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import { type CalendarDate, calendarDate } from '#shared/core/kernel/instant.ts';
import { sliceBars } from '#shared/core/market/history.ts';
import { sessionsBetween } from '#shared/core/market/session-calendar.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import {
  type Correlations,
  correlationsAsOf,
  DEFAULT_CORRELATION_RULES as RULES,
  type Exposure,
  filterByCorrelation,
} from './correlation-filter.ts';

const AAA = ticker('AAA');
const BBB = ticker('BBB');
const CCC = ticker('CCC');
const dates = sessionsBetween(calendarDate('2023-01-03'), calendarDate('2023-08-31')).map((session) => session.date);
const asOf = dates[120] ?? calendarDate('');

function barsOf(
  name: Ticker,
  returns: (day: number) => number,
  drop: (date: CalendarDate) => boolean = () => false,
): BarColumns {
  let last = 100;
  const closes = dates.map((_, day) => {
    last *= 1 + (day === 0 ? 0 : returns(day));
    return last;
  });
  const kept = dates.flatMap((date, day) => (drop(date) ? [] : [day]));
  const close = Float64Array.from(kept, (day) => closes[day] ?? 0);
  return {
    ticker: name,
    dates: kept.flatMap((day) => dates[day] ?? []),
    open: close,
    high: close,
    low: close,
    close,
    volume: close,
  };
}

const market = (...bars: readonly BarColumns[]): ReadonlyMap<Ticker, BarColumns> =>
  new Map(bars.map((columns) => [columns.ticker, columns]));
const noise = (seed: number) => (day: number) => Math.sin(day * 12.9898 + seed * 78.233) * 0.02;

function pearson(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  const dot = (x: readonly number[], mx: number, y: readonly number[], my: number): number =>
    x.reduce((sum, value, index) => sum + (value - mx) * ((y[index] ?? 0) - my), 0);
  return dot(a, ma, b, mb) / Math.sqrt(dot(a, ma, a, ma) * dot(b, mb, b, mb));
}

describe('correlationsAsOf', () => {
  it('is the correlation of the last 60 and the last 20 daily returns', () => {
    const mixed = (day: number): number => noise(1)(day) * 0.6 + noise(2)(day) * 0.8;
    const { long, short } = correlationsAsOf(market(barsOf(AAA, noise(1)), barsOf(BBB, mixed)), asOf, RULES).between(
      AAA,
      BBB,
    );
    const last = (count: number, of: (day: number) => number): number[] =>
      Array.from({ length: count }, (_, index) => of(120 - count + 1 + index));
    expect(long).toBeCloseTo(pearson(last(60, noise(1)), last(60, mixed)), 10);
    expect(short).toBeCloseTo(pearson(last(20, noise(1)), last(20, mixed)), 10);
  });

  it('does not care which symbol is named first, nor what comes later', () => {
    const [a, b] = [barsOf(AAA, noise(3)), barsOf(BBB, noise(4))];
    const whole = correlationsAsOf(market(a, b), asOf, RULES);
    expect(whole.between(BBB, AAA)).toEqual(whole.between(AAA, BBB));
    const cut = correlationsAsOf(market(sliceBars(a, 0, 121), sliceBars(b, 0, 121)), asOf, RULES);
    expect(cut.between(AAA, BBB)).toEqual(whole.between(AAA, BBB));
  });

  it('pairs the days that both have', () => {
    const holed = barsOf(BBB, noise(5), (date) => date === dates[100]);
    const { long, short } = correlationsAsOf(market(barsOf(AAA, noise(5)), holed), asOf, RULES).between(AAA, BBB);
    // One day is missing, and the next return of the holed series spans two: 59 of 60 are not enough.
    expect(long).toBeNull();
    expect(short).toBeGreaterThan(0.95);
  });

  it('does not know what it has too few sessions of, what does not move, and what it was not given', () => {
    const young = sliceBars(barsOf(CCC, noise(6)), 100, 121);
    const flat = barsOf(BBB, () => 0);
    const table = correlationsAsOf(market(barsOf(AAA, noise(1)), young, flat), asOf, RULES);
    expect(table.between(AAA, CCC).long).toBeNull();
    expect(table.between(AAA, CCC).short).not.toBeNull();
    expect(table.between(AAA, BBB)).toEqual({ long: null, short: null });
    expect(table.between(AAA, ticker('ZZZ'))).toEqual({ long: null, short: null });
  });
});

const fixed = (long: number | null, short: number | null): Correlations => ({ between: () => ({ long, short }) });
const long = (name: Ticker): Exposure => ({ ticker: name, side: 'long' });
const bpsOf = (correlation: number): bigint | null => {
  const answer = filterByCorrelation(long(AAA), [long(BBB)], fixed(correlation, null), RULES);
  return answer.ok ? answer.value.sizeBps : null;
};

describe('filterByCorrelation', () => {
  it('keeps full size to 0.5, cuts linearly to a quarter at 0.8, and refuses above', () => {
    expect([-1, 0, 0.5, 0.65, 0.8].map(bpsOf)).toEqual([10_000n, 10_000n, 10_000n, 6250n, 2500n]);
    expect([0.8000001, 1].map(bpsOf)).toEqual([null, null]);
  });

  it('never grows with the correlation', () => {
    const value = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect((bpsOf(Math.max(a, b)) ?? 0n) <= (bpsOf(Math.min(a, b)) ?? 0n)).toBe(true);
      }),
      { seed: 5 },
    );
  });

  it('lets the larger window count, and the closest exposure', () => {
    const answer = filterByCorrelation(long(AAA), [long(BBB)], fixed(0.2, 0.65), RULES);
    expect(answer).toEqual({ ok: true, value: { sizeBps: 6250n, highest: 0.65, with: 'BBB' } });
    const two: Correlations = { between: (_, other) => ({ long: other === CCC ? 0.7 : 0.1, short: null }) };
    expect(filterByCorrelation(long(AAA), [long(BBB), long(CCC)], two, RULES)).toMatchObject({
      value: { with: 'CCC', highest: 0.7 },
    });
  });

  it('counts an opposite side as a hedge', () => {
    const short: Exposure = { ticker: BBB, side: 'short' };
    expect(filterByCorrelation(long(AAA), [short], fixed(0.95, 0.9), RULES)).toMatchObject({
      ok: true,
      value: { sizeBps: 10_000n },
    });
    expect(filterByCorrelation(long(AAA), [short], fixed(-0.95, -0.9), RULES)).toMatchObject({ ok: false });
  });

  it('passes without exposures, and does not hold a symbol against itself', () => {
    expect(filterByCorrelation(long(AAA), [], fixed(1, 1), RULES)).toMatchObject({
      ok: true,
      value: { sizeBps: 10_000n, with: null },
    });
    expect(filterByCorrelation(long(AAA), [long(AAA)], fixed(1, 1), RULES)).toMatchObject({ ok: true });
  });

  it('refuses what it does not know, and says what would have let it pass', () => {
    const unknown = filterByCorrelation(long(AAA), [long(BBB)], fixed(null, null), RULES);
    expect(unknown).toMatchObject({
      ok: false,
      error: { code: 'correlation-too-high', context: { actual: 'unknown', with: 'BBB' } },
    });
    const refused = filterByCorrelation(long(AAA), [long(BBB)], fixed(0.9, null), RULES);
    expect(refused).toMatchObject({
      ok: false,
      error: { context: { actual: '0.9', limit: '0.8', wouldPassAt: '0.9' } },
    });
    expect(
      filterByCorrelation(long(AAA), [long(BBB)], fixed(0.9, null), { ...RULES, refusedAbove: 0.9 }),
    ).toMatchObject({ ok: true });
  });
});
