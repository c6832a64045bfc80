import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { validateBars } from '#shared/core/market/data-validator.ts';
import { sessionsBetween } from '#shared/core/market/session-calendar.ts';
import { adjustForSplits } from '#shared/core/market/splits.ts';
import { STATIC_UNIVERSE } from '#shared/core/market/universe.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import { openMarket } from './open-market.ts';
import type { UniverseChoice } from './universe-choice.ts';
import { readBarsCsv } from './read-bars-csv.ts';

const folder = mkdtempSync(join(tmpdir(), 'belay-market-'));
afterAll(() => rmSync(folder, { recursive: true }));

const realBars = fileURLToPath(new URL('../../../../shared/data/sp500-daily-2013-2018.csv.gz', import.meta.url));
const HEADER = 'date,symbol,open,high,low,close,volume';

function file(name: string, lines: readonly string[] | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, lines instanceof Buffer ? lines : `${lines.join('\n')}\n`);
  return path;
}

const clean = [
  HEADER,
  '2024-07-01,AAA,10,11,9,10.5,1000',
  '2024-07-01,BBB,20,21,19,20.5,9000',
  '2024-07-02,AAA,10.5,12,10,11,1100',
  '2024-07-02,BBB,20.5,22,20,21,9100',
  '2024-07-03,AAA,11,12,10.5,11.5,500',
  '2024-07-03,BBB,21,22,20.5,21.5,4000',
];

describe('openMarket with synthetic data', () => {
  it('has the static universe, 300 sessions of warm-up and the days asked for', async () => {
    const market = await openMarket('synthetic', { days: 20, symbols: 36, seed: 7 });
    expect(market.bars.map((bars) => bars.ticker)).toEqual([...STATIC_UNIVERSE].sort());
    expect(market.tradingDays).toHaveLength(20);
    expect(market.sessions.length - market.tradingDays.length).toBeGreaterThanOrEqual(300);
    expect(market.instruments.map(({ ticker }) => ticker)).toEqual(market.bars.map((bars) => bars.ticker));
    for (const bars of market.bars) {
      expect(bars.dates).toEqual(market.sessions.map((session) => session.date));
      for (let day = 0; day < bars.dates.length; day += 1) {
        const [open, high, low, close] = [bars.open, bars.high, bars.low, bars.close].map((column) => column[day] ?? 0);
        expect(low).toBeGreaterThan(0);
        expect([open, close].every((price) => price !== undefined && price <= (high ?? 0) && price >= (low ?? 0))).toBe(
          true,
        );
      }
    }
  });

  it('is decided by the seed, and longer or wider markets begin the same', async () => {
    const small = await openMarket('synthetic', { days: 5, symbols: 4, seed: 7 });
    const again = await openMarket('synthetic', { days: 5, symbols: 4, seed: 7 });
    const wide = await openMarket('synthetic', { days: 40, symbols: 36, seed: 7 });
    const other = await openMarket('synthetic', { days: 5, symbols: 4, seed: 8 });
    expect(again.bars).toEqual(small.bars);
    expect(other.bars[0]?.close).not.toEqual(small.bars[0]?.close);
    for (const bars of small.bars) {
      const same = wide.bars.find(({ ticker }) => ticker === bars.ticker);
      expect(same?.close.slice(0, bars.close.length)).toEqual(bars.close);
      expect(same?.volume.slice(0, bars.close.length)).toEqual(bars.volume);
    }
  });

  it('has common factors, and gaps over night', async () => {
    const { bars } = await openMarket('synthetic', { days: 60, symbols: 12, seed: 3 });
    const returns = bars.map(({ close }) =>
      Array.from(close.subarray(1), (value, day) => Math.log(value / (close[day] ?? 1))),
    );
    const calm = returns.map((series) => series.filter((value) => Math.abs(value) < 0.3));
    const correlation = (a: number[], b: number[]): number => {
      const mean = (series: number[]): number => series.reduce((sum, value) => sum + value, 0) / series.length;
      const [ma, mb] = [mean(a), mean(b)];
      const dot = (x: number[], mx: number, y: number[], my: number): number =>
        x.reduce((sum, value, day) => sum + (value - mx) * ((y[day] ?? 0) - my), 0);
      return dot(a, ma, b, mb) / Math.sqrt(dot(a, ma, a, ma) * dot(b, mb, b, mb));
    };
    const pairs = calm.slice(1, 8).map((series, index) => correlation(series, calm[index] ?? []));
    expect(pairs.reduce((sum, value) => sum + value, 0) / pairs.length).toBeGreaterThan(0.1);
    const gaps = bars.flatMap(({ open, close }) =>
      Array.from(open.subarray(1), (value, day) => Math.abs(value / (close[day] ?? 1) - 1)),
    );
    expect(Math.max(...gaps)).toBeGreaterThan(0.05);
  });

  it('splits one symbol, as traded, where it is told to', async () => {
    const market = await openMarket('synthetic', { days: 20, symbols: 36, seed: 7, split: 'while-trading' });
    const split = market.splits[0];
    expect(split?.date).toBe(market.tradingDays[9]?.date);
    const bars = market.bars.find(({ ticker }) => ticker === split?.ticker);
    const at = bars?.dates.findIndex((date) => date === split?.date) ?? 0;
    const drop = (bars?.close[at] ?? 0) / (bars?.close[at - 1] ?? 1);
    expect(drop).toBeGreaterThan(0.2);
    expect(drop).toBeLessThan(0.32);
    const adjusted = bars && split && adjustForSplits(bars, [split], split.date);
    expect((adjusted?.close[at] ?? 0) / (adjusted?.close[at - 1] ?? 1)).toBeGreaterThan(0.8);
    const early = await openMarket('synthetic', { days: 20, symbols: 36, seed: 7 });
    expect((early.splits[0]?.date ?? '') < (early.tradingDays[0]?.date ?? '')).toBe(true);
  });

  it('refuses options outside their bounds by name', async () => {
    await expect(openMarket('synthetic', { days: 0, symbols: 36, seed: 1 })).rejects.toThrow(/^days: /);
    await expect(openMarket('synthetic', { days: 5, symbols: 601, seed: 1 })).rejects.toThrow(/^symbols: /);
    await expect(openMarket('synthetic', { days: 5, symbols: 6, seed: 1.5 })).rejects.toThrow(/^seed: /);
  });
});

