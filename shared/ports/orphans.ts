/**
 * Broker orders that have no row here: news of them is kept, their executions are booked on the strategy "manual", and a
 * person may decide what becomes of them.
 */
import type { AccountId, BrokerOrderId, Ticker } from '#shared/core/kernel/identity.ts';
import type { EpochMs, EpochNs } from '#shared/core/kernel/instant.ts';
import type { Evidence, OrderUpdate } from '#shared/core/order/order.ts';
import type { Side } from '#shared/core/order/terms.ts';

export interface Orphan {
  readonly brokerOrderId: string;
  readonly clientOrderId: string | null;
  readonly status: string | null;
  readonly cumulativeQuantity: string | null;
  readonly firstSeenAt: number;
}

/** An order of somebody else, as far as its executions need it. */
export interface ForeignOrder {
  readonly accountId: AccountId;
  readonly brokerOrderId: BrokerOrderId;
  /** As the broker has it. */
  readonly foreignOrderId: string | null;
  readonly ticker: Ticker;
  readonly side: Side;
  /** Executions up to here are part of what the account held when its books were opened. */
  readonly bookedFrom: EpochNs;
}

export interface ForeignBooking {
  /** Something new was told of it. */
  readonly changed: boolean;
  /** The strategy "manual" gained or gave units. */
  readonly moved: boolean;
  /** It now stands against what a strategy believes to hold. */
  readonly crossesStrategy: boolean;
  /** A person has seen it and lets it be. */
  readonly dismissed: boolean;
}

export interface Orphans {
  /** Keeps the latest news of an order that is not ours; the same news twice is one. */
  keep(accountId: AccountId, update: OrderUpdate): Promise<void>;
  all(accountId: AccountId): Promise<readonly Orphan[]>;
  /**
   * Takes in what was read of a foreign order, and books its executions; each once, whatever is told twice.
   * @param told what it comes to, given what is known of the order
   * @throws Fault `permanent` when the symbol has no book
   */
  book(order: ForeignOrder, told: (known: Evidence) => readonly OrderUpdate[], now: EpochMs): Promise<ForeignBooking>;
  /** True when executions of the order have been booked: it can no longer be taken into the table. */
  isBooked(accountId: AccountId, brokerOrderId: BrokerOrderId): Promise<boolean>;
  /** A person lets the order be: what else it does is booked, and alarms nobody. */
  dismiss(accountId: AccountId, brokerOrderId: BrokerOrderId): Promise<void>;
}
