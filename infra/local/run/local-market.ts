/** The market of a run, the broker that trades on it, and the days that the run lasts. */
import { join } from 'node:path';
import { parseMoney } from '#shared/core/kernel/decimal.ts';
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import { newYorkInstant } from '#shared/core/market/new-york-time.ts';
import { sessionBefore } from '#shared/core/market/session-calendar.ts';
import type { Session } from '#shared/core/market/types.ts';
import { startBroker } from '#infra/local/alpaca/broker.ts';
import { type BrokerSimulator, PAPER_LATENCY } from '#infra/local/alpaca/embedding.ts';
import { localMarketFeed } from '#infra/local/alpaca/local-market-feed.ts';
import type { LocalMarket } from '#infra/local/market/open-market.ts';
import type { HouseClock } from '#infra/local/time/house-clock.ts';
import type { Venue } from './venue.ts';

/** Dollars that the simulated account begins with. */
export const OPENING_CASH = '100000';
export const OPENING_EQUITY = parseMoney(OPENING_CASH);

const CREDENTIALS = { key: 'PKLOCALHOUSE0001', secret: 'local-house-secret' } as const;

/** The text of the secret as the functions read it. */
export const BROKER_SECRET = JSON.stringify(CREDENTIALS);

/** A run begins right after the close before its first day, so that bars and signals are there for the first decision. */
export function runStart(market: LocalMarket): EpochMs {
  const [first] = market.tradingDays;
  if (first === undefined) throw new RangeError('a run has at least one day');
  return epochMs(sessionBefore(first.date).closeAt + 1);
}

/** A day of the run ends with New York's day: what follows the close belongs to it. */
export const dayEnd = (session: Session): EpochMs => epochMs(newYorkInstant(session.date, 24 * 60) - 1);

export function startLocalBroker(
  market: LocalMarket,
  clock: HouseClock,
  seed: number,
  stateDirectory: string | null,
): Promise<BrokerSimulator> {
  return startBroker({
    port: 0,
    seed,
    clock,
    market: localMarketFeed(market, seed),
    accounts: [{ ...CREDENTIALS, cash: OPENING_CASH }],
    latency: PAPER_LATENCY,
    ...(stateDirectory === null ? {} : { persist: join(stateDirectory, 'broker') }),
  });
}

/** The broker as the house steps it; only the stream of orders is listened to by functions. */
export const venueOf = (broker: BrokerSimulator): Venue => ({
  nextDueAt: () => broker.nextDueAt(),
  advanceTo: (now) => broker.advanceTo(now),
  streams: () => broker.streams().filter(({ kind }) => kind === 'orders'),
});
