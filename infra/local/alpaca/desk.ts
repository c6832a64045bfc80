/** What the server keeps: one desk for each account, and what the desks share. */
import { parseMoney } from '#shared/core/kernel/decimal.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { hexOf, uuidOf } from '#shared/core/venue/fingerprint.ts';
import { NO_FEES } from '#shared/core/venue/fees.ts';
import { openVenue } from '#shared/core/venue/venue.ts';
import type { Venue, VenueRules } from '#shared/core/venue/venue-state.ts';
import { type BrokerAccountSeed, type BrokerOptions, NO_LATENCY } from './embedding.ts';
import type { MarketFeed } from './market-feed.ts';
import { type RequestBudget, freshBudget } from './request-budget.ts';

export interface Desk {
  readonly credentials: BrokerAccountSeed;
  readonly accountId: string;
  readonly accountNumber: string;
  readonly venue: Venue;
  readonly budgets: { readonly trading: RequestBudget; readonly data: RequestBudget };
  /** What the owner set that no rule of the venue looks at. */
  readonly preferences: {
    tradeConfirmEmail: 'all' | 'none';
    ptpNoExceptionEntry: boolean;
    disableOvernightTrading: boolean;
  };
}

export interface Exchange {
  readonly seed: number;
  readonly market: MarketFeed;
  readonly now: () => EpochMs;
  readonly desks: ReadonlyMap<string, Desk>;
  readonly activityMs: number;
  readonly dataPlan: 'free' | 'unlimited';
  requestCount: number;
}

export function rulesOf(options: BrokerOptions): VenueRules {
  const latency = options.latency ?? NO_LATENCY;
  return {
    seed: options.seed,
    acknowledgeMs: latency.acknowledgeMs,
    fillMs: latency.fillMs,
    cancelMs: latency.cancelMs,
    requoteMs: latency.requoteMs,
    partialFillOneIn: options.behaviour?.partialFillOneIn ?? 10,
    immediateOrders: options.behaviour?.immediateOrders ?? true,
    duplicateCheck: options.behaviour?.duplicateCheck ?? 'first',
    repeatCancel: options.behaviour?.repeatCancel ?? 'refuse',
    doneForDay: options.behaviour?.doneForDay ?? false,
    fees: NO_FEES,
  };
}

/** @throws Error without accounts, or with two of the same key. */
export function openExchange(options: BrokerOptions): Exchange {
  const now = options.clock.now();
  const rules = rulesOf(options);
  const limit = options.requestsPerMinute ?? 200;
  const desks = new Map<string, Desk>();
  for (const [index, credentials] of options.accounts.entries()) {
    if (desks.has(credentials.key)) throw new Error(`two accounts have the key ${credentials.key}`);
    // Each account has its own chances, so that one account's orders never change another's fills.
    const seed = options.seed + index * 7_919;
    desks.set(credentials.key, {
      credentials,
      accountId: uuidOf(seed, 'account:', credentials.key, 0),
      accountNumber: `PA${hexOf(seed, 'account:', credentials.key, 1).slice(0, 10).toUpperCase()}`,
      venue: openVenue({ ...rules, seed }, options.market, parseMoney(credentials.cash), now),
      budgets: { trading: freshBudget(limit), data: freshBudget(limit) },
      preferences: { tradeConfirmEmail: 'all', ptpNoExceptionEntry: false, disableOvernightTrading: false },
    });
  }
  if (desks.size === 0) throw new Error('a broker needs at least one account');
  return {
    seed: options.seed,
    market: options.market,
    now: () => options.clock.now(),
    desks,
    activityMs: (options.latency ?? NO_LATENCY).activityMs,
    dataPlan: options.behaviour?.dataPlan ?? 'free',
    requestCount: 0,
  };
}
