/** What the market says: instruments, bars, quotes, trades and sessions. */
import type { Price, Quantity } from '#shared/core/kernel/decimal.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs, EpochNs } from '#shared/core/kernel/instant.ts';

/** What may be ordered of an instrument, and in which steps. */
export interface Instrument {
  readonly ticker: Ticker;
  readonly name: string;
  readonly assetClass: 'equity' | 'crypto';
  readonly tradable: boolean;
  readonly fractionable: boolean;
  readonly shortable: boolean;
  readonly marginable: boolean;
  /** Smallest quantity step of a whole-share order is 1; of a fractional one this. */
  readonly quantityStep: Quantity;
  readonly quantityMin: Quantity;
}

/**
 * Daily bars of one symbol as packed columns, oldest first; row i of each column is one session. Plain numbers: these
 * feed indicators and statistics, and are never turned into money but through `quantize`.
 */
export interface BarColumns {
  readonly ticker: Ticker;
  /** Session dates, ascending, without repeats. */
  readonly dates: readonly CalendarDate[];
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  /** Shares. */
  readonly volume: Float64Array;
}

/** Best bid and ask. A side that nobody quotes is null. */
export interface Quote {
  readonly ticker: Ticker;
  readonly bid: Price | null;
  readonly bidSize: Quantity;
  readonly ask: Price | null;
  readonly askSize: Quantity;
  /** The feed's own stamp. */
  readonly at: EpochNs;
}

/** A print. */
export interface TradePrint {
  readonly ticker: Ticker;
  readonly price: Price;
  readonly size: Quantity;
  readonly at: EpochNs;
}

/** One trading session of an exchange, half days included. */
export interface Session {
  readonly date: CalendarDate;
  readonly openAt: EpochMs;
  readonly closeAt: EpochMs;
  readonly halfDay: boolean;
}
