/** What the server keeps: one desk for each account, and what the desks share. */
import { parseMoney, parseQuantity } from '#shared/core/kernel/decimal.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { hexOf, uuidOf } from '#shared/core/venue/fingerprint.ts';
import { NO_FEES } from '#shared/core/venue/fees.ts';
import { openVenue } from '#shared/core/venue/venue.ts';
import type { Venue, VenueRules } from '#shared/core/venue/venue-state.ts';
import { type BrokerAccountSeed, type BrokerOptions, NO_LATENCY } from './embedding.ts';
import { type FaultBoard, faultBoard } from './fault-board.ts';
import type { MarketFeed } from './market-feed.ts';
import { type AccountStore, accountStore, readAccount } from './state-store.ts';
import { stateOf } from '#shared/core/venue/venue-snapshot.ts';
import type { VenueOrder } from '#shared/core/venue/venue-order.ts';
import { type RequestBudget, freshBudget } from './request-budget.ts';

export interface Desk {
  readonly credentials: BrokerAccountSeed;
  readonly accountId: string;
  readonly accountNumber: string;
  readonly venue: Venue;
  readonly budgets: { readonly trading: RequestBudget; readonly data: RequestBudget };
  /** What each order was, and when it became that; for lists that are stale. */
  readonly history: Map<string, { readonly at: EpochMs; readonly order: VenueOrder }[]>;
  /** Until when an order is kept from lists, and from look-ups by client order id. */
  readonly hiddenUntil: Map<string, { readonly orders: number; readonly lookup: number }>;
  /** By execution: how much later than others it reaches the activities. */
  readonly activityDelayMs: Map<string, number>;
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
  readonly faults: FaultBoard;
  /** Whether unannounced fields and statuses turn up now and then. */
  readonly surprises: boolean;
  readonly orderStreamsPerKey: number;
  requestCount: number;
}

const quantityOrNull = (text: string | undefined) => (text === undefined ? null : parseQuantity(text));

function rulesOf(options: BrokerOptions): VenueRules {
  const latency = options.latency ?? NO_LATENCY;
  return {
    seed: options.seed,
    acknowledgeMs: latency.acknowledgeMs,
    fillMs: latency.fillMs,
    cancelMs: latency.cancelMs,
    requoteMs: latency.requoteMs,
    partialFillOneIn: options.behaviour?.partialFillOneIn ?? 10,
    executionQuantityMax: quantityOrNull(options.behaviour?.executionQuantityMax),
    immediateOrders: options.behaviour?.immediateOrders ?? true,
    duplicateCheck: options.behaviour?.duplicateCheck ?? 'first',
    repeatCancel: options.behaviour?.repeatCancel ?? 'refuse',
    doneForDay: options.behaviour?.doneForDay ?? false,
    fees: options.behaviour?.fees ?? NO_FEES,
    fills: null,
  };
}

function openDesk(options: BrokerOptions, credentials: BrokerAccountSeed, seed: number): DeskWithGeneration {
  const rules = { ...rulesOf(options), seed };
  const kept = options.persist === undefined ? null : readAccount(options.persist, credentials.key, seed);
  const limit = options.requestsPerMinute ?? 200;
  const venue: Venue =
    kept === null
      ? openVenue(rules, options.market, parseMoney(credentials.cash), options.clock.now())
      : { rules, market: options.market, state: stateOf(kept.venue) };
  venue.state.flags.equitiesAllowed = options.behaviour?.equities ?? true;
  const desk: Desk = {
    credentials,
    accountId: uuidOf(seed, 'account:', credentials.key, 0),
    accountNumber: `PA${hexOf(seed, 'account:', credentials.key, 1).slice(0, 10).toUpperCase()}`,
    venue,
    budgets: { trading: freshBudget(limit), data: freshBudget(limit) },
    history: new Map(),
    hiddenUntil: new Map(),
    activityDelayMs: new Map(),
    preferences: kept?.preferences ?? {
      tradeConfirmEmail: 'all',
      ptpNoExceptionEntry: false,
      disableOvernightTrading: false,
    },
  };
  return { desk, generation: kept?.generation ?? 0 };
}

interface DeskWithGeneration {
  readonly desk: Desk;
  readonly generation: number;
}

export interface OpenedExchange {
  readonly exchange: Exchange;
  /** Empty without a directory to keep the accounts in. */
  readonly stores: ReadonlyMap<Desk, AccountStore>;
}

/**
 * Opens the accounts, as they were kept where they were.
 * @throws Error without accounts, with two of the same key, or with a kept state that cannot be read.
 */
export function openExchange(options: BrokerOptions): OpenedExchange {
  const desks = new Map<string, Desk>();
  const stores = new Map<Desk, AccountStore>();
  for (const [index, credentials] of options.accounts.entries()) {
    if (desks.has(credentials.key)) throw new Error(`two accounts have the key ${credentials.key}`);
    // Each account has its own chances, so that one account's orders never change another's fills.
    const { desk, generation } = openDesk(options, credentials, options.seed + index * 7_919);
    desks.set(credentials.key, desk);
    if (options.persist !== undefined) stores.set(desk, accountStore(options.persist, desk, generation));
  }
  if (desks.size === 0) throw new Error('a broker needs at least one account');
  const now = (): EpochMs => options.clock.now();
  const exchange: Exchange = {
    seed: options.seed,
    market: options.market,
    now,
    desks,
    activityMs: (options.latency ?? NO_LATENCY).activityMs,
    dataPlan: options.behaviour?.dataPlan ?? 'free',
    faults: faultBoard(options.seed, now),
    surprises: options.behaviour?.surprises ?? true,
    orderStreamsPerKey: options.behaviour?.orderStreamsPerKey ?? Number.POSITIVE_INFINITY,
    requestCount: 0,
  };
  return { exchange, stores };
}