describe('openMarket with a universe', () => {
  const options = { days: 1, symbols: 36, seed: 7 };
  const csv = (...symbols: readonly string[]) =>
    ({ kind: 'csv', file: 'u.csv', symbols: symbols.map(ticker) }) as const;

  it('takes the symbols that it names, made up or from a file, and says where they come from', async () => {
    const made = await openMarket('synthetic', { ...options, universe: csv('ZZZ', 'AAA') });
    expect([made.instruments.map((one) => one.ticker), made.universeSource]).toEqual([
      ['AAA', 'ZZZ'],
      { kind: 'csv', file: 'u.csv' },
    ]);
    const read = await openMarket(file('u.csv', clean), { ...options, universe: csv('BBB') });
    expect(read.instruments.map((one) => one.ticker)).toEqual(['BBB']);
    expect((await openMarket(file('u.csv', clean), options)).universeSource).toEqual({ kind: 'list' });
  });

  it('takes every symbol of the data for a candidate of a dynamic one', async () => {
    const read = await openMarket(file('u.csv', clean), { ...options, universe: { kind: 'dynamic', count: 1 } });
    expect([read.instruments.length, read.universeSource]).toEqual([2, { kind: 'dynamic', count: 1, sessions: 60 }]);
  });

  it('refuses symbols that the data does not have, more than there are, and an index', async () => {
    const opened = (universe: UniverseChoice, data = file('u.csv', clean)) =>
      openMarket(data, { ...options, universe });
    await expect(opened(csv('BBB', 'QQQ'))).rejects.toThrow('has no bars of QQQ, which the universe names');
    await expect(opened({ kind: 'static' })).rejects.toThrow(/has no bars of AAPL, .* and 26 more/);
    await expect(opened({ kind: 'dynamic', count: 3 })).rejects.toThrow('expected at most 2');
    await expect(opened({ kind: 'static' }, 'sp500')).rejects.toThrow(/sp500 is one index/);
  });
});

