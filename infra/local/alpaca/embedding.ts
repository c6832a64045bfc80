/**
 * How a host embeds the broker simulator. The host owns time: it gives the clock, asks when something is due, moves its
 * clock and says so. With the same seed, calls and clock, ids, fills and frames are the same, in the same order.
 */
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { FeeSchedule } from '#shared/core/venue/fees.ts';
import type { MarketFeed } from '#infra/local/alpaca/market-feed.ts';

export interface BrokerClock {
  now(): EpochMs;
  /** Simulated milliseconds in one of the wall clock's; asked only by a simulator that drives itself. Default 1. */
  readonly speed?: number;
}

/** One brokerage account behind one pair of credentials. */
export interface BrokerAccountSeed {
  readonly key: string;
  readonly secret: string;
  /** Opening cash in dollars, a decimal text. */
  readonly cash: string;
}

/** How long the venue takes for its steps, in milliseconds of the simulator's clock. */
export interface BrokerLatency {
  /** From the answer to a submit to `new`. */
  readonly acknowledgeMs: number;
  /** From marketable to the fill. */
  readonly fillMs: number;
  /** From a cancel request to `canceled`. */
  readonly cancelMs: number;
  /** From a partial fill to the next look at the rest. */
  readonly requoteMs: number;
  /** From a fill to its line in the account's activities. */
  readonly activityMs: number;
}

/** Everything due is done in the same instant. */
export const NO_LATENCY: BrokerLatency = { acknowledgeMs: 0, fillMs: 0, cancelMs: 0, requoteMs: 0, activityMs: 0 };
/** What is seen of the paper service: fills within milliseconds, activities a little later. */
export const PAPER_LATENCY: BrokerLatency = {
  acknowledgeMs: 2,
  fillMs: 2,
  cancelMs: 5,
  requoteMs: 1_000,
  activityMs: 300,
};

/** Where nobody knows for certain what the real broker does, or where accounts differ. */
export interface BrokerBehaviour {
  /** One fill in so many is partial; 0 is none. Default 10, as the paper service. */
  readonly partialFillOneIn?: number;
  /** The most that one execution takes, in units, a decimal text; a larger order fills in many. Default no limit. */
  readonly executionQuantityMax?: string;
  /** Whether the account may trade equities at all. Default true. */
  readonly equities?: boolean;
  /** What executions cost beside their price. Default nothing, as on paper. */
  readonly fees?: FeeSchedule;
  /** Whether ioc and fok are taken. Default true. */
  readonly immediateOrders?: boolean;
  /** Whether an id in use is looked for before or after all else that may refuse an order. Default first. */
  readonly duplicateCheck?: 'first' | 'last';
  /** What a second cancel of a canceled order answers: 204 or 422. Default refuse. */
  readonly repeatCancel?: 'accept' | 'refuse';
  /** Gtc orders rest as done_for_day overnight. Default false. */
  readonly doneForDay?: boolean;
  /** Order streams that one key may have open and logged in. Default without limit. */
  readonly orderStreamsPerKey?: number;
  /** Unannounced fields and statuses turn up in answers now and then. Default true. */
  readonly surprises?: boolean;
  /** `free` refuses SIP data of the last 15 minutes. Default free. */
  readonly dataPlan?: 'free' | 'unlimited';
}

export interface BrokerOptions {
  /** TCP port on 127.0.0.1; 0 takes any free one. */
  readonly port: number;
  readonly seed: number;
  readonly clock: BrokerClock;
  readonly market: MarketFeed;
  /** At least one; the first is the one that the broker's own `key` and `secret` name. */
  readonly accounts: readonly BrokerAccountSeed[];
  /**
   * `host`: requests do what was due before now, and all else waits for `advanceTo`. `self`: timers do it. Default host.
   */
  readonly drive?: 'host' | 'self';
  /** Default NO_LATENCY. */
  readonly latency?: BrokerLatency;
  readonly behaviour?: BrokerBehaviour;
  /** Directory of the state; made when missing. An answered order survives kill -9. Without it nothing is kept. */
  readonly persist?: string;
  /** How often the data stream sends quotes and prints. Default a second when it drives itself, else a minute. */
  readonly dataTickMs?: number;
  /** Requests a minute of the simulator's clock, for each of trading and data. Default 200. */
  readonly requestsPerMinute?: number;
}

