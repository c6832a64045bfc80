/**
 * What the house needs of a broker. Every call has a deadline of its own; a read that fails throws a Fault, a submit
 * never throws but tells in its answer what is known of the outcome.
 */
import type { Money, Price, Quantity } from '#shared/core/kernel/decimal.ts';
import type { BrokerOrderId, ClientOrderId, ExecutionId, Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs, EpochNs } from '#shared/core/kernel/instant.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import type { Instrument, Quote, Session, TradePrint } from '#shared/core/market/types.ts';
import type { ClaimedOrder } from '#shared/core/order/claimed.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import type { OrderUpdate, UpdateExecution } from '#shared/core/order/order.ts';
import type { Side } from '#shared/core/order/terms.ts';

/** What a broker offers; the core asks these instead of the broker's name. */
export interface BrokerCapabilities {
  /** The broker refuses a second order with the same client order id. */
  readonly duplicateGuard: boolean;
  /** An order can be looked up by its client order id. */
  readonly lookupByClientId: boolean;
  readonly fractional: boolean;
  /** Trades in sessions of an exchange; false for a market that never closes. */
  readonly sessions: boolean;
}

/**
 * What became of a submit. `ambiguous` covers every answer that does not prove an outcome: timeout, reset, 5xx, an
 * answer that cannot be read. `throttled` is a definite no that may be tried again: the broker's 429, or a request that
 * provably never left (no connection was made, or the gate in front of the broker let it not pass).
 */
export type SubmitOutcome =
  | { readonly kind: 'acknowledged'; readonly order: BrokerOrder; readonly requestId: string | null }
  | { readonly kind: 'duplicate'; readonly requestId: string | null }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly requestId: string | null }
  | {
      readonly kind: 'throttled';
      readonly cause: string;
      readonly retryAfterMs: number | null;
      readonly requestId: string | null;
    }
  | { readonly kind: 'ambiguous'; readonly cause: string; readonly requestId: string | null };

/**
 * What became of a request to cancel. Whether the order is canceled is told by its own news, never by this. A request
 * may be repeated after any of them; `refused` is a definite no of another kind, such as bad credentials.
 */
export type CancelOutcome =
  | { readonly kind: 'requested' }
  | { readonly kind: 'already-ended'; readonly detail: string }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'throttled'; readonly cause: string; readonly retryAfterMs: number | null }
  | { readonly kind: 'ambiguous'; readonly cause: string };

export interface BrokerPosition {
  readonly ticker: Ticker;
  /** Negative when short. */
  readonly quantity: Quantity;
  /** What may be closed: open closing orders are taken off. Same sign as the quantity. */
  readonly available: Quantity;
  readonly averagePrice: Price;
}

export interface BrokerAccount {
  readonly accountNumber: string;
  readonly currency: string;
  readonly cash: Money;
  readonly equity: Money;
  readonly lastEquity: Money;
  readonly buyingPower: Money;
  /** False when the account is blocked, suspended or not active; `restriction` says which. */
  readonly tradable: boolean;
  readonly restriction: string | null;
  readonly shortingEnabled: boolean;
}

/** One execution as the broker's activities tell it; they carry no client order id. */
export interface BrokerActivity {
  readonly activityId: string;
  readonly executionId: ExecutionId | null;
  readonly brokerOrderId: BrokerOrderId;
  readonly ticker: Ticker;
  readonly side: Side;
  /** A bust takes an execution back; a correction stands in for one that a bust has taken back. */
  readonly kind: UpdateExecution['kind'];
  /** Negative for a bust, so that the activities of an order add up to its filled quantity. */
  readonly quantity: Quantity;
  readonly price: Price;
  /** The order's own after it. */
  readonly cumulativeQuantity: Quantity;
  readonly at: EpochNs;
}

export interface BrokerClock {
  /** The broker's own time, for the measure of skew. */
  readonly at: EpochMs;
  readonly isOpen: boolean;
  readonly nextOpenAt: EpochMs;
  readonly nextCloseAt: EpochMs;
}

