import { describe, expect, it } from 'vitest';
import { ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { blockedSymbols, suspectedSplit, validateBars } from './data-validator.ts';
import { sliceBars } from './history.ts';
import { sessionsBetween } from './session-calendar.ts';
import type { BarColumns } from './types.ts';

const AAA = ticker('AAA');
const BBB = ticker('BBB');
const dates = sessionsBetween(calendarDate('2024-01-02'), calendarDate('2024-06-28')).map((session) => session.date);
const session = dates.at(-1) ?? calendarDate('');

function barsOf(name: typeof AAA, close: (day: number) => number = () => 100): BarColumns {
  const closes = Float64Array.from(dates, (_, day) => close(day));
  return {
    ticker: name,
    dates,
    open: closes.slice(),
    high: closes.map((value) => value + 1),
    low: closes.map((value) => value - 1),
    close: closes,
    volume: closes.map(() => 1e6),
  };
}

const without = (bars: BarColumns, day: number): BarColumns => {
  const [head, tail] = [sliceBars(bars, 0, day), sliceBars(bars, day + 1, bars.dates.length)];
  const join = (a: Float64Array, b: Float64Array): Float64Array => Float64Array.of(...a, ...b);
  return {
    ticker: bars.ticker,
    dates: [...head.dates, ...tail.dates],
    open: join(head.open, tail.open),
    high: join(head.high, tail.high),
    low: join(head.low, tail.low),
    close: join(head.close, tail.close),
    volume: join(head.volume, tail.volume),
  };
};

const findingsOf = (bars: readonly BarColumns[], universe = [AAA]): string[] =>
  validateBars({ bars, universe, session }).report.findings.map(
    ({ ticker: name, date, code, blocksEntries }) => `${name} ${date} ${code}${blocksEntries ? ' blocks' : ''}`,
  );

describe('validateBars', () => {
  it('finds nothing in good bars and hands them on as they are', () => {
    const bars = barsOf(AAA);
    const { bars: clean, report } = validateBars({ bars: [bars], universe: [AAA], session });
    expect(clean[0]).toBe(bars);
    expect(report).toEqual({ session, symbols: 1, bars: dates.length, findings: [] });
  });

  it('blocks a symbol without the bar of the last completed session', () => {
    const stale = sliceBars(barsOf(AAA), 0, dates.length - 1);
    expect(findingsOf([stale])).toEqual([`AAA ${dates.at(-2)} not-fresh blocks`]);
    expect(findingsOf([barsOf(AAA)], [AAA, BBB])).toEqual(['BBB null no-bars blocks']);
  });

  it('is not made fresh by a bar of a later session', () => {
    const later = validateBars({ bars: [without(barsOf(AAA), 60)], universe: [AAA], session: dates[60] ?? session });
    expect(later.report.findings.map(({ code }) => code)).toContain('not-fresh');
  });

  it('blocks for a recent hole and reports an old one', () => {
    expect(findingsOf([without(barsOf(AAA), 5)])).toEqual([`AAA ${dates[5]} incomplete`]);
    expect(findingsOf([without(barsOf(AAA), dates.length - 10)])).toEqual([`AAA ${dates.at(-10)} incomplete blocks`]);
  });

  it.each<[string, (bars: BarColumns) => void]>([
    ['high below low', (bars) => bars.high.fill(90, 7, 8)],
    ['open above the high', (bars) => bars.open.fill(102, 7, 8)],
    ['open below the low', (bars) => bars.open.fill(98, 7, 8)],
    ['close above the high', (bars) => bars.close.fill(102, 7, 8)],
    ['close below the low', (bars) => bars.close.fill(98, 7, 8)],
    ['a missing value', (bars) => bars.low.fill(Number.NaN, 7, 8)],
    ['an infinite value', (bars) => bars.high.fill(Number.POSITIVE_INFINITY, 7, 8)],
    ['a missing volume', (bars) => bars.volume.fill(Number.NaN, 7, 8)],
    ['a negative volume', (bars) => bars.volume.fill(-1, 7, 8)],
    ['a price of zero', (bars) => bars.low.fill(0, 7, 8)],
  ])('takes a row out for %s', (_what, spoil) => {
    const bars = barsOf(AAA);
    spoil(bars);
    const { bars: clean, report } = validateBars({ bars: [bars], universe: [AAA], session });
    expect(report.findings.map(({ code, date }) => `${date} ${code}`)).toEqual([
      `${dates[7]} row-broken`,
      `${dates[7]} incomplete`,
    ]);
    expect(clean[0]?.dates).toEqual(dates.filter((_, day) => day !== 7));
    expect(clean[0]?.close).toHaveLength(dates.length - 1);
  });

  it('takes out a bar of a day without a session', () => {
    const bars = { ...barsOf(AAA), dates: dates.with(11, calendarDate('2024-01-15')) };
    expect(findingsOf([bars])).toEqual(['AAA 2024-01-15 off-calendar', `AAA ${dates[11]} incomplete`]);
  });

  it('flags a jump of more than 35 %, and tells what looks like a split', () => {
    const at = (factor: number) => barsOf(AAA, (day) => (day < 60 ? 100 : 100 * factor));
    expect(findingsOf([at(1.34)])).toEqual([]);
    expect(findingsOf([at(1.43)])).toEqual([`AAA ${dates[60]} jump`]);
    expect(findingsOf([at(0.6)])).toEqual([`AAA ${dates[60]} jump`]);
    expect(findingsOf([at(0.51)])).toEqual([`AAA ${dates[60]} split-suspected`]);
    expect(findingsOf([at(0.25)])).toEqual([`AAA ${dates[60]} split-suspected`]);
    expect(findingsOf([at(9.8)])).toEqual([`AAA ${dates[60]} split-suspected`]);
  });
});

describe('suspectedSplit', () => {
  it('names new shares for one old share', () => {
    expect([suspectedSplit(100, 50), suspectedSplit(90, 30.5), suspectedSplit(5, 50), suspectedSplit(100, 62)]).toEqual(
      [2, 3, 1 / 10, null],
    );
  });
});

describe('blockedSymbols', () => {
  it('keeps the first reason of each', () => {
    const { report } = validateBars({
      bars: [sliceBars(without(barsOf(AAA), dates.length - 10), 0, 100)],
      universe: [AAA, BBB],
      session,
    });
    const blocked = blockedSymbols(report);
    expect([...blocked].map(([name, { code }]) => `${name} ${code}`)).toEqual(['AAA incomplete', 'BBB no-bars']);
  });
});
