/** The markets and days that worlds trade in: a few, made once, and never changed by whoever looks at them. */
import { barFeed } from '#infra/local/alpaca/bar-feed.ts';
import type { MarketFeed } from '#infra/local/alpaca/market-feed.ts';
import { tinyMarket } from '#infra/local/alpaca/tiny-market.ts';
import { type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, type CalendarDate, calendarDate, type EpochMs } from '#shared/core/kernel/instant.ts';
import { dateOfDayNumber, dayNumberOf } from '#shared/core/market/calendar-day.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { sessionAfter, sessionBefore, sessionOf, sessionsBetween } from '#shared/core/market/session-calendar.ts';
import type { Split } from '#shared/core/market/splits.ts';
import type { BarColumns, Session } from '#shared/core/market/types.ts';
import { type DayKind, SYMBOLS } from './plan.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The day of a world, as its exchange keeps it. */
export interface Day {
  /** Two minutes before the open. */
  readonly startsAt: EpochMs;
  readonly opensAt: EpochMs;
  readonly closesAt: EpochMs;
  /** The two sessions behind it. */
  readonly next: Session;
  readonly afterNext: Session;
}

/** The twentieth session of the year; and the Friday after Thanksgiving, which ends at one. */
const DATES: Readonly<Record<DayKind, CalendarDate>> = {
  ordinary: calendarDate('2026-02-03'),
  'half-day': calendarDate('2025-11-28'),
  'early-close': calendarDate('2026-02-03'),
  split: calendarDate('2026-02-03'),
};

function sessionOn(date: CalendarDate): Session {
  const session = sessionOf(date);
  if (session === null) throw new RangeError(`${date} has no session`);
  return session;
}

/** A session that ends hours before the calendar says so. */
const cutShort = (session: Session): Session => ({ ...session, closeAt: addMs(session.closeAt, -3 * HOUR_MS) });

function dayOfKind(kind: DayKind): Day {
  const session = sessionOn(DATES[kind]);
  const next = sessionAfter(session.date);
  return {
    startsAt: addMs(session.openAt, -2 * MINUTE_MS),
    opensAt: session.openAt,
    closesAt: kind === 'early-close' ? cutShort(session).closeAt : session.closeAt,
    next,
    afterNext: sessionAfter(next.date),
  };
}

const DAYS: Readonly<Record<DayKind, Day>> = {
  ordinary: dayOfKind('ordinary'),
  'half-day': dayOfKind('half-day'),
  'early-close': dayOfKind('early-close'),
  split: dayOfKind('split'),
};

export const dayOf = (kind: DayKind): Day => DAYS[kind];

const SESSIONS_BEFORE = 20;
/** Sessions with bars, from the first to the last. */
export const SESSIONS_IN_ALL = 30;
/** So long after the first of them orders may still expire. */
const DAYS_AHEAD = 200;

const firstSessionOf = (kind: DayKind): CalendarDate => {
  let date = DATES[kind];
  for (let back = 0; back < SESSIONS_BEFORE; back += 1) date = sessionBefore(date).date;
  return date;
};

const FIRST: Readonly<Record<DayKind, CalendarDate>> = {
  ordinary: firstSessionOf('ordinary'),
  'half-day': firstSessionOf('half-day'),
  'early-close': firstSessionOf('early-close'),
  split: firstSessionOf('split'),
};

/** What is split, and how, over the night after the day. */
const SPLIT: Split = { ticker: ticker('KO'), date: sessionAfter(DATES.split).date, to: 2, from: 1 };

export const symbols: readonly Ticker[] = SYMBOLS.map(ticker);

/** Bars of a market as it has them at an instant. */
function columnsOf(market: MarketFeed, symbol: Ticker, [from, to]: readonly [CalendarDate, CalendarDate], at: EpochMs) {
  const bars = market.dailyBars(symbol, from, to, at, 'raw');
  const column = (field: 'open' | 'high' | 'low' | 'close' | 'volume') => Float64Array.from(bars, (bar) => bar[field]);
  return {
    ticker: symbol,
    dates: bars.map((bar) => newYorkDate(bar.at)),
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
  };
}

/** As traded: from the split's date on, a share is as much less worth as there are more of it. */
function asSplit(columns: BarColumns): BarColumns {
  if (columns.ticker !== SPLIT.ticker) return columns;
  const ratio = SPLIT.to / SPLIT.from;
  const price = (values: Float64Array): Float64Array =>
    values.map((value, index) =>
      (columns.dates[index] ?? '') < SPLIT.date ? value : Math.round((value / ratio) * 100) / 100,
    );
  const { open, high, low, close } = columns;
  return { ...columns, open: price(open), high: price(high), low: price(low), close: price(close) };
}

/** A market of bars of so many sessions, which are put on the days around a world's, as they were traded. */
export function marketFrom(kind: DayKind, bars: readonly BarColumns[], seed: number): MarketFeed {
  const from = FIRST[kind];
  const sessions = sessionsBetween(from, dateOfDayNumber(dayNumberOf(from) + DAYS_AHEAD));
  const columns = bars.map((one) => ({ ...one, dates: sessions.slice(0, SESSIONS_IN_ALL).map(({ date }) => date) }));
  if (kind === 'split') return barFeed({ bars: columns.map(asSplit), sessions, seed, splits: [SPLIT] });
  const asKept = sessions.map((session) => (session.date === DATES[kind] ? cutShort(session) : session));
  return barFeed({ bars: columns, sessions: kind === 'early-close' ? asKept : sessions, seed });
}

function makeMarket(kind: DayKind, seed: number): MarketFeed {
  const plain = tinyMarket({ seed, symbols: [...SYMBOLS], from: FIRST[kind], days: SESSIONS_IN_ALL });
  if (kind !== 'split' && kind !== 'early-close') return plain;
  const from = FIRST[kind];
  const to = dateOfDayNumber(dayNumberOf(from) + DAYS_AHEAD);
  const last = sessionsBetween(from, to).at(-1)?.closeAt ?? dayOf(kind).next.closeAt;
  const bars = symbols.map((symbol) => columnsOf(plain, symbol, [from, to], last));
  return marketFrom(kind, bars, seed);
}

const markets = new Map<string, MarketFeed>();

/** The market of a kind of day and a seed. */
export type MarketSource = (kind: DayKind, seed: number) => MarketFeed;

export const madeMarkets: MarketSource = (kind, seed) => {
  const name = `${kind} ${seed}`;
  const known = markets.get(name) ?? makeMarket(kind, 100 + seed);
  markets.set(name, known);
  return known;
};

const histories = new Map<MarketFeed, readonly BarColumns[]>();

/** Daily bars up to the day before the world's, made once. */
export function historyOf(kind: DayKind, market: MarketFeed): readonly BarColumns[] {
  const known = histories.get(market);
  if (known !== undefined) return known;
  const { startsAt } = dayOf(kind);
  const to = sessionBefore(newYorkDate(startsAt)).date;
  const made = symbols.map((symbol) => columnsOf(market, symbol, [FIRST[kind], to], startsAt));
  histories.set(market, made);
  return made;
}
