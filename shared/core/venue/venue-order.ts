/** The venue's own record of an order. A record is never changed: each step of an order's life makes a new one. */
import type { Money, Price, Quantity } from '#shared/core/kernel/decimal.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { EpochMs, EpochNs } from '#shared/core/kernel/instant.ts';
import type { OrderType, PositionIntent, Side, TimeInForce } from '#shared/core/order/terms.ts';

/** Alpaca's statuses. Those that only later order classes reach are here already. */
export const ORDER_STATUSES = [
  'accepted',
  'pending_new',
  'accepted_for_bidding',
  'held',
  'new',
  'partially_filled',
  'stopped',
  'suspended',
  'pending_cancel',
  'pending_replace',
  'done_for_day',
  'calculated',
  'filled',
  'canceled',
  'expired',
  'rejected',
  'replaced',
] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** News of an order on the stream. */
export type OrderEvent =
  | 'pending_new'
  | 'new'
  | 'partial_fill'
  | 'fill'
  | 'pending_cancel'
  | 'canceled'
  | 'expired'
  | 'rejected'
  | 'done_for_day'
  | 'order_cancel_rejected'
  | 'trade_bust'
  | 'trade_correct';

/** What somebody wants, read and checked for form, but for nothing that needs the account or the market. */
export interface OrderRequest {
  /** Null lets the venue make one. */
  readonly clientOrderId: string | null;
  readonly ticker: Ticker;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  /** Exactly one of quantity and notional is there. */
  readonly quantity: Quantity | null;
  readonly notional: Money | null;
  readonly limitPrice: Price | null;
  readonly stopPrice: Price | null;
  readonly positionIntent: PositionIntent | null;
}

/**
 * What shall become of an order, for tests of those who must cope: refused later on, filled as the market has it, in
 * part and never again, or never.
 */
export type OrderFate = 'ordinary' | 'reject' | 'partial-only' | 'never-fill' | 'fill-then-bust' | 'fill-then-correct';

/** What shall become of a request to cancel. */
export type CancelFate = 'confirm' | 'fill-first' | 'partial-first' | 'stuck' | 'refuse';

export interface VenueOrder {
  readonly id: string;
  readonly clientOrderId: string;
  /** 1 for the account's first order. */
  readonly number: number;
  readonly ticker: Ticker;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly positionIntent: PositionIntent;
  readonly quantity: Quantity | null;
  readonly notional: Money | null;
  readonly limitPrice: Price | null;
  readonly stopPrice: Price | null;
  readonly status: OrderStatus;
  readonly filledQuantity: Quantity;
  /** Price times quantity over all executions, exact. */
  readonly filledNotional: Money;
  readonly commission: Money;
  /** Executions so far, busts and corrections included: the n of the next one's id. */
  readonly executionCount: number;
  /** True once a stop order's price was reached; from the start for orders without a stop. */
  readonly triggered: boolean;
  /** The worst price that the order may fill at now: its limit, or the collar of a market buy. Null is none. */
  readonly workingLimit: Price | null;
  /** Buying power held back for each unit still open; zero for an order that closes. */
  readonly holdPrice: Price;
  readonly heldMoney: Money;
  /** Shares of the position held back; zero for an order that opens. */
  readonly heldQuantity: Quantity;
  /** Close of the session that a day order belongs to; the end of a gtc order's age. */
  readonly expiresAt: EpochMs;
  readonly submittedAt: EpochNs;
  readonly createdAt: EpochNs;
  readonly updatedAt: EpochNs;
  readonly filledAt: EpochNs | null;
  readonly canceledAt: EpochNs | null;
  readonly expiredAt: EpochNs | null;
  readonly failedAt: EpochNs | null;
  readonly cancelRequestedAt: EpochNs | null;
  /** Rises whenever what the order waits for changes; older due events are void. */
  readonly work: number;
  readonly fate: OrderFate;
  readonly cancelFate: CancelFate;
}

/** One execution, or the undoing or restating of one. */
export interface Execution {
  readonly id: string;
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly ticker: Ticker;
  readonly side: Side;
  readonly kind: 'fill' | 'bust' | 'correct';
  /** The execution that a bust or a correction takes back. */
  readonly undoes: string | null;
  /** Of this execution; what a bust takes back is written as a positive quantity here. */
  readonly quantity: Quantity;
  readonly price: Price;
  /** The order's own after it. */
  readonly cumulativeQuantity: Quantity;
  readonly leavesQuantity: Quantity;
  readonly orderStatus: OrderStatus;
  /** The position's after it. */
  readonly positionQuantity: Quantity;
  readonly at: EpochMs;
  readonly stamp: EpochNs;
}

export interface VenuePosition {
  readonly ticker: Ticker;
  /** Negative when short. */
  readonly quantity: Quantity;
  /** What the open quantity cost; negative when short, as its proceeds. */
  readonly cost: Money;
}
