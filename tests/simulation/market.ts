/** The markets that worlds trade in: a few, made once, and never changed by whoever looks at them. */
import type { MarketFeed } from '#infra/local/alpaca/market-feed.ts';
import { tinyMarket } from '#infra/local/alpaca/tiny-market.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate, type EpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { sessionBefore } from '#shared/core/market/session-calendar.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import { SYMBOLS } from './plan.ts';

const FIRST_DAY = '2026-01-05';
/** Two minutes before the twentieth session. */
export const STARTS_AT: EpochMs = parseEpochMs('2026-02-03T09:28:00-05:00');
export const OPENS_AT: EpochMs = parseEpochMs('2026-02-03T09:30:00-05:00');
export const CLOSES_AT: EpochMs = parseEpochMs('2026-02-03T16:00:00-05:00');
export const NEXT_OPENS_AT: EpochMs = parseEpochMs('2026-02-04T09:30:00-05:00');

const markets = new Map<number, MarketFeed>();

export function marketOf(seed: number): MarketFeed {
  const known = markets.get(seed) ?? tinyMarket({ seed: 100 + seed, symbols: [...SYMBOLS], from: FIRST_DAY });
  markets.set(seed, known);
  return known;
}

/** Daily bars up to the day before the world's. */
export function historyOf(market: MarketFeed): readonly BarColumns[] {
  const [from, to] = [calendarDate(FIRST_DAY), sessionBefore(newYorkDate(STARTS_AT)).date];
  return SYMBOLS.map(ticker).map((symbol) => {
    const bars = market.dailyBars(symbol, from, to, STARTS_AT, 'raw');
    const column = (field: 'open' | 'high' | 'low' | 'close' | 'volume') =>
      Float64Array.from(bars, (bar) => bar[field]);
    return {
      ticker: symbol,
      dates: bars.map(({ at }) => newYorkDate(at)),
      open: column('open'),
      high: column('high'),
      low: column('low'),
      close: column('close'),
      volume: column('volume'),
    };
  });
}
