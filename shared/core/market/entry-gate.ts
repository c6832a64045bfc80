/**
 * Which symbols may be entered as of a session: the validator's answer, for one session after the other without looking
 * at all bars each time. A backtest asks this for every session; a live room validates the bars that it has loaded.
 */
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { RECENT_SESSIONS } from './data-validator.ts';
import { historyStart } from './history.ts';
import { sessionsBetween } from './session-calendar.ts';
import type { BarColumns } from './types.ts';
import { lastIndexUpTo } from './universe.ts';

export class EntryGate {
  readonly #symbols: readonly BarColumns[];
  readonly #sessions: readonly CalendarDate[];
  readonly #rankOf: ReadonlyMap<CalendarDate, number>;

  /** @param bars clean bars; rows of days without a session must be out of them. */
  constructor(bars: readonly BarColumns[], universe: ReadonlySet<Ticker>) {
    this.#symbols = bars.filter((columns) => universe.has(columns.ticker) && columns.dates.length > 0);
    const dates = this.#symbols.flatMap((columns) => [columns.dates[0], columns.dates.at(-1)]);
    const known = dates.filter((date) => date !== undefined).sort();
    const [first, last] = [known[0], known.at(-1)];
    this.#sessions =
      first === undefined || last === undefined ? [] : sessionsBetween(first, last).map((session) => session.date);
    this.#rankOf = new Map(this.#sessions.map((date, rank) => [date, rank]));
  }

  /** Symbols that have the session's bar and none missing among the latest twenty. */
  enterableAsOf(session: CalendarDate): ReadonlySet<Ticker> {
    const rank = this.#rankOf.get(session);
    const enterable = new Set<Ticker>();
    if (rank === undefined) return enterable;
    const start = historyStart(session);
    for (const { ticker, dates } of this.#symbols) {
      const last = lastIndexUpTo(dates, session);
      if (dates[last] === session && this.#isComplete(dates, last, rank, start)) enterable.add(ticker);
    }
    return enterable;
  }

  /** Dates are sessions, ascending: if as many bars reach as far back as sessions do, none is missing between. */
  #isComplete(dates: readonly CalendarDate[], last: number, rank: number, start: CalendarDate): boolean {
    const back = RECENT_SESSIONS - 1;
    const expected = this.#sessions[rank - back];
    if (expected !== undefined && dates[last - back] === expected) return true;
    // A history that began less than twenty sessions ago has to be complete since then.
    const first = dates.findIndex((date) => date >= start);
    const firstRank = this.#rankOf.get(dates[first] ?? start);
    return firstRank !== undefined && firstRank > rank - back && last - first === rank - firstRank;
  }
}
