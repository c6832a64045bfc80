/** Markets of real daily bars, read from a file: what was traded then, on the days of a world. */
import { readBarsCsv } from '#infra/local/market/read-bars-csv.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import { Chance } from './chance.ts';
import { type MarketSource, marketFrom, SESSIONS_IN_ALL } from './market.ts';

/** So many sessions of a symbol from one on, in the order in which they were. */
const window = (columns: BarColumns, start: number): BarColumns => {
  const part = (values: Float64Array): Float64Array => values.slice(start, start + SESSIONS_IN_ALL);
  return {
    ticker: columns.ticker,
    dates: columns.dates.slice(start, start + SESSIONS_IN_ALL),
    open: part(columns.open),
    high: part(columns.high),
    low: part(columns.low),
    close: part(columns.close),
    volume: part(columns.volume),
  };
};

/**
 * @param path a file of daily bars that has the symbols of a world
 * @throws MarketFileError when it cannot be read, RangeError when it lacks a symbol or is too short
 */
export async function realMarkets(path: string, symbols: readonly Ticker[]): Promise<MarketSource> {
  const { bars } = await readBarsCsv(path);
  const own = symbols.map((symbol) => {
    const columns = bars.find(({ ticker }) => ticker === symbol);
    if (columns === undefined || columns.dates.length < SESSIONS_IN_ALL) {
      throw new RangeError(`${path}: expected at least ${SESSIONS_IN_ALL} sessions of ${symbol}`);
    }
    return columns;
  });
  const markets = new Map<string, ReturnType<MarketSource>>();
  return (kind, seed) => {
    const name = `${kind} ${seed}`;
    const known = markets.get(name);
    if (known !== undefined) return known;
    const starts = Math.min(...own.map(({ dates }) => dates.length)) - SESSIONS_IN_ALL + 1;
    const start = new Chance(`bars:${seed}`).below(starts);
    const made = marketFrom(
      kind,
      own.map((columns) => window(columns, start)),
      seed,
    );
    markets.set(name, made);
    return made;
  };
}
