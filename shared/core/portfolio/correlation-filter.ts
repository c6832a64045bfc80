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

/** Daily returns of one symbol up to the session, with the day of each. */
interface ReturnSeries {
  /** Of the bars that the returns are of, with more before and after. */
  readonly allDates: readonly CalendarDate[];
  /** Where the day of the first return lies in them. */
  readonly first: number;
  readonly returns: Float64Array;
}

/** Returns of all bars, the first of which has none; kept, since a backtest asks for each window of them. */
const allReturns = new WeakMap<BarColumns, Float64Array>();

function returnsOf(bars: BarColumns): Float64Array {
  const known = allReturns.get(bars);
  if (known !== undefined) return known;
  const returns = returnsOver(bars.close, 1);
  allReturns.set(bars, returns);
  return returns;
}

function seriesOf(bars: BarColumns, asOf: CalendarDate, sessions: number): ReturnSeries {
  const last = lastIndexUpTo(bars.dates, asOf);
  const first = Math.max(1, last - sessions + 1);
  return { allDates: bars.dates, first, returns: returnsOf(bars).subarray(first, Math.max(first, last + 1)) };
}

/** Deviations from the mean, scaled to length 1, so that a correlation is a sum of products; null where nothing moves. */
function direction(returns: Float64Array): Float64Array | null {
  let sum = 0;
  for (const value of returns) sum += value;
  const mean = sum / returns.length;
  let squares = 0;
  for (const value of returns) squares += (value - mean) * (value - mean);
  if (!(squares > returns.length * 1e-24)) return null;
  const scale = 1 / Math.sqrt(squares);
  const scaled = new Float64Array(returns.length);
  for (let index = 0; index < returns.length; index += 1) scaled[index] = ((returns[index] ?? 0) - mean) * scale;
  return scaled;
}

function correlationOf(a: Float64Array | null, b: Float64Array | null): number | null {
  if (a === null || b === null) return null;
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return Math.min(1, Math.max(-1, sum));
}

/** The returns of both on the days that both have, the latest `sessions` of them; null when there are fewer. */
function inCommon(a: ReturnSeries, b: ReturnSeries, sessions: number): readonly [Float64Array, Float64Array] | null {
  const [own, other] = [new Float64Array(sessions), new Float64Array(sessions)];
  let [left, ofA, ofB] = [sessions, a.returns.length - 1, b.returns.length - 1];
  while (left > 0 && ofA >= 0 && ofB >= 0) {
    const dateOfA = a.allDates[a.first + ofA] ?? '';
    const dateOfB = b.allDates[b.first + ofB] ?? '';
    if (dateOfA === dateOfB) {
      left -= 1;
      own[left] = a.returns[ofA] ?? Number.NaN;
      other[left] = b.returns[ofB] ?? Number.NaN;
    }
    if (dateOfA >= dateOfB) ofA -= 1;
    if (dateOfB >= dateOfA) ofB -= 1;
  }
  return left > 0 ? null : [own, other];
}

/** Series of a symbol with the directions of both windows, for pairs that share their days. */
interface Prepared {
  readonly series: ReturnSeries;
  /** Symbols with the same number have the same days. */
  readonly days: number;
  readonly long: Float64Array | null;
  readonly short: Float64Array | null;
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

  function daysOf(series: ReturnSeries): number {
    const known = dayLists.findIndex((other) => sameDays(series, other));
    return known >= 0 ? known : dayLists.push(series) - 1;
  }

  function prepare(name: Ticker): Prepared | null {
    const known = prepared.get(name);
    if (known !== undefined) return known;
    const columns = bars.get(name);
    const series = columns === undefined ? null : seriesOf(columns, asOf, longSessions);
    const window = (sessions: number): Float64Array | null =>
      series !== null && series.returns.length >= sessions ? direction(series.returns.subarray(-sessions)) : null;
    const made =
      series === null
        ? null
        : { series, days: daysOf(series), long: window(longSessions), short: window(shortSessions) };
    prepared.set(name, made);
    return made;
  }

  function between(a: Ticker, b: Ticker): PairCorrelation {
    if (a > b) return between(b, a);
    const [first, second] = [prepare(a), prepare(b)];
    if (first === null || second === null) return { long: null, short: null };
    if (first.days === second.days) {
      return { long: correlationOf(first.long, second.long), short: correlationOf(first.short, second.short) };
    }
    const joined = (sessions: number): number | null => {
      const pair = inCommon(first.series, second.series, sessions);
      return pair === null ? null : correlationOf(direction(pair[0]), direction(pair[1]));
    };
    return { long: joined(longSessions), short: joined(shortSessions) };
  }

  return { between };
}

function sameDays(a: ReturnSeries, b: ReturnSeries): boolean {
  const count = a.returns.length;
  if (count !== b.returns.length) return false;
  for (let index = 0; index < count; index += 1) {
    if (a.allDates[a.first + index] !== b.allDates[b.first + index]) return false;
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
