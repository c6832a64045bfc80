/** Which symbols are looked at: a fixed list, a list from a file, or the most traded ones of a market. */
import { type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import type { BarColumns } from './types.ts';

/** Thirty-six large and liquid companies over the sectors of the US market. */
export const STATIC_UNIVERSE: readonly Ticker[] = [
  'AAPL MSFT GOOGL NVDA INTC CSCO ORCL IBM',
  'AMZN HD MCD NKE WMT COST PG KO PEP DIS VZ CMCSA',
  'JPM BAC GS V JNJ PFE MRK UNH',
  'XOM CVX SLB BA CAT MMM UPS HON',
].flatMap((names) => names.split(' ').map(ticker));

export const DOLLAR_VOLUME_SESSIONS = 60;

/** Rank of the last bar on or before a date, or -1 when there is none. */
export function lastIndexUpTo(dates: readonly CalendarDate[], date: CalendarDate): number {
  let low = 0;
  let high = dates.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((dates[middle] ?? '') <= date) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Average dollars traded a session (close times volume) over the sessions up to a date; 0 with fewer bars than asked
 * for, or when the last of them is not the bar of that date.
 */
export function averageDollarVolume(bars: BarColumns, asOf: CalendarDate, sessions: number): number {
  const last = lastIndexUpTo(bars.dates, asOf);
  if (last + 1 < sessions || bars.dates[last] !== asOf) return 0;
  let sum = 0;
  for (let index = last - sessions + 1; index <= last; index += 1) {
    sum += (bars.close[index] ?? 0) * (bars.volume[index] ?? 0);
  }
  return sum / sessions;
}

/** A symbol with the dollars that it traded a session on average. */
export interface RankedSymbol {
  readonly ticker: Ticker;
  readonly dollars: number;
}

/** Symbols with a full window up to a date, most dollars first, equal ones by ticker. Nothing later is looked at. */
function rankedByDollarVolume(
  bars: readonly BarColumns[],
  asOf: CalendarDate,
  sessions: number,
): readonly RankedSymbol[] {
  return bars
    .map((columns) => ({ ticker: columns.ticker, dollars: averageDollarVolume(columns, asOf, sessions) }))
    .filter(({ dollars }) => dollars > 0)
    .sort((a, b) => (a.dollars === b.dollars ? (a.ticker < b.ticker ? -1 : 1) : b.dollars - a.dollars));
}

/**
 * The symbols with the most dollars traded over the sessions up to a date, most first, equal ones by ticker. Symbols
 * without a full window are left out. Nothing later than the date is looked at.
 */
export function byDollarVolume(
  bars: readonly BarColumns[],
  asOf: CalendarDate,
  count: number,
  sessions: number = DOLLAR_VOLUME_SESSIONS,
): readonly Ticker[] {
  return rankedByDollarVolume(bars, asOf, sessions)
    .slice(0, count)
    .map(({ ticker: name }) => name);
}

/**
 * Where the symbols of a policy come from. list: named one by one. static: of the thirty-six. csv: read from a file of this
 * name. dynamic: candidates, of which each session takes the most traded anew.
 */
export type UniverseSource =
  | { readonly kind: 'list' }
  | { readonly kind: 'static' }
  | { readonly kind: 'csv'; readonly file: string }
  | {
      readonly kind: 'dynamic';
      /** Symbols that a session takes. */
      readonly count: number;
      /** Sessions over which dollars are averaged. */
      readonly sessions: number;
    };

/** Which symbols may be entered after a session. */
export interface SessionUniverse {
  readonly symbols: readonly Ticker[];
  /** Of a dynamic universe: every candidate with a full window, most dollars first; else empty. */
  readonly ranking: readonly RankedSymbol[];
}

/**
 * The universe as of a completed session, from bars up to it and nothing later.
 * @param bars clean and split-adjusted, of the candidates at least
 */
export function universeAsOf(
  source: UniverseSource,
  candidates: readonly Ticker[],
  bars: readonly BarColumns[],
  asOf: CalendarDate,
): SessionUniverse {
  switch (source.kind) {
    case 'list':
    case 'static':
    case 'csv':
      return { symbols: candidates, ranking: [] };
    case 'dynamic': {
      const members = new Set(candidates);
      const own = bars.filter(({ ticker: name }) => members.has(name));
      const ranking = rankedByDollarVolume(own, asOf, source.sessions);
      return { symbols: ranking.slice(0, source.count).map(({ ticker: name }) => name), ranking };
    }
  }
}

/** A line of a universe file that names no symbol, with its number and what is wrong. */
export interface UniverseFault {
  readonly line: number;
  readonly text: string;
  readonly problem: string;
}

/**
 * Reads a universe from CSV text: one symbol a line, or a header with a column `symbol` or `ticker`. Blank lines and
 * lines that start with # are passed over; lower case is read as upper case; a repeat is a fault.
 */
export function parseUniverse(text: string): {
  readonly tickers: readonly Ticker[];
  readonly faults: readonly UniverseFault[];
} {
  const tickers: Ticker[] = [];
  const faults: UniverseFault[] = [];
  const seen = new Set<string>();
  let column = 0;
  let headerMayCome = true;
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const fields = line.split(',').map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
    const header = fields.findIndex((field) => /^(symbol|ticker)$/i.test(field));
    if (headerMayCome && header >= 0) {
      headerMayCome = false;
      column = header;
      continue;
    }
    headerMayCome = false;
    const name = (fields[column] ?? '').toUpperCase();
    const fault = (problem: string): void => void faults.push({ line: index + 1, text: line.slice(0, 80), problem });
    if (!/^[A-Z0-9][A-Z0-9./-]{0,15}$/.test(name)) fault('expected a symbol such as AAPL or BRK.B');
    else if (seen.has(name)) fault(`${name} is named a second time`);
    else {
      seen.add(name);
      tickers.push(ticker(name));
    }
  }
  return { tickers, faults };
}
