/** What one of the account's activities tells as news of our order. */
import { absoluteQuantity } from '#shared/core/kernel/decimal.ts';
import type { Price, Quantity } from '#shared/core/kernel/decimal.ts';
import type { BrokerOrderId, ExecutionId } from '#shared/core/kernel/identity.ts';
import type { EpochMs, EpochNs } from '#shared/core/kernel/instant.ts';
import type { OrderUpdate, UpdateExecution } from '#shared/core/order/order.ts';

/** One execution of the account's activities: it carries no client order id and no status. */
export const newsOfActivity = (
  activity: {
    readonly brokerOrderId: BrokerOrderId;
    readonly executionId: ExecutionId | null;
    /** `bust` takes an execution back; its quantity is negative. */
    readonly kind: UpdateExecution['kind'];
    readonly quantity: Quantity;
    readonly price: Price;
    readonly cumulativeQuantity: Quantity;
    readonly at: EpochNs;
  },
  receivedAt: EpochMs,
): OrderUpdate => ({
  source: 'reconciliation',
  clientOrderId: null,
  brokerOrderId: activity.brokerOrderId,
  status: null,
  cumulativeQuantity: activity.cumulativeQuantity,
  averagePrice: null,
  execution: {
    id: activity.executionId,
    quantity: absoluteQuantity(activity.quantity),
    price: activity.price,
    at: activity.at,
    kind: activity.kind,
    previousExecutionId: null,
  },
  brokerTime: activity.at,
  receivedAt,
  detail: null,
});
