/** News of broker orders that have no row here: kept, so that reconciliation can say whose they are. */
import type { AccountId } from '#shared/core/kernel/identity.ts';
import type { OrderUpdate } from '#shared/core/order/order.ts';

export interface Orphan {
  readonly brokerOrderId: string;
  readonly clientOrderId: string | null;
  readonly status: string | null;
  readonly cumulativeQuantity: string | null;
  readonly firstSeenAt: number;
}

export interface Orphans {
  /** Keeps the latest news of an order that is not ours; the same news twice is one. */
  keep(accountId: AccountId, update: OrderUpdate): Promise<void>;
  all(accountId: AccountId): Promise<readonly Orphan[]>;
}
