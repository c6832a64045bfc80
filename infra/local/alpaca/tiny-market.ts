/** A small market made from a seed, for tests: a few symbols on a random walk through consecutive NYSE sessions. */
import { type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import { type CalendarDate, calendarDate } from '#shared/core/kernel/instant.ts';
import { sessionsBetween } from '#shared/core/market/session-calendar.ts';
import type { Split } from '#shared/core/market/splits.ts';
import type { BarColumns, Session } from '#shared/core/market/types.ts';
import { chanceOf } from '#shared/core/venue/fingerprint.ts';
import type { VenueAsset } from '#shared/core/venue/venue-market.ts';
import { barFeed } from './bar-feed.ts';
import type { MarketFeed } from './market-feed.ts';

export interface TinyMarketOptions {
  readonly seed: number;
  /** Default AAPL, MSFT, KO, F. */
  readonly symbols?: readonly string[];
  /** First session's date or the day before it; default 2026-01-05. */
  readonly from?: string;
  /** Sessions with bars; default 30. */
  readonly days?: number;
  readonly splits?: readonly Split[];
  readonly assets?: readonly VenueAsset[];
}

const cents = (value: number): number => Math.round(value * 100) / 100;

/** Bars of one symbol: a daily move within 3 % either way, extremes within 1 % beyond open and close. */
function walkBars(symbol: Ticker, sessions: readonly Session[], seed: number): BarColumns {
  const days = sessions.length;
  const draw = (what: string, day: number): number => chanceOf(seed, what, symbol, day);
  const columns = {
    ticker: symbol,
    dates: sessions.map((session) => session.date),
    open: new Float64Array(days),
    high: new Float64Array(days),
    low: new Float64Array(days),
    close: new Float64Array(days),
    volume: new Float64Array(days),
  };
  let price = 20 + 180 * draw('level', 0);
  for (let day = 0; day < days; day += 1) {
    const open = cents(price * (1 + 0.02 * (draw('gap', day) - 0.5)));
    const close = cents(open * (1 + 0.06 * (draw('move', day) - 0.5)));
    columns.open[day] = open;
    columns.close[day] = close;
    columns.high[day] = cents(Math.max(open, close) * (1 + 0.01 * draw('high', day)));
    columns.low[day] = cents(Math.min(open, close) * (1 - 0.01 * draw('low', day)));
    columns.volume[day] = Math.floor(1e6 * (1 + 9 * draw('volume', day)));
    price = close;
  }
  return columns;
}

/** Sessions reach 200 days beyond the last bar, so that gtc orders can age. */
export function tinyMarket(options: TinyMarketOptions): MarketFeed {
  const from: CalendarDate = calendarDate(options.from ?? '2026-01-05');
  const days = options.days ?? 30;
  const lastDate = new Date(Date.parse(`${from}T00:00:00Z`) + (days * 2 + 200) * 86_400_000).toISOString().slice(0, 10);
  const sessions = sessionsBetween(from, calendarDate(lastDate));
  const symbols = (options.symbols ?? ['AAPL', 'MSFT', 'KO', 'F']).map(ticker);
  return barFeed({
    bars: symbols.map((symbol) => walkBars(symbol, sessions.slice(0, days), options.seed)),
    sessions,
    seed: options.seed,
    ...(options.splits === undefined ? {} : { splits: options.splits }),
    ...(options.assets === undefined ? {} : { assets: options.assets }),
  });
}
