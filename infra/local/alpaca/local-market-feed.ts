/** The feed of a market that the local house opened: its bars, its splits, and sessions that go on after the last bar. */
import { dateOfDayNumber, dayNumberOf } from '#shared/core/market/calendar-day.ts';
import { sessionsBetween } from '#shared/core/market/session-calendar.ts';
import type { LocalMarket } from '#infra/local/market/open-market.ts';
import { barFeed, ordinaryAsset } from './bar-feed.ts';
import type { MarketFeed } from './market-feed.ts';

/** So long after the last bar orders may still expire. */
const DAYS_AHEAD = 400;

/** @throws Error when the market has no session. */
export function localMarketFeed(market: LocalMarket, seed: number): MarketFeed {
  const last = market.sessions.at(-1);
  const first = market.sessions[0];
  if (first === undefined || last === undefined) throw new Error('a market without a session cannot be traded on');
  return barFeed({
    bars: market.bars,
    sessions: sessionsBetween(first.date, dateOfDayNumber(dayNumberOf(last.date) + DAYS_AHEAD)),
    seed,
    splits: market.splits,
    assets: market.instruments.map((instrument) => ({ ...ordinaryAsset(instrument.ticker), ...instrument })),
  });
}
