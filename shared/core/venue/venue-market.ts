/** What the venue must know of the market: instruments, sessions, and the prices of any instant up to now. */
import type { Price, Quantity } from '#shared/core/kernel/decimal.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Split } from '#shared/core/market/splits.ts';
import type { Instrument, Quote, Session, TradePrint } from '#shared/core/market/types.ts';

/** An instrument with what only a venue asks of it. */
export interface VenueAsset extends Instrument {
  /** The listing exchange's name on the wire, such as "NASDAQ". */
  readonly exchange: string;
  /** A shortable instrument that is hard to borrow takes day orders only. */
  readonly easyToBorrow: boolean;
  /** False for a delisted instrument: known by name, not tradable. */
  readonly active: boolean;
}

/** A condition on one side of the market. */
export interface PriceTest {
  readonly of: 'bid' | 'ask' | 'trade';
  readonly is: 'at-most' | 'at-least';
  readonly price: Price;
}

/** Prices on tick, and shares. */
export interface SessionBar {
  readonly open: Price;
  readonly high: Price;
  readonly low: Price;
  readonly volume: Quantity;
}

export interface VenueMarket {
  /** Ascending, without overlap, reaching as far into the future as orders may rest. */
  readonly sessions: readonly Session[];
  /** Ascending by date. */
  readonly splits: readonly Split[];
  asset(ticker: Ticker): VenueAsset | null;
  /** Best bid and ask; outside sessions the last ones of the session before. Null before the first session. */
  quoteAt(ticker: Ticker, at: EpochMs): Quote | null;
  /** The last print at or before the instant. */
  tradeAt(ticker: Ticker, at: EpochMs): TradePrint | null;
  /**
   * The whole bar of the session that holds the instant, its future included: for what the venue alone may know. Null
   * outside sessions, and in one without a bar.
   */
  barAt(ticker: Ticker, at: EpochMs): SessionBar | null;
  /** The first instant of `from` to `until`, both inclusive and within sessions, at which the test holds. */
  firstInstant(ticker: Ticker, test: PriceTest, from: EpochMs, until: EpochMs): EpochMs | null;
}
