/** What the house keeps of the market: daily bars by symbol and year, the latest quotes, and signals by session. */
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import type { BarColumns, Quote } from '#shared/core/market/types.ts';
import type { SessionUniverse, UniverseSource } from '#shared/core/market/universe.ts';
import type { Signal } from '#shared/core/signal/types.ts';

/** A quote with the price of the last trade and when both were read. */
export interface StoredQuote {
  readonly quote: Quote;
  readonly readAt: EpochMs;
}

/** Which symbols could be entered after a session, and by what. */
export interface StoredUniverse extends SessionUniverse {
  readonly source: UniverseSource['kind'];
  /** The policy that it was made by. */
  readonly policyVersion: number;
}

export interface MarketStore {
  /** Replaces the stored bars of the years that the columns touch; the columns must hold those years whole. */
  saveBars(columns: readonly BarColumns[]): Promise<void>;
  /** Bars from the first day of a year on, joined over the years; a symbol without bars is left out. */
  loadBars(symbols: readonly Ticker[], fromYear: number, toYear: number): Promise<ReadonlyMap<Ticker, BarColumns>>;
  saveQuotes(quotes: readonly StoredQuote[]): Promise<void>;
  loadQuotes(symbols: readonly Ticker[]): Promise<ReadonlyMap<Ticker, StoredQuote>>;
  /** Replaces what is known of the universe as of a session. */
  saveUniverse(session: CalendarDate, universe: StoredUniverse): Promise<void>;
  /** Null when the signals of the session were never made. */
  loadUniverse(session: CalendarDate): Promise<StoredUniverse | null>;
  /** Saves the signals of a session; the same signal saved twice is one. */
  saveSignals(session: CalendarDate, signals: readonly Signal[]): Promise<void>;
  /** Null when the signals of the session were never made, which is not the same as a session without signals. */
  loadSignals(session: CalendarDate): Promise<readonly Signal[] | null>;
}
