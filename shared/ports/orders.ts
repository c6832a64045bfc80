/** The order store: one creator (`claim`), one sender's gate (`lastLook`), one writer of news (`settle`). */
import type { AccountId, BrokerOrderId, ClientOrderId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import type { Result } from '#shared/core/kernel/result.ts';
import type { FollowUp } from '#shared/core/order/consequences.ts';
import type { ClaimedOrder } from '#shared/core/order/claimed.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import type { Order, OrderIntent, OrderUpdate, Reservation } from '#shared/core/order/order.ts';
import type { StepResult } from '#shared/core/order/sending.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import type { ClearedOrder } from '#shared/core/risk/cleared.ts';
import type { Headroom } from '#shared/core/risk/headroom.ts';
import type { GateReference } from '#shared/core/safety/gate-conditions.ts';
import type { OrderClass } from '#shared/core/safety/order-class.ts';

export interface ClaimRequest {
  readonly order: ClearedOrder;
  /** The book that the order was cleared on; the claim holds it to its version. */
  readonly book: Book;
  /** Names the sender's lease. */
  readonly holder: string;
  readonly gates: GateReference;
  readonly headroom: Headroom;
  readonly dryRun: boolean;
}

export interface LastLook {
  readonly holder: string;
  readonly orderClass: OrderClass;
  readonly gates: GateReference;
  /** True for the same id and body once more, after an outcome that nobody proved. */
  readonly repeat: boolean;
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

/** An order found at the broker without a row, and what must have been decided of it. */
export interface Adoption {
  readonly intent: OrderIntent;
  readonly reservation: Reservation;
  readonly found: BrokerOrder;
  /** The last fact that the journal has of the order; 0 for none. */
  readonly sequenceBefore: number;
}

/** What news did to an order. */
export interface Settled {
  readonly order: Order;
  readonly changed: boolean;
  /** What somebody has to do because of it. */
  readonly followUps: readonly FollowUp[];
}

export interface OrderPage {
  readonly orders: readonly Order[];
  readonly cursor: string | null;
}

export interface Orders {
  get(id: ClientOrderId): Promise<Order | null>;
  findByBrokerId(id: BrokerOrderId): Promise<Order | null>;
  /** Orders of the account that have not ended. One that is claimed while pages are read may be missed. */
  listOpen(accountId: AccountId, cursor?: string): Promise<OrderPage>;

  claim(request: ClaimRequest): Promise<ClaimOutcome>;
  /**
   * The last look: the gates once more and `claimed -> sending` (or `unknown -> sending`, for a repetition), in one
   * transaction. Only what this answers may be sent, and only within the lease.
   */
  lastLook(order: Order, look: LastLook): Promise<Result<ClaimedOrder, Refusal>>;
  /**
   * Says in the history of an order that its command came again with other terms, which changes nothing of the order.
   * False when there is no such order.
   */
  recordConflict(intent: OrderIntent, conflict: Refusal, now: EpochMs): Promise<boolean>;
  /** Records that a command ended before its order existed. False when an order or a refusal is there already. */
  refuse(intent: OrderIntent, refused: Refusal, now: EpochMs): Promise<boolean>;

  /** The only writer of news. Null when the order is not ours to know: the caller keeps it as an orphan. */
  settle(update: OrderUpdate): Promise<Settled | null>;
  /**
   * All that was read of one order, in one transaction, all or nothing.
   * @param told what it comes to, given what the order knows; asked again when other news came in between
   * @returns null when there is no such order
   */
  settleAll(id: ClientOrderId, told: (order: Order) => readonly OrderUpdate[]): Promise<Settled | null>;
  /** Makes the row of an order that is at the broker already. Null when there is one. */
  adopt(adoption: Adoption): Promise<Settled | null>;
  /**
   * Takes a step of the house's own (an answer, a doubt, a withdrawal, a cancel) under the version that was read; when
   * news came in between, the step is taken anew on the order as it is.
   * @returns null when the step is not legal from where the order stands now.
   */
  step(id: ClientOrderId, take: (order: Order) => StepResult): Promise<Settled | null>;
}
