/**
 * Keeps positions from being the same bet twice: a new one is made smaller, or refused, the more closely its returns
 * follow those of what is held or was accepted before it in the same run.
 */
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import { returnsOver } from '#shared/core/signal/indicators/dispersion.ts';
import { lastIndexUpTo } from '#shared/core/market/universe.ts';

export interface CorrelationRules {
  /** Windows of daily returns; the larger correlation counts. */
  readonly longSessions: number;
  readonly shortSessions: number;
  /** Up to this a position keeps its full size. */
  readonly fullUpTo: number;
  /** Up to this it is cut, linearly; above it is refused. */
  readonly refusedAbove: number;
  /** Size that is left at `refusedAbove`, in basis points. */
  readonly leastBps: number;
}

export const DEFAULT_CORRELATION_RULES: CorrelationRules = {
  longSessions: 60,
  shortSessions: 20,
  fullUpTo: 0.5,
  refusedAbove: 0.8,
  leastBps: 2500,
};

/** Correlation of two symbols' daily returns; null where there are too few sessions, or no movement. */
export interface PairCorrelation {
  readonly long: number | null;
  readonly short: number | null;
}

/** Answers for one session; the same pair always gets the same answer, whichever symbol is named first. */
export interface Correlations {
  between(a: Ticker, b: Ticker): PairCorrelation;
}

/** Returns of all bars, the first of which has none; kept, since a backtest asks for each window of them. */
interface KeptReturns {
  readonly returns: Float64Array;
  /** Index of the bar that was asked for last: sessions mostly come one after the other. */
  cursor: number;
}

const keptReturns = new WeakMap<BarColumns, KeptReturns>();

function returnsOf(bars: BarColumns): KeptReturns {
  const known = keptReturns.get(bars);
  if (known !== undefined) return known;
  const made = { returns: returnsOver(bars.close, 1), cursor: 0 };
  keptReturns.set(bars, made);
  return made;
}

/** The window of daily returns of one symbol up to the session, in the columns of all its bars. */
interface ReturnSeries {
  readonly dates: readonly CalendarDate[];
  readonly returns: Float64Array;
  /** Index of the first return, and how many there are. */
  readonly first: number;
  readonly count: number;
}

function seriesOf(bars: BarColumns, asOf: CalendarDate, sessions: number): ReturnSeries {
  const { dates } = bars;
  const kept = returnsOf(bars);
  if (dates[kept.cursor] !== asOf) {
    kept.cursor = dates[kept.cursor + 1] === asOf ? kept.cursor + 1 : lastIndexUpTo(dates, asOf);
  }
  const last = kept.cursor;
  const first = Math.max(1, last - sessions + 1);
  return { dates, returns: kept.returns, first, count: Math.max(0, last + 1 - first) };
}

const at = (values: Float64Array, index: number): number => values[index] ?? Number.NaN;

/**
 * Writes deviations from the mean, scaled to length 1, so that a correlation is a sum of products.
 * @returns false where nothing moves
 */
function writeDirection(returns: Float64Array, start: number, count: number, into: Float64Array, to: number): boolean {
  const end = start + count;
  let sum = 0;
  for (let index = start; index < end; index += 1) sum += at(returns, index);
  const mean = sum / count;
  let squares = 0;
  for (let index = start; index < end; index += 1) {
    const off = at(returns, index) - mean;
    squares += off * off;
  }
  if (!(squares > count * 1e-24)) return false;
  const scale = 1 / Math.sqrt(squares);
  for (let index = 0; index < count; index += 1) into[to + index] = (at(returns, start + index) - mean) * scale;
  return true;
}

/** Of two directions in one column. */
function correlationOf(column: Float64Array, a: number, b: number, count: number): number {
  let sum = 0;
  for (let index = 0; index < count; index += 1) sum += at(column, a + index) * at(column, b + index);
  return Math.min(1, Math.max(-1, sum));
}

/** Correlation of the returns of both on the days that both have, the latest `sessions` of them; null when there are fewer. */
function correlationInCommon(a: ReturnSeries, b: ReturnSeries, sessions: number): number | null {
  const returns = new Float64Array(2 * sessions);
  let [left, ofA, ofB] = [sessions, a.count - 1, b.count - 1];
  while (left > 0 && ofA >= 0 && ofB >= 0) {
    const dateOfA = a.dates[a.first + ofA] ?? '';
    const dateOfB = b.dates[b.first + ofB] ?? '';
    if (dateOfA === dateOfB) {
      left -= 1;
      returns[left] = at(a.returns, a.first + ofA);
      returns[sessions + left] = at(b.returns, b.first + ofB);
    }
    if (dateOfA >= dateOfB) ofA -= 1;
    if (dateOfB >= dateOfA) ofB -= 1;
  }
  if (left > 0) return null;
  const directions = new Float64Array(2 * sessions);
  const moves =
    writeDirection(returns, 0, sessions, directions, 0) &&
    writeDirection(returns, sessions, sessions, directions, sessions);
  return moves ? correlationOf(directions, 0, sessions, sessions) : null;
}

/** Series of a symbol with the directions of both windows, for pairs that share their days. */
interface Prepared {
  readonly series: ReturnSeries;
  /** Symbols with the same number have the same days. */
  readonly days: number;
  /** Where the direction of each window lies in the column of all; null where there is none. */
  readonly long: number | null;
  readonly short: number | null;
}

