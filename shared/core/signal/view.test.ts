import { describe, expect, it } from 'vitest';
import { ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { sessionsBetween } from '#shared/core/market/session-calendar.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import { emaOf, rsiOf, smaOf } from './indicator.ts';
import { LookAheadError, MarketHistory, type SymbolView } from './view.ts';

const dates = sessionsBetween(calendarDate('2021-06-01'), calendarDate('2024-03-28')).map((session) => session.date);

function barsOf(name: string, closes: readonly number[], firstDay = 0): BarColumns {
  const close = Float64Array.from(closes);
  return {
    ticker: ticker(name),
    dates: dates.slice(firstDay, firstDay + closes.length),
    open: close.map((value) => value - 0.1),
    high: close.map((value) => value + 1),
    low: close.map((value) => value - 1),
    close,
    volume: close.map((_, day) => 1000 + day),
  };
}

const wave = dates.map((_, day) => 100 + 10 * Math.sin(day / 9) + day / 50);

function viewOf(bars: readonly BarColumns[], asOf: string | undefined, name = 'AAA'): SymbolView {
  const found = new MarketHistory(bars)
    .symbolsAsOf(calendarDate(asOf ?? ''), null)
    .find((view) => view.ticker === name);
  if (found === undefined) throw new Error(`no view of ${name} as of ${asOf}`);
  return found;
}

describe('SymbolView', () => {
  const asOf = dates[500];
  const view = viewOf([barsOf('AAA', wave)], asOf);

  it('counts back from its session', () => {
    expect([view.close(), view.close(1), view.open(), view.high(2), view.low(), view.volume(3)]).toEqual([
      wave[500],
      wave[499],
      (wave[500] ?? 0) - 0.1,
      (wave[498] ?? 0) + 1,
      (wave[500] ?? 0) - 1,
      1497,
    ]);
    expect([view.date(), view.date(1)]).toEqual([dates[500], dates[499]]);
  });

  it('throws for every way to read past its session', () => {
    const attempts: (() => unknown)[] = [
      () => view.close(-1),
      () => view.open(-1),
      () => view.high(-0.5),
      () => view.low(Number.NEGATIVE_INFINITY),
      () => view.volume(-3),
      () => view.date(-1),
      () => view.value(smaOf(20), -1),
      () => view.close(Number.NaN),
    ];
    for (const attempt of attempts) expect(attempt).toThrow(LookAheadError);
    expect(() => view.close(0.5)).toThrow(/whole numbers/);
  });

  it('holds no path to a later bar', () => {
    const reach = (value: unknown): unknown[] =>
      typeof value === 'object' && value !== null ? Object.values(value) : [];
    expect(reach(view).flatMap(reach)).toEqual([]);
  });

  it('sees the same whether later bars exist or not', () => {
    const cut = viewOf([barsOf('AAA', wave.slice(0, 501))], asOf);
    for (const indicator of [smaOf(20), emaOf(50), rsiOf(14)]) {
      for (const ago of [0, 1, 40]) expect(cut.value(indicator, ago)).toBe(view.value(indicator, ago));
    }
    expect(cut.sessions).toBe(view.sessions);
  });

  it('begins with the year before its own, whatever else is stored', () => {
    const lastYear = dates.findIndex((date) => date >= '2023-01-02');
    const late = viewOf([barsOf('AAA', wave.slice(lastYear), lastYear)], dates.at(-1));
    const whole = viewOf([barsOf('AAA', wave)], dates.at(-1));
    expect(whole.sessions).toBe(late.sessions);
    expect(whole.value(emaOf(100))).toBe(late.value(emaOf(100)));
    expect(whole.value(rsiOf(14))).toBe(late.value(rsiOf(14)));
    expect([whole.close(whole.sessions), whole.date(whole.sessions)]).toEqual([Number.NaN, null]);
    expect(whole.date(whole.sessions - 1)).toBe('2023-01-03');
  });

  it('counts the sessions since a day', () => {
    expect(view.sessionsSince(dates[500] ?? calendarDate(''))).toBe(0);
    expect(view.sessionsSince(dates[495] ?? calendarDate(''))).toBe(5);
    expect(view.sessionsSince(calendarDate('2030-01-01'))).toBe(0);
  });
});

describe('a jump of more than 35 %', () => {
  const jumpAt = 480;
  const broken = wave.map((close, day) => (day < jumpAt ? close : close / 2));

  it('cuts the history: nothing before it is seen or mixed in', () => {
    const view = viewOf([barsOf('AAA', broken)], dates[500]);
    const fresh = viewOf([barsOf('AAA', broken.slice(jumpAt), jumpAt)], dates[500]);
    expect(view.sessions).toBe(21);
    expect(viewOf([barsOf('AAA', broken)], dates[jumpAt]).sessions).toBe(1);
    expect(view.value(smaOf(20))).toBe(fresh.value(smaOf(20)));
    expect(view.value(smaOf(20), 2)).toBeNaN();
    expect(view.close(21)).toBeNaN();
  });

  it('is told apart from a position opened before or after it', () => {
    const view = viewOf([barsOf('AAA', broken)], dates[500]);
    expect(view.brokeAfter(dates[jumpAt - 1] ?? calendarDate(''))).toBe(true);
    expect(view.brokeAfter(dates[jumpAt] ?? calendarDate(''))).toBe(false);
    expect(viewOf([barsOf('AAA', wave)], dates[500]).brokeAfter(dates[3] ?? calendarDate(''))).toBe(false);
  });

  it('leaves the sessions before it as they were', () => {
    const before = viewOf([barsOf('AAA', broken)], dates[jumpAt - 1]);
    const plain = viewOf([barsOf('AAA', wave)], dates[jumpAt - 1]);
    expect(before.value(emaOf(50))).toBe(plain.value(emaOf(50)));
    expect(before.sessions).toBe(plain.sessions);
  });
});

describe('MarketHistory', () => {
  const all = [
    barsOf('CCC', wave),
    barsOf('AAA', wave),
    barsOf('BBB', wave.slice(0, 400)),
    barsOf('DDD', wave.slice(450), 450),
  ];

  it('shows the symbols that have a bar of the session, by ticker', () => {
    const history = new MarketHistory(all);
    const names = (day: number): string[] => {
      const date = dates[day];
      return date === undefined ? [] : history.symbolsAsOf(date, null).map((view) => view.ticker);
    };
    expect([names(399), names(400), names(450), names(10)]).toEqual([
      ['AAA', 'BBB', 'CCC'],
      ['AAA', 'CCC'],
      ['AAA', 'CCC', 'DDD'],
      ['AAA', 'BBB', 'CCC'],
    ]);
    expect(history.symbolsAsOf(calendarDate('2022-01-01'), null)).toEqual([]);
  });

  it('shows an earlier session in the history of a later one, symbols that are gone by then among them', () => {
    const history = new MarketHistory(all);
    const [then, now] = [dates[300] ?? calendarDate(''), dates[520] ?? calendarDate('')];
    const seen = history.symbolsAsOf(then, null, now);
    expect(seen.map((view) => [view.ticker, view.asOf])).toEqual(['AAA', 'BBB', 'CCC'].map((name) => [name, then]));
    const [own] = history.symbolsAsOf(then, null);
    const begins = dates.findIndex((date) => date >= `${Number(now.slice(0, 4)) - 1}-01-01`);
    expect(seen[0]?.sessions).toBe(300 - begins + 1);
    expect(seen[0]?.close()).toBe(own?.close());
    expect(() => seen[0]?.close(-1)).toThrow(LookAheadError);
    expect(history.symbolsAsOf(dates[begins - 1] ?? calendarDate(''), null, now)).toEqual([]);
  });

  it('marks the symbols of the universe', () => {
    const views = new MarketHistory(all).symbolsAsOf(calendarDate('2022-03-01'), new Set([ticker('CCC')]));
    expect(views.map((view) => [view.ticker, view.inUniverse])).toEqual([
      ['AAA', false],
      ['BBB', false],
      ['CCC', true],
    ]);
  });

  it('gives the same views in any order of sessions', () => {
    const walked = new MarketHistory(all);
    const forward = dates.map((date) => walked.symbolsAsOf(date, null).map((view) => view.value(emaOf(20))));
    const jumped = new MarketHistory(all);
    const days = [700, 3, 250, 251, 100, 699];
    const found = days.map((day) => jumped.symbolsAsOf(dates[day] ?? calendarDate(''), null));
    expect(found.map((views) => views.map((view) => view.value(emaOf(20))))).toEqual(days.map((day) => forward[day]));
  });
});
