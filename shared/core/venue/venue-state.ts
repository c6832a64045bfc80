/**
 * The venue's whole state for one account: plain data, changed in place by the functions of this room and by nothing
 * else. What is derived (books by symbol, sums of what is held back) is kept up by `putOrder` alone.
 */
import {
  type Money,
  type Quantity,
  ZERO_MONEY,
  ZERO_QUANTITY,
  addMoney,
  addQuantity,
  subtractMoney,
  subtractQuantity,
} from '#shared/core/kernel/decimal.ts';
import { invariant } from '#shared/core/kernel/fault.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import { type CalendarDate, type EpochMs, type EpochNs, epochNs, nsOf } from '#shared/core/kernel/instant.ts';
import type { Side } from '#shared/core/order/terms.ts';
import { type DueEvent, type DueKind, pushDue } from './due-queue.ts';
import type { FeeSchedule } from './fees.ts';
import type { FillRule } from './fill-rule.ts';
import { hasEnded, mayMove } from './order-lifecycle.ts';
import type { VenueMarket } from './venue-market.ts';
import type { Execution, OrderEvent, VenueOrder, VenuePosition } from './venue-order.ts';

/** How the venue behaves; fixed for a venue's life. */
export interface VenueRules {
  readonly seed: number;
  readonly acknowledgeMs: number;
  readonly fillMs: number;
  readonly cancelMs: number;
  readonly requoteMs: number;
  /** One fill in so many is partial; 0 is none. The paper service has 10. */
  readonly partialFillOneIn: number;
  /** The most that one execution takes; null for no such limit. An order larger than that fills in many. */
  readonly executionQuantityMax: Quantity | null;
  /** False refuses ioc and fok, as for accounts that never asked for them. */
  readonly immediateOrders: boolean;
  /** Whether an id in use is looked for before or after everything else that may refuse an order. */
  readonly duplicateCheck: 'first' | 'last';
  /** What a cancel of an order that is canceled already answers. */
  readonly repeatCancel: 'accept' | 'refuse';
  /** Gtc orders rest as done_for_day overnight. */
  readonly doneForDay: boolean;
  readonly fees: FeeSchedule;
  /** Null fills at the quotes, without slippage. */
  readonly fills: FillRule | null;
}

/** What the broker and the account's owner allow; changed at run time. */
export interface AccountFlags {
  accountBlocked: boolean;
  tradingBlocked: boolean;
  /** The owner's own switch, `suspend_trade`. */
  tradeSuspended: boolean;
  equitiesAllowed: boolean;
  shortingEnabled: boolean;
  /** The owner's own switch, `no_shorting`. */
  noShorting: boolean;
  fractionalTrading: boolean;
  maxMarginMultiplier: 1 | 2 | 4;
}

/** Open orders of one symbol, by number. */
export interface SymbolBook {
  readonly buy: Set<number>;
  readonly sell: Set<number>;
  /** Shares of the position that closing orders hold back. */
  heldQuantity: Quantity;
}

export interface EquityClose {
  readonly date: CalendarDate;
  readonly at: EpochMs;
  readonly equity: Money;
  readonly maintenanceMargin: Money;
}

/** A change of the account that is no execution. */
export interface Adjustment {
  readonly id: string;
  readonly kind: 'split';
  readonly ticker: Ticker;
  /** `to` new shares for `from` old ones. */
  readonly to: number;
  readonly from: number;
  readonly quantityChange: Quantity;
  readonly at: EpochMs;
  readonly description: string;
}

/** One step of an order, in the order it happened; `event` is null where the stream is silent. */
export interface VenueNews {
  readonly order: VenueOrder;
  readonly event: OrderEvent | null;
  readonly execution: Execution | null;
  readonly stamp: EpochNs;
  readonly at: EpochMs;
}

export interface VenueState {
  readonly openedAt: EpochMs;
  readonly openingCash: Money;
  cash: Money;
  feesPaid: Money;
  /** Profit of all that was closed, before fees. */
  realised: Money;
  heldMoney: Money;
  readonly flags: AccountFlags;
  /** In order of submission: order n is at n - 1. */
  readonly orders: VenueOrder[];
  readonly numberById: Map<string, number>;
  readonly numberByClientOrderId: Map<string, number>;
  readonly books: Map<Ticker, SymbolBook>;
  readonly positions: Map<Ticker, VenuePosition>;
  readonly executions: Execution[];
  readonly adjustments: Adjustment[];
  readonly equityCloses: EquityClose[];
  readonly due: DueEvent[];
  dueCount: number;
  lastStamp: EpochNs;
  /** News that nobody has taken yet. */
  news: VenueNews[];
}