/** The broker's own books of one account, exact decimal texts, for a comparison with somebody else's. */
export interface BrokerLedger {
  readonly cash: string;
  readonly equity: string;
  readonly fees: string;
  readonly orders: readonly LedgerOrder[];
  readonly executions: readonly LedgerExecution[];
  readonly positions: readonly LedgerPosition[];
}

export interface LedgerOrder {
  readonly id: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly type: string;
  readonly timeInForce: string;
  readonly quantity: string | null;
  readonly notional: string | null;
  readonly status: string;
  readonly filledQuantity: string;
  /** Price times quantity over all executions. */
  readonly filledNotional: string;
}

export interface LedgerExecution {
  readonly id: string;
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly quantity: string;
  readonly price: string;
  readonly cumulativeQuantity: string;
  readonly at: EpochMs;
  /** `bust` undoes `undoes`; `correct` stands in for it. */
  readonly kind: 'fill' | 'bust' | 'correct';
  readonly undoes: string | null;
}

export interface LedgerPosition {
  readonly symbol: string;
  /** Negative when short. */
  readonly quantity: string;
  readonly cost: string;
}

/** One websocket connection. */
export interface BrokerStreamCount {
  readonly connection: number;
  readonly kind: 'orders' | 'data';
  readonly key: string | null;
  readonly open: boolean;
  /** Frames handed to the socket, the answers to log-in and subscription included. */
  readonly framesSent: number;
}

/** One fault that can be switched on. `probability` is drawn from the seed; `count` limits how often it strikes. */
export interface FaultSetting {
  /** 0 to 1, default 1. */
  readonly probability?: number;
  /** Strikes at most so often; default without limit. */
  readonly count?: number;
  /** Window of the simulator's clock, start inclusive, end exclusive; default always. */
  readonly fromMs?: number;
  readonly untilMs?: number;
  /** What the fault itself asks, such as a delay in milliseconds or a status. */
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
}

export interface BrokerFaults {
  /** @throws Error when there is no fault of that name, or a setting that it does not know. */
  set(name: string, setting?: FaultSetting): void;
  clear(name: string): void;
  clearAll(): void;
  /** What is switched on, with how often each has struck. */
  active(): readonly { readonly name: string; readonly setting: FaultSetting; readonly strikes: number }[];
}

export interface BrokerSimulator {
  /** Base address of trading, data and page, such as http://127.0.0.1:4010. */
  readonly url: string;
  /** Addresses of the two websockets. */
  readonly orderStreamUrl: string;
  readonly dataStreamUrl: string;
  /** Credentials of the first account. */
  readonly key: string;
  readonly secret: string;
  readonly faults: BrokerFaults;
  /** @throws Error when no account has the key. Default the first account. */
  ledger(key?: string): BrokerLedger;
  /** When the simulator next has something to do; null when never. May lie at or before now. */
  nextDueAt(): EpochMs | null;
  /** Does everything due up to and including the instant, in order; frames are handed to the sockets before it returns. */
  advanceTo(now: EpochMs): void;
  streams(): readonly BrokerStreamCount[];
  /** Undoes an execution, as an exchange does. @throws Error when there is none of that id. */
  bust(executionId: string): void;
  /** Gives an execution another price or quantity, decimal texts. @throws Error when there is none of that id. */
  correct(executionId: string, change: { readonly price?: string; readonly quantity?: string }): void;
  /** Ends all connections and timers. */
  close(): Promise<void>;
}
