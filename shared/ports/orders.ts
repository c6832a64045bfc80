/** The order store: one creator (`claim`), one sender's gate (`lastLook`), one writer of news (`settle`). */
import type { Money } from '#shared/core/kernel/decimal.ts';
import type { AccountId, BrokerOrderId, ClientOrderId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import type { Result } from '#shared/core/kernel/result.ts';
import type { ClaimedOrder } from '#shared/core/order/claimed.ts';
import type { Lease, Order, OrderIntent, OrderUpdate, Reason } from '#shared/core/order/order.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import type { ClearedOrder } from '#shared/core/risk/cleared.ts';
import type { GateReference } from '#shared/core/safety/gate-conditions.ts';

/** What the account may commit in all. */
export interface Headroom {
  readonly grossExposureMax: Money;
  readonly ordersOpenMax: number;
  readonly ordersPerDayMax: number;
}

export interface ClaimRequest {
  readonly order: ClearedOrder;
  /** The book that the order was cleared on; the claim holds it to its version. */
  readonly book: Book;
  readonly lease: Lease;
  readonly gates: GateReference;
  readonly headroom: Headroom;
}

/**
 * claimed: the row is durable and nothing is sent. exists: a row was there before, and wins over any refusal.
 * stale: a book moved between clearing and claim; read again and clear again.
 */
export type ClaimOutcome =
  | { readonly kind: 'claimed'; readonly order: Order }
  | { readonly kind: 'exists'; readonly order: Order }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'stale'; readonly refusal: Refusal };

/** What news did to an order. */
export interface Settled {
  readonly order: Order;
  readonly changed: boolean;
  /** The news shows executions that nobody told of, or tells of a revision: the activities must be read. */
  readonly backfillNeeded: boolean;
}

export interface OrderPage {
  readonly orders: readonly Order[];
  readonly cursor: string | null;
}

export interface Orders {
  get(id: ClientOrderId): Promise<Order | null>;
  findByBrokerId(id: BrokerOrderId): Promise<Order | null>;
  /** Orders of the account that have not ended, as of a moment ago: the index lags. */
  listOpen(accountId: AccountId, cursor?: string): Promise<OrderPage>;

  claim(request: ClaimRequest): Promise<ClaimOutcome>;
  /**
   * The last look: the gates once more and `claimed -> sending`, in one transaction. Only what this answers may be
   * sent, and only within the lease.
   */
  lastLook(order: Order, lease: Lease, gates: GateReference): Promise<Result<ClaimedOrder, Refusal>>;
  /** Takes over the lease of a row whose holder is gone. Null when it is held or the row moved on. */
  takeLease(order: Order, lease: Lease, now: EpochMs): Promise<Order | null>;
  /** Records that a command ended before its order existed. False when an order or a refusal is there already. */
  refuse(intent: OrderIntent, refused: Refusal, now: EpochMs): Promise<boolean>;

  /** The only writer of news. Null when the order is not ours to know: the caller keeps it as an orphan. */
  settle(update: OrderUpdate): Promise<Settled | null>;
  /** The outcome of a send is not known. */
  markUnknown(order: Order, reason: Reason, now: EpochMs): Promise<Order>;
  /** Ends an order that provably never reached the broker, or one that was watched to its end. */
  endByHouse(
    order: Order,
    end: 'withdrawn' | 'failed' | 'abandoned' | 'dry_run' | 'rejected',
    reason: Reason,
    now: EpochMs,
  ): Promise<Order>;
  requestCancel(id: ClientOrderId, by: string, reason: Reason, now: EpochMs): Promise<Result<Order, Refusal>>;
}