export interface Venue {
  readonly rules: VenueRules;
  readonly market: VenueMarket;
  readonly state: VenueState;
}

const ORDINARY_FLAGS: Readonly<AccountFlags> = {
  accountBlocked: false,
  tradingBlocked: false,
  tradeSuspended: false,
  equitiesAllowed: true,
  shortingEnabled: true,
  noShorting: false,
  fractionalTrading: true,
  maxMarginMultiplier: 4,
};

export function emptyVenueState(openingCash: Money, openedAt: EpochMs): VenueState {
  return {
    openedAt,
    openingCash,
    cash: openingCash,
    feesPaid: ZERO_MONEY,
    realised: ZERO_MONEY,
    heldMoney: ZERO_MONEY,
    flags: { ...ORDINARY_FLAGS },
    orders: [],
    numberById: new Map(),
    numberByClientOrderId: new Map(),
    books: new Map(),
    positions: new Map(),
    executions: [],
    adjustments: [],
    equityCloses: [],
    due: [],
    dueCount: 0,
    lastStamp: epochNs(0n),
    news: [],
  };
}

/** A time stamp of nine digits, later than every one before it and within the instant's own millisecond. */
export function nextStamp(state: VenueState, now: EpochMs): EpochNs {
  const earliest = nsOf(now);
  const next =
    state.lastStamp < earliest
      ? epochNs(earliest + 1n + ((state.lastStamp + earliest / 1_000_000n) % 499n) * 1_009n)
      : epochNs(state.lastStamp + 37n);
  state.lastStamp = next;
  return next;
}

export function schedule(state: VenueState, at: EpochMs, kind: DueKind, order: number, work: number): void {
  state.dueCount += 1;
  pushDue(state.due, { at, entry: state.dueCount, kind, order, work });
}

export function bookOf(state: VenueState, ticker: Ticker): SymbolBook {
  let book = state.books.get(ticker);
  if (book === undefined) {
    book = { buy: new Set(), sell: new Set(), heldQuantity: ZERO_QUANTITY };
    state.books.set(ticker, book);
  }
  return book;
}

export const sideOf = (book: SymbolBook, side: Side): Set<number> => (side === 'buy' ? book.buy : book.sell);

export const orderById = (state: VenueState, id: string): VenueOrder | undefined =>
  state.orders[(state.numberById.get(id) ?? 0) - 1];

export const orderByClientId = (state: VenueState, clientOrderId: string): VenueOrder | undefined =>
  state.orders[(state.numberByClientOrderId.get(clientOrderId) ?? 0) - 1];

/** Looked for from the latest on, because whoever asks undoes something fresh. */
export const executionById = (state: VenueState, id: string): Execution | undefined =>
  state.executions.findLast((execution) => execution.id === id);

/** Writes an order's next record and keeps up what is derived from orders. */
export function putOrder(state: VenueState, order: VenueOrder): void {
  const before = state.orders[order.number - 1];
  const book = bookOf(state, order.ticker);
  if (before === undefined) {
    state.numberById.set(order.id, order.number);
    state.numberByClientOrderId.set(order.clientOrderId, order.number);
    state.heldMoney = addMoney(state.heldMoney, order.heldMoney);
    book.heldQuantity = addQuantity(book.heldQuantity, order.heldQuantity);
  } else {
    invariant(
      mayMove(before.status, order.status),
      `order ${order.id} cannot go from ${before.status} to ${order.status}`,
    );
    state.heldMoney = addMoney(state.heldMoney, subtractMoney(order.heldMoney, before.heldMoney));
    book.heldQuantity = addQuantity(book.heldQuantity, subtractQuantity(order.heldQuantity, before.heldQuantity));
  }
  state.orders[order.number - 1] = order;
  if (hasEnded(order.status)) sideOf(book, order.side).delete(order.number);
  else if (before === undefined) sideOf(book, order.side).add(order.number);
}

/** Tells of an order's step. */
export function tell(
  state: VenueState,
  order: VenueOrder,
  event: OrderEvent | null,
  at: EpochMs,
  execution: Execution | null = null,
): void {
  state.news.push({ order, event, execution, stamp: order.updatedAt, at });
}

/** All news since the last time, oldest first. */
export function takeNews(state: VenueState): readonly VenueNews[] {
  const news = state.news;
  if (news.length > 0) state.news = [];
  return news;
}