describe('openMarket with a file', () => {
  it.skipIf(!existsSync(realBars))(
    'trades the static universe where a file has it (skipped without the data)',
    async () => {
      const market = await openMarket(realBars, { days: 60, symbols: 36, seed: 0 });
      expect(market.bars.map(({ ticker }) => ticker)).toEqual([...STATIC_UNIVERSE].sort());
      expect(market.tradingDays[0]?.date).toBe('2017-11-10');
    },
  );

  it('trades the symbols with the most dollars before the first trading day otherwise', async () => {
    const sessions = sessionsBetween(calendarDate('2024-01-02'), calendarDate('2024-06-28')).map(({ date }) => date);
    const dollars = (name: string, day: number): number =>
      name === 'LATE' ? (day >= 120 ? 1e9 : 1) : name === 'BIG' ? 1000 : name === 'MID' ? 500 : 5;
    const rows = sessions.flatMap((date, day) =>
      ['BIG', 'LATE', 'MID', 'TINY'].map((name) => `${date},${name},10,10,10,10,${dollars(name, day)}`),
    );
    const market = await openMarket(file('ranked.csv', [HEADER, ...rows]), { days: 4, symbols: 2, seed: 0 });
    expect(market.bars.map(({ ticker }) => ticker)).toEqual(['BIG', 'MID']);
  });

  it('chooses from what there is before the first trading day of all', async () => {
    const lines = ['2024-07-01', '2024-07-02'].flatMap((date) =>
      ['BIG', 'MID', 'TINY'].map((name, rank) => `${date},${name},10,10,10,10,${[900, 500, 1][rank]}`),
    );
    const market = await openMarket(file('short.csv', [HEADER, ...lines]), { days: null, symbols: 2, seed: 0 });
    expect(market.instruments.map(({ ticker }) => ticker)).toEqual(['BIG', 'MID']);
  });

  it('reads CSV and CSV.gz alike, whatever the name, the column order and the line ends', async () => {
    const options = { days: 2, symbols: 2, seed: 0 };
    const plain = await openMarket(file('plain.csv', clean), options);
    const packed = await openMarket(file('packed.csv', gzipSync(clean.join('\r\n'))), options);
    const turned = clean.map((line) => line.split(',').reverse().concat('x').join(','));
    const reversed = await openMarket(file('reversed.csv', [`\uFEFF${turned[0]}`, ...turned.slice(1)]), options);
    expect(packed.bars).toEqual(plain.bars);
    expect(reversed.bars).toEqual(plain.bars);
    expect(plain.tradingDays.map((session) => session.date)).toEqual(['2024-07-02', '2024-07-03']);
    expect(plain.bars[0]).toEqual({
      ticker: 'AAA',
      dates: ['2024-07-01', '2024-07-02', '2024-07-03'],
      open: Float64Array.of(10, 10.5, 11),
      high: Float64Array.of(11, 12, 12),
      low: Float64Array.of(9, 10, 10.5),
      close: Float64Array.of(10.5, 11, 11.5),
      volume: Float64Array.of(1000, 1100, 500),
    });
    expect(plain.dirt).toEqual({ rows: 6, kept: 6, counts: {}, listed: [] });
  });

  it('names each dirty row by its line and keeps it out', async () => {
    const dirty: readonly (readonly [line: string, code: string])[] = [
      ['2024-07-05,AAA,,12,10,11,1', 'value-missing'],
      ['2024-07-05,AAA,11,null,10,11,1', 'value-missing'],
      ['2024-07-05,AAA,11,12,10,eleven,1', 'value-malformed'],
      ['2024-07-05,AAA,11,10,12,11,1', 'high-below-low'],
      ['2024-07-05,AAA,13,12,10,11,1', 'open-outside-range'],
      ['2024-07-05,AAA,11,12,10,9,1', 'close-outside-range'],
      ['2024-07-05,AAA,11,12,0,11,1', 'price-not-positive'],
      ['2024-07-05,AAA,11,12,10,11,-1', 'volume-negative'],
      ['2024-07-03,AAA,11,12,10,11,1', 'repeated'],
      ['2024-07-02,AAA,11,12,10,11,1', 'out-of-order'],
      ['2024-07-04,AAA,11,12,10,11,1', 'not-a-session'],
      ['2024-02-30,AAA,11,12,10,11,1', 'date-malformed'],
      ['07/05/2024,AAA,11,12,10,11,1', 'date-malformed'],
      ['2024-07-05,a b,11,12,10,11,1', 'symbol-malformed'],
      ['2024-07-05,AAA,11', 'columns-missing'],
    ];
    const path = file('dirty.csv', [...clean, ...dirty.map(([line]) => line), '', '2024-07-05,AAA,11,12,10,11,77']);
    const { bars, dirt } = await openMarket(path, { days: 1, symbols: 2, seed: 0 });
    expect(dirt.listed.map(({ row, code }) => [row, code])).toEqual(dirty.map(([, code], index) => [index + 8, code]));
    expect(dirt.rows - dirt.kept).toBe(dirty.length);
    expect(dirt.counts['value-missing']).toBe(2);
    expect(bars[0]?.dates).toEqual(['2024-07-01', '2024-07-02', '2024-07-03', '2024-07-05']);
    expect(bars[0]?.volume.at(-1)).toBe(77);
  });

  it.each([
    ['a missing file', () => join(folder, 'absent.csv'), /absent\.csv.*no such file/],
    ['a folder', () => folder, /it is a folder/],
    ['an empty file', () => file('empty.csv', Buffer.alloc(0)), /empty\.csv: is empty/],
    [
      'a header without a column',
      () => file('short.csv', ['date,symbol,open,high,low,close', '']),
      /volume missing in "date/,
    ],
    [
      'a gzip file that is cut off',
      () => file('cut.gz', gzipSync(clean.join('\n')).subarray(0, 60)),
      /damaged or cut off/,
    ],
    [
      'a file without a usable row',
      () => file('bad.csv', [HEADER, 'x,AAA,1,1,1,1,1']),
      /no usable bar .*row 2 .*date-malformed/,
    ],
    [
      'something that is no CSV',
      () => file('noise.bin', Buffer.alloc(200_000, 'z')),
      /cannot be read: line 1 has more than/,
    ],
    ['fewer sessions than days', () => file('few.csv', clean), /3 trading days asked for, the file spans 3 sessions/],
  ])('refuses %s with one clear error', async (_what, path, message) => {
    await expect(openMarket(path(), { days: 3, symbols: 2, seed: 0 })).rejects.toThrow(message);
  });

  it('reads the S&P 500 index as one symbol', async () => {
    const market = await openMarket('sp500', { days: 60, symbols: 36, seed: 0 });
    expect(market.bars.map(({ ticker, close }) => [ticker, close.length])).toEqual([['SPX', 5105]]);
    expect(market.tradingDays.at(-1)?.date).toBe('2020-04-17');
    expect(market.dirt.listed).toEqual([]);
  });

  it.skipIf(!existsSync(realBars))(
    'finds the dirty rows and the jumps of the real file (skipped without the data)',
    async () => {
      const all = await readBarsCsv(realBars);
      expect(all.dirt.counts).toEqual({
        'value-missing': 11,
        'high-below-low': 1,
        'open-outside-range': 3,
        'close-outside-range': 8,
      });
      const last = calendarDate('2018-02-07');
      expect([all.dirt.rows, all.dirt.kept]).toEqual([619_040, 619_017]);
      expect(all.dirt.listed.find(({ symbol }) => symbol === 'AOS')?.row).toBe(153_942);
      const { report } = validateBars({ bars: all.bars, universe: [], session: last });
      const jumps = report.findings.filter(({ code }) => code === 'jump' || code === 'split-suspected');
      expect(jumps.map(({ ticker, date }) => `${ticker} ${date}`)).toEqual([
        'AMD 2016-04-22',
        'BAX 2015-07-01',
        'BHGE 2017-07-05',
        'DISCA 2014-08-07',
        'DISCK 2014-08-07',
        'EBAY 2015-07-20',
        'NI 2015-07-02',
        'NWL 2017-09-15',
        'STZ 2013-02-14',
        'VRTX 2013-04-19',
        'VRTX 2014-06-24',
      ]);
    },
  );
});
