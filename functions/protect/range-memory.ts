/** Average true ranges as of the session before a position was opened; one warm function reads each once a day. */
import type { Price } from '#shared/core/kernel/decimal.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { dateOfDayNumber, dayNumberOf } from '#shared/core/market/calendar-day.ts';
import { historyStart, sliceBars } from '#shared/core/market/history.ts';
import { sessionBefore } from '#shared/core/market/session-calendar.ts';
import { lastIndexUpTo } from '#shared/core/market/universe.ts';
import { barFactsOf } from '#shared/core/risk/bar-facts.ts';
import type { MarketStore } from '#shared/ports/market-store.ts';

export class RangeMemory {
  readonly #store: MarketStore;
  readonly #ranges = new Map<string, Price>();
  #day: CalendarDate | null = null;

  constructor(store: MarketStore) {
    this.#store = store;
  }

  /**
   * @param openedOn the session in which the position was opened
   * @param today bars are restated from one day to the next: what was remembered of another day is read again
   * @returns null while the bars do not tell
   */
  async rangeOf(symbol: Ticker, openedOn: CalendarDate, today: CalendarDate): Promise<Price | null> {
    if (today !== this.#day) this.#ranges.clear();
    this.#day = today;
    const key = `${symbol} ${openedOn}`;
    const known = this.#ranges.get(key);
    if (known !== undefined) return known;
    const year = Number(openedOn.slice(0, 4));
    const bars = (await this.#store.loadBars([symbol], year - 1, year)).get(symbol);
    if (bars === undefined) return null;
    const before = sessionBefore(openedOn).date;
    const first = lastIndexUpTo(bars.dates, dateOfDayNumber(dayNumberOf(historyStart(openedOn)) - 1)) + 1;
    const facts = barFactsOf(sliceBars(bars, first, lastIndexUpTo(bars.dates, before) + 1));
    if (facts === null || facts.asOf !== before || facts.averageRange <= 0n) return null;
    this.#ranges.set(key, facts.averageRange);
    return facts.averageRange;
  }
}
