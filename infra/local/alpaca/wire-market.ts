/** Bars, quotes and prints as the data API writes them: plain numbers. */
import { approximatePrice, approximateQuantity } from '#shared/core/kernel/decimal.ts';
import { type EpochMs, epochMs, nsOf } from '#shared/core/kernel/instant.ts';
import type { Quote, TradePrint } from '#shared/core/market/types.ts';
import { newYorkDate, newYorkInstant } from '#shared/core/market/new-york-time.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import { dateOfDayNumber, dayNumberOf } from '#shared/core/market/calendar-day.ts';
import { chanceOf } from '#shared/core/venue/fingerprint.ts';
import type { FeedBar, MarketFeed } from './market-feed.ts';
import type { WireBody } from './wire-order.ts';
import { utcTime } from './wire-time.ts';

export const barBody = (bar: FeedBar): WireBody => ({
  c: bar.close,
  h: bar.high,
  l: bar.low,
  n: bar.trades,
  o: bar.open,
  t: utcTime(nsOf(bar.at)),
  v: bar.volume,
  vw: Math.round(bar.vwap * 1e6) / 1e6,
});

export const quoteBody = (quote: Quote): WireBody => ({
  ap: quote.ask === null ? 0 : approximatePrice(quote.ask),
  as: quote.ask === null ? 0 : approximateQuantity(quote.askSize),
  ax: quote.ask === null ? ' ' : 'V',
  bp: quote.bid === null ? 0 : approximatePrice(quote.bid),
  bs: quote.bid === null ? 0 : approximateQuantity(quote.bidSize),
  bx: quote.bid === null ? ' ' : 'V',
  c: ['R'],
  t: utcTime(quote.at),
  z: 'C',
});

export const tradeBody = (trade: TradePrint): WireBody => ({
  c: ['@'],
  i: 1 + Math.floor(chanceOf(0, 'trade-id:', trade.ticker, Number(trade.at / 1_000_000n)) * 9_000_000),
  p: approximatePrice(trade.price),
  s: approximateQuantity(trade.size),
  t: utcTime(trade.at),
  x: 'V',
  z: 'C',
});

/** The last two daily bars up to now, the one in progress included. */
export function lastDailyBars(market: MarketFeed, symbol: Ticker, now: EpochMs): readonly FeedBar[] {
  const today = newYorkDate(now);
  // Ten days hold two sessions, whatever holidays there are.
  return market.dailyBars(symbol, dateOfDayNumber(dayNumberOf(today) - 10), today, now, 'split').slice(-2);
}

/** The last minute that has begun. */
export function lastMinuteBar(market: MarketFeed, symbol: Ticker, now: EpochMs): FeedBar | null {
  const trade = market.tradeAt(symbol, now);
  if (trade === null) return null;
  const at = Number(trade.at / 1_000_000n);
  const day = newYorkInstant(newYorkDate(epochMs(at)), 0);
  const from = Math.max(day, at - 60_000);
  return market.minuteBars(symbol, epochMs(from), epochMs(at), now, 'split').at(-1) ?? null;
}

export function snapshotBody(market: MarketFeed, symbol: Ticker, now: EpochMs): WireBody | null {
  const [trade, quote] = [market.tradeAt(symbol, now), market.quoteAt(symbol, now)];
  const days = lastDailyBars(market, symbol, now);
  const today = days.at(-1);
  const minute = lastMinuteBar(market, symbol, now);
  if (trade === null || quote === null || today === undefined) return null;
  const before = days.length === 2 ? days[0] : undefined;
  return {
    dailyBar: barBody(today),
    latestQuote: quoteBody(quote),
    latestTrade: tradeBody(trade),
    minuteBar: minute === null ? null : barBody(minute),
    prevDailyBar: before === undefined ? null : barBody(before),
  };
}
