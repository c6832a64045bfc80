/** What one warm function keeps of a session: facts that do not change within it, read once a symbol. */
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import { sessionBefore } from '#shared/core/market/session-calendar.ts';
import type { Instrument } from '#shared/core/market/types.ts';
import { type BarFacts, barFactsOf } from '#shared/core/risk/bar-facts.ts';
import type { Broker } from '#shared/ports/broker.ts';
import type { MarketStore } from '#shared/ports/market-store.ts';

/** A broker's list of instruments changes between sessions; a halt is told by quotes that go stale. */
const INSTRUMENT_AGE_MS_MAX = 10 * 60_000;

export class DayMemory {
  #day: CalendarDate | null = null;
  readonly #bars = new Map<Ticker, BarFacts>();
  readonly #instruments = new Map<Ticker, { readonly instrument: Instrument; readonly readAt: EpochMs }>();

  #begin(day: CalendarDate): void {
    if (day === this.#day) return;
    this.#day = day;
    this.#bars.clear();
    this.#instruments.clear();
  }

  /** Kept only once the bar of the session before is there: what is still missing is looked for again. */
  async bars(store: MarketStore, symbol: Ticker, session: CalendarDate): Promise<BarFacts | null> {
    this.#begin(session);
    const known = this.#bars.get(symbol);
    if (known !== undefined) return known;
    const year = Number(session.slice(0, 4));
    const columns = (await store.loadBars([symbol], year - 1, year)).get(symbol);
    const facts = columns === undefined ? null : barFactsOf(columns);
    if (facts !== null && facts.asOf >= sessionBefore(session).date) this.#bars.set(symbol, facts);
    return facts;
  }

  async instrument(
    broker: Pick<Broker, 'instruments'>,
    symbol: Ticker,
    day: CalendarDate,
    now: EpochMs,
  ): Promise<Instrument | null> {
    this.#begin(day);
    const known = this.#instruments.get(symbol);
    if (known !== undefined && now - known.readAt <= INSTRUMENT_AGE_MS_MAX) return known.instrument;
    const instrument = (await broker.instruments([symbol])).get(symbol) ?? null;
    if (instrument !== null) this.#instruments.set(symbol, { instrument, readAt: now });
    return instrument;
  }
}