export interface OrderListRequest {
  readonly status: 'open' | 'all';
  /** Orders submitted after this instant, exclusive at the broker; ask with an overlap. */
  readonly submittedAfter?: EpochMs;
  /** Page on from this order, in order of submission; it goes before `submittedAfter`, which it implies. */
  readonly afterOrder?: BrokerOrderId;
  /** 1 to 500. */
  readonly limit: number;
}

export interface ActivityListRequest {
  readonly after?: EpochMs;
  readonly until?: EpochMs;
  readonly date?: CalendarDate;
  /** The id of the last item of the page before. */
  readonly pageToken?: string;
  /** 1 to 100. */
  readonly limit: number;
}

export interface Broker {
  readonly capabilities: BrokerCapabilities;
  /**
   * Sends at most one request, and never repeats it.
   * @param startWithinMs a request that could not be begun in this time, counted from the call, is not sent: the last
   * look would be too old
   */
  submit(order: ClaimedOrder, startWithinMs?: number): Promise<SubmitOutcome>;
  cancel(id: BrokerOrderId): Promise<CancelOutcome>;
  /** Null when the broker does not know the id, which right after a submit proves nothing. */
  findByClientId(id: ClientOrderId): Promise<BrokerOrder | null>;
  findById(id: BrokerOrderId): Promise<BrokerOrder | null>;
  /** Oldest first. Page on to an empty page: a shorter one may have lost an item on its way. */
  listOrders(request: OrderListRequest): Promise<readonly BrokerOrder[]>;
  /** Oldest first; those of one millisecond in no order, and some of them may be lost between two pages. */
  listActivities(request: ActivityListRequest): Promise<readonly BrokerActivity[]>;
  positions(): Promise<readonly BrokerPosition[]>;
  position(symbol: Ticker): Promise<BrokerPosition | null>;
  account(): Promise<BrokerAccount>;
  clock(): Promise<BrokerClock>;
  calendar(from: CalendarDate, to: CalendarDate): Promise<readonly Session[]>;
  /** A symbol that the broker does not list, or lists as inactive, is absent from the answer. */
  instruments(symbols: readonly Ticker[]): Promise<ReadonlyMap<Ticker, Instrument>>;
}

/** One daily bar. Plain numbers: bars feed indicators and statistics, and are never turned into money. */
export interface DailyBar {
  readonly ticker: Ticker;
  readonly date: CalendarDate;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

export interface MarketData {
  /** Both ends inclusive, split-adjusted, oldest first by symbol; pages are read to their end. */
  dailyBars(symbols: readonly Ticker[], from: CalendarDate, to: CalendarDate): Promise<readonly DailyBar[]>;
  latestQuotes(symbols: readonly Ticker[]): Promise<ReadonlyMap<Ticker, Quote>>;
  latestTrades(symbols: readonly Ticker[]): Promise<ReadonlyMap<Ticker, TradePrint>>;
}

/** A piece of news that could not be read. What it said is not known, so its reader must look back. */
export interface UnreadableNews {
  /** What is wrong with it. */
  readonly cause: string;
  /** Its start, at most 500 characters, without credentials. */
  readonly excerpt: string;
}

export interface OrderStreamListener {
  /** Called for one update at a time, in the order of arrival; the next waits for the promise. */
  onUpdate(update: OrderUpdate): Promise<void>;
  /** In the same line as the updates. */
  onUnreadable(news: UnreadableNews): Promise<void>;
}

/** The broker's own stream of order news. It has no replay: whoever opens it must also look back. */
export interface OrderStream {
  /**
   * Connects, logs in and waits for the echo of the subscription; resolves once news cannot be missed any more. News
   * may be told before it resolves. A listener that throws ends the connection.
   * @throws Fault `permanent` for refused credentials, `transient` otherwise.
   */
  open(listener: OrderStreamListener): Promise<OrderStreamConnection>;
}

export interface OrderStreamConnection {
  /** Resolves when the connection ended and all that it had told was handled, with why it ended. */
  readonly ended: Promise<{ readonly reason: string }>;
  close(): Promise<void>;
}
