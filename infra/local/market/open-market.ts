/** The market that a local house trades on: made up, or read from a file, with everything that was found wrong in it. */
import { fileURLToPath } from 'node:url';
import { ticker, type Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { equityInstrument } from '#shared/core/market/instrument-rules.ts';
import { sessionsBetween } from '#shared/core/market/session-calendar.ts';
import type { Split } from '#shared/core/market/splits.ts';
import type { BarColumns, Instrument, Session } from '#shared/core/market/types.ts';
import {
  byDollarVolume,
  DOLLAR_VOLUME_SESSIONS,
  STATIC_UNIVERSE,
  type UniverseSource,
} from '#shared/core/market/universe.ts';
import { type DirtReport, readBarsCsv } from './read-bars-csv.ts';
import { MarketFileError } from './read-csv-file.ts';
import { namedSymbols, sourceOf, type UniverseChoice } from './universe-choice.ts';
import { makeSyntheticMarket, type SyntheticOptions } from './synthetic-market.ts';

export interface MarketOptions {
  /** Trading days: the last so many sessions of the data. Null takes all of them but the first. */
  readonly days: number | null;
  /** Bounds of the trading days, both included, for data from a file. */
  readonly from?: CalendarDate;
  readonly to?: CalendarDate;
  /** Symbols to trade on, where no universe is chosen; of made-up data also the candidates of a dynamic one. */
  readonly symbols: number;
  readonly universe?: UniverseChoice | null;
  /** For synthetic data only. */
  readonly seed: number;
  /** For synthetic data only; in the warm-up unless said otherwise. */
  readonly split?: SyntheticOptions['split'];
}

export interface LocalMarket {
  /** One line for a person: where the data came from. */
  readonly description: string;
  /** Where the symbols come from, as the policy says it. */
  readonly universeSource: UniverseSource;
  /** Same order as the bars. */
  readonly instruments: readonly Instrument[];
  /** By ticker, as traded: before a split in old shares. `adjustForSplits` restates them. */
  readonly bars: readonly BarColumns[];
  /** Every session from the first bar to the last, warm-up included. */
  readonly sessions: readonly Session[];
  /** The last `days` of them. */
  readonly tradingDays: readonly Session[];
  readonly splits: readonly Split[];
  /** Empty for synthetic data. */
  readonly dirt: DirtReport;
}

const NO_DIRT: DirtReport = { rows: 0, kept: 0, counts: {}, listed: [] };
const INDEX_FILE = new URL('../../../node_modules/vega-datasets/data/sp500-2000.csv', import.meta.url);
const INDEX = ticker('SPX');

/**
 * Opens `synthetic`, `sp500` (the S&P 500 index, 2000 to 2020, one symbol) or the path of a CSV or CSV.gz file.
 * From a file, the static universe is taken where the file has all that are asked for; otherwise the symbols with the
 * most dollars traded in the sixty sessions before the first trading day, or in as many as there are before it.
 * @throws MarketFileError when the file cannot be read or is shorter than the days asked for.
 * @throws RangeError when an option lies outside its bounds.
 */
export async function openMarket(source: string, options: MarketOptions): Promise<LocalMarket> {
  for (const name of ['days', 'symbols'] as const) {
    const value = options[name];
    if (value !== null && (!Number.isInteger(value) || value < 1)) {
      throw new RangeError(`${name}: expected a whole number of at least 1, got ${value}`);
    }
  }
  if (source === 'synthetic') {
    if (options.from !== undefined || options.to !== undefined) {
      throw new RangeError('from and to: a made-up market has no dates to choose from; expected a number of days');
    }
    return openSynthetic(options);
  }
  if (source === 'sp500' && (options.universe ?? null) !== null) {
    throw new RangeError('universe: sp500 is one index, and has no symbols to choose from; expected none');
  }
  if (source === 'sp500') return openFile(fileURLToPath(INDEX_FILE), 'S&P 500 index, 2000 to 2020', options, INDEX);
  return openFile(source, source, options, null);
}

/** Trading days of made-up data where nobody asks for a number: a year. */
const SYNTHETIC_DAYS = 252;

function openSynthetic(options: MarketOptions): LocalMarket {
  const days = options.days ?? SYNTHETIC_DAYS;
  const split = options.split ?? 'before-trading';
  const named = namedSymbols(options.universe ?? null);
  const symbols = named?.length ?? options.symbols;
  const { bars, sessions, splits } = makeSyntheticMarket({ ...options, symbols, days, split, names: named ?? [] });
  return {
    description: `synthetic market, seed ${options.seed}`,
    universeSource: sourceOf(options.universe ?? null, symbols),
    instruments: bars.map((columns) => equityInstrument(columns.ticker, `Synthetic ${columns.ticker}`)),
    bars,
    sessions,
    tradingDays: sessions.slice(-days),
    splits,
    dirt: NO_DIRT,
  };
}

async function openFile(
  path: string,
  name: string,
  options: MarketOptions,
  onlySymbol: Ticker | null,
): Promise<LocalMarket> {
  const { bars, dirt } = await readBarsCsv(path, onlySymbol);
  const first = bars.map((columns) => columns.dates[0] ?? '').sort()[0];
  const last = bars
    .map((columns) => columns.dates.at(-1) ?? '')
    .sort()
    .at(-1);
  const dates = bars.flatMap((columns) => columns.dates.filter((date) => date === first || date === last));
  const [from, to] = [dates.find((date) => date === first), dates.find((date) => date === last)];
  const sessions = from === undefined || to === undefined ? [] : sessionsBetween(from, to);
  const tradingDays = tradingDaysOf(sessions, options);
  const beforeTrading = sessions[sessions.findIndex(({ date }) => date === tradingDays[0]?.date) - 1];
  if (beforeTrading === undefined) {
    const wanted = options.days === null ? 'trading days' : `${options.days} trading days`;
    const bounds = `${options.from === undefined ? '' : ` from ${options.from}`}${options.to === undefined ? '' : ` to ${options.to}`}`;
    const spans = `${sessions.length} sessions, ${first} to ${last}, the first of which none can trade on`;
    throw new MarketFileError(`${path}: ${wanted}${bounds} asked for, the file spans ${spans}`);
  }
  const sessionsBefore = sessions.indexOf(beforeTrading) + 1;
  const known = { before: beforeTrading, sessionsBefore };
  const universe = options.universe ?? null;
  const chosen = new Set(
    universe === null ? chooseSymbols(bars, options.symbols, known) : symbolsFor(universe, { path, bars, known }),
  );
  const kept = bars.filter((columns) => chosen.has(columns.ticker));
  return {
    description: name,
    universeSource: sourceOf(universe, kept.length),
    instruments: kept.map((columns) => equityInstrument(columns.ticker, columns.ticker)),
    bars: kept,
    sessions,
    tradingDays,
    splits: [],
    dirt,
  };
}

/** The first session of the data has none before it, and can never be traded on. */
function tradingDaysOf(sessions: readonly Session[], { days, from, to }: MarketOptions): readonly Session[] {
  const within = sessions
    .slice(1)
    .filter(({ date }) => (from === undefined || date >= from) && (to === undefined || date <= to));
  if (days === null) return within;
  return days > within.length ? [] : within.slice(-days);
}

/** What is known before the first trading day. */
interface Known {
  readonly before: Session;
  readonly sessionsBefore: number;
}

/** A policy names at most so many symbols. */
const CANDIDATES_MAX = 1000;
const MISSING_NAMED = 10;

function symbolsFor(
  universe: UniverseChoice,
  { path, bars, known }: { readonly path: string; readonly bars: readonly BarColumns[]; readonly known: Known },
): readonly Ticker[] {
  const named = namedSymbols(universe);
  if (named === null) {
    if (bars.length <= CANDIDATES_MAX) return bars.map((columns) => columns.ticker);
    return chooseSymbols(bars, CANDIDATES_MAX, known);
  }
  const inFile = new Set(bars.map((columns) => columns.ticker));
  const missing = named.filter((symbol) => !inFile.has(symbol));
  if (missing.length === 0) return named;
  const some = missing.slice(0, MISSING_NAMED).join(', ');
  const more = missing.length > MISSING_NAMED ? ` and ${missing.length - MISSING_NAMED} more` : '';
  throw new MarketFileError(`${path}: has no bars of ${some}${more}, which the universe names`);
}

function chooseSymbols(bars: readonly BarColumns[], count: number, known: Known): readonly Ticker[] {
  if (bars.length <= count) return bars.map((columns) => columns.ticker);
  const inFile = new Set(bars.map((columns) => columns.ticker));
  const wanted = STATIC_UNIVERSE.slice(0, count);
  if (count <= STATIC_UNIVERSE.length && wanted.every((name) => inFile.has(name))) return wanted;
  const window = Math.min(DOLLAR_VOLUME_SESSIONS, known.sessionsBefore);
  return byDollarVolume(bars, known.before.date, count, window);
}
