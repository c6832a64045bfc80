import { describe, expect, it } from 'vitest';
import { ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { sessionsBetween } from './session-calendar.ts';
import type { BarColumns } from './types.ts';
import { sliceBars } from './history.ts';
import {
  averageDollarVolume,
  byDollarVolume,
  lastIndexUpTo,
  parseUniverse,
  STATIC_UNIVERSE,
  universeAsOf,
} from './universe.ts';

const dates = sessionsBetween(calendarDate('2024-01-02'), calendarDate('2024-06-28')).map((session) => session.date);

function barsOf(name: string, price: number, volume: (day: number) => number, firstDay = 0): BarColumns {
  const days = dates.slice(firstDay);
  const prices = new Float64Array(days.length).fill(price);
  const volumes = Float64Array.from(days, (_, day) => volume(day + firstDay));
  return { ticker: ticker(name), dates: days, open: prices, high: prices, low: prices, close: prices, volume: volumes };
}

const day80 = dates[80] ?? calendarDate('');

describe('STATIC_UNIVERSE', () => {
  it('has 36 different symbols', () => {
    expect(new Set(STATIC_UNIVERSE).size).toBe(36);
  });
});

describe('byDollarVolume', () => {
  const market = [
    barsOf('BIG', 10, () => 1000),
    barsOf('TINY', 1, () => 10),
    barsOf('DEAR', 500, () => 30),
    barsOf('RISING', 10, (day) => (day <= 80 ? 100 : 1e9)),
    barsOf('YOUNG', 10, () => 1e9, 30),
    barsOf('ALSO', 10, () => 1000),
  ];

  it('ranks by dollars traded, equal ones by ticker, and looks at nothing later', () => {
    expect(byDollarVolume(market, day80, 4)).toEqual(['DEAR', 'ALSO', 'BIG', 'RISING']);
  });

  it('leaves out symbols without a full window or without the bar of the day', () => {
    expect(byDollarVolume(market, day80, 9)).not.toContain('YOUNG');
    expect(byDollarVolume(market, dates[89] ?? day80, 1)).toEqual(['YOUNG']);
    expect(byDollarVolume(market, calendarDate('2024-04-06'), 9)).toEqual([]);
  });

  it('averages close times volume', () => {
    expect(
      averageDollarVolume(
        barsOf('AAA', 2, (day) => day),
        day80,
        3,
      ),
    ).toBe((2 * (78 + 79 + 80)) / 3);
  });
});

describe('universeAsOf', () => {
  const market = [
    barsOf('BIG', 10, () => 1000),
    barsOf('TINY', 1, () => 10),
    barsOf('RISING', 10, (day) => (day <= 80 ? 100 : 1e9)),
    barsOf('FOREIGN', 10, () => 1e9),
  ];
  const candidates = ['TINY', 'BIG', 'RISING'].map(ticker);
  const dynamic = { kind: 'dynamic', count: 2, sessions: 60 } as const;

  it('is what the policy names, where it does not change', () => {
    for (const source of [{ kind: 'list' }, { kind: 'static' }, { kind: 'csv', file: 'a.csv' }] as const) {
      expect(universeAsOf(source, candidates, market, day80)).toEqual({ symbols: candidates, ranking: [] });
    }
  });

  it('is the most traded of the candidates, with what each of them traded', () => {
    expect(universeAsOf(dynamic, candidates, market, day80)).toEqual({
      symbols: ['BIG', 'RISING'],
      ranking: [
        { ticker: 'BIG', dollars: 10_000 },
        { ticker: 'RISING', dollars: 1000 },
        { ticker: 'TINY', dollars: 10 },
      ],
    });
  });

  it('does not see what the next session brings', () => {
    const [big, tiny, rising] = market;
    const cut = [big, tiny, rising].flatMap((bars) => (bars === undefined ? [] : [sliceBars(bars, 0, 81)]));
    expect(universeAsOf(dynamic, candidates, cut, day80)).toEqual(universeAsOf(dynamic, candidates, market, day80));
    expect(universeAsOf(dynamic, candidates, market, dates[81] ?? day80).symbols).toEqual(['RISING', 'BIG']);
  });
});

describe('lastIndexUpTo', () => {
  it('finds the last date on or before one', () => {
    const some = ['2024-01-02', '2024-01-03', '2024-01-05'].map(calendarDate);
    const at = (text: string): number => lastIndexUpTo(some, calendarDate(text));
    expect([at('2024-01-01'), at('2024-01-02'), at('2024-01-04'), at('2024-01-05'), at('2030-01-01')]).toEqual([
      -1, 0, 1, 2, 2,
    ]);
    expect(lastIndexUpTo([], calendarDate('2024-01-01'))).toBe(-1);
  });
});

describe('parseUniverse', () => {
  it('reads a list, or the symbol column of a table', () => {
    expect(parseUniverse('AAPL\nbrk.b\r\n\n# note\nMSFT\n').tickers).toEqual(['AAPL', 'BRK.B', 'MSFT']);
    expect(parseUniverse('\uFEFFname,Symbol,sector\n"Apple",AAPL,x\nMicrosoft,"MSFT",y').tickers).toEqual([
      'AAPL',
      'MSFT',
    ]);
  });

  it('reads 150 and more', () => {
    const names = Array.from({ length: 505 }, (_, rank) => `S${rank}`);
    expect(parseUniverse(['symbol', ...names].join('\n'))).toEqual({ tickers: names, faults: [] });
  });

  it('names each line that it could not read', () => {
    const { tickers, faults } = parseUniverse('AAPL\nnot a symbol\nAAPL\n$$$');
    expect(tickers).toEqual(['AAPL']);
    expect(faults.map(({ line, problem }) => [line, problem])).toEqual([
      [2, 'expected a symbol such as AAPL or BRK.B'],
      [3, 'AAPL is named a second time'],
      [4, 'expected a symbol such as AAPL or BRK.B'],
    ]);
  });
});
