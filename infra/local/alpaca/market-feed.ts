/** The broker simulator's source of market data: what the venue needs, and the bars that its data API serves. */
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { VenueAsset, VenueMarket } from '#shared/core/venue/venue-market.ts';

/** One bar, in plain numbers as the data API has them. */
export interface FeedBar {
  /** Start of the bar; for a daily bar, midnight in New York. */
  readonly at: EpochMs;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Shares. */
  readonly volume: number;
  /** Number of prints. */
  readonly trades: number;
  /** Volume-weighted average price. */
  readonly vwap: number;
}

/** `raw` as traded; `split` with the bars before a split that has taken place by `now` restated. */
export type Adjustment = 'raw' | 'split';

export interface MarketFeed extends VenueMarket {
  readonly assets: readonly VenueAsset[];
  /** Both dates inclusive, oldest first. The session in progress gives its bar so far; nothing after `now` is told. */
  dailyBars(
    ticker: Ticker,
    from: CalendarDate,
    to: CalendarDate,
    now: EpochMs,
    adjustment: Adjustment,
  ): readonly FeedBar[];
  /** Bars whose start lies in `from` to `to`, both inclusive; the minute in progress gives its bar so far. */
  minuteBars(ticker: Ticker, from: EpochMs, to: EpochMs, now: EpochMs, adjustment: Adjustment): readonly FeedBar[];
}