/** Correlations as of a session, from clean bars. Pairs are computed when they are asked for. */
export function correlationsAsOf(
  bars: ReadonlyMap<Ticker, BarColumns>,
  asOf: CalendarDate,
  rules: CorrelationRules,
): Correlations {
  const prepared = new Map<Ticker, Prepared | null>();
  const { longSessions, shortSessions } = rules;
  const dayLists: ReturnSeries[] = [];
  const directions = new Float64Array(bars.size * (longSessions + shortSessions));
  let written = 0;

  function daysOf(series: ReturnSeries): number {
    const known = dayLists.findIndex((other) => sameDays(series, other));
    return known >= 0 ? known : dayLists.push(series) - 1;
  }

  function directionOf({ returns, first, count }: ReturnSeries, sessions: number): number | null {
    const to = written;
    if (count < sessions || !writeDirection(returns, first + count - sessions, sessions, directions, to)) return null;
    written += sessions;
    return to;
  }

  function prepare(name: Ticker): Prepared | null {
    const known = prepared.get(name);
    if (known !== undefined) return known;
    const columns = bars.get(name);
    const series = columns === undefined ? null : seriesOf(columns, asOf, longSessions);
    const made =
      series === null
        ? null
        : {
            series,
            days: daysOf(series),
            long: directionOf(series, longSessions),
            short: directionOf(series, shortSessions),
          };
    prepared.set(name, made);
    return made;
  }

  const alike = (a: number | null, b: number | null, sessions: number): number | null =>
    a === null || b === null ? null : correlationOf(directions, a, b, sessions);

  function between(a: Ticker, b: Ticker): PairCorrelation {
    if (a > b) return between(b, a);
    const [first, second] = [prepare(a), prepare(b)];
    if (first === null || second === null) return { long: null, short: null };
    if (first.days === second.days) {
      return {
        long: alike(first.long, second.long, longSessions),
        short: alike(first.short, second.short, shortSessions),
      };
    }
    return {
      long: correlationInCommon(first.series, second.series, longSessions),
      short: correlationInCommon(first.series, second.series, shortSessions),
    };
  }

  return { between };
}

function sameDays(a: ReturnSeries, b: ReturnSeries): boolean {
  if (a.count !== b.count) return false;
  for (let index = 0; index < a.count; index += 1) {
    if (a.dates[a.first + index] !== b.dates[b.first + index]) return false;
  }
  return true;
}

/** A position, or a signal accepted before in this run. */
export interface Exposure {
  readonly ticker: Ticker;
  readonly side: 'long' | 'short';
}

/** How much of its size a new position keeps, and which exposure it follows most closely. */
export interface CorrelationAnswer {
  /** 0 to 10,000. */
  readonly sizeBps: bigint;
  readonly highest: number | null;
  readonly with: Ticker | null;
}

/**
 * Holds a new position against each exposure. Opposite sides count with the sign turned: short of what moves alike is a
 * hedge. A pair whose correlation is not known in either window is refused: it might be the same bet.
 */
export function filterByCorrelation(
  candidate: Exposure,
  exposures: readonly Exposure[],
  correlations: Correlations,
  rules: CorrelationRules,
): Result<CorrelationAnswer, Refusal> {
  let highest: number | null = null;
  let closest: Ticker | null = null;
  for (const exposure of exposures) {
    if (exposure.ticker === candidate.ticker) continue;
    const pair = correlations.between(candidate.ticker, exposure.ticker);
    const larger = largerOf(pair, exposure.side === candidate.side ? 1 : -1);
    if (larger === null) return fail(unknownCorrelation(candidate.ticker, exposure.ticker, rules));
    if (highest === null || larger > highest) {
      highest = larger;
      closest = exposure.ticker;
    }
  }
  if (highest === null || highest <= rules.fullUpTo) return succeed({ sizeBps: 10_000n, highest, with: closest });
  if (highest > rules.refusedAbove) return fail(tooHigh(candidate.ticker, closest, highest, rules));
  const cut = ((10_000 - rules.leastBps) * (highest - rules.fullUpTo)) / (rules.refusedAbove - rules.fullUpTo);
  return succeed({ sizeBps: BigInt(Math.floor(10_000 - cut)), highest, with: closest });
}

/** The larger of both windows, or the only one that is known. */
function largerOf({ long, short }: PairCorrelation, sign: 1 | -1): number | null {
  if (long === null) return short === null ? null : short * sign;
  return short === null ? long * sign : Math.max(long * sign, short * sign);
}

const tooHigh = (name: Ticker, other: Ticker | null, correlation: number, rules: CorrelationRules): Refusal =>
  refusal('correlation-too-high', `${name} moves with ${other ?? ''}, correlation ${correlation.toFixed(2)}`, {
    with: other ?? '',
    actual: String(correlation),
    limit: String(rules.refusedAbove),
    wouldPassAt: String(correlation),
  });

const unknownCorrelation = (name: Ticker, other: Ticker, rules: CorrelationRules): Refusal =>
  refusal('correlation-too-high', `too few sessions tell how closely ${name} moves with ${other}`, {
    with: other,
    actual: 'unknown',
    limit: String(rules.refusedAbove),
    sessionsNeeded: String(rules.shortSessions),
  });
