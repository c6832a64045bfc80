/** What a pass has read, sorted by whose order it is. */
import type { Price, Quantity } from '#shared/core/kernel/decimal.ts';
import type { BrokerOrderId, ClientOrderId, ExecutionId, Ticker } from '#shared/core/kernel/identity.ts';
import type { EpochNs } from '#shared/core/kernel/instant.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import { isOwnClientOrderId } from '#shared/core/order/client-order-id.ts';
import type { UpdateExecution } from '#shared/core/order/order.ts';
import type { Side } from '#shared/core/order/terms.ts';

/** One execution as the account's activities tell it. */
export interface ActivityNews {
  readonly activityId: string;
  readonly executionId: ExecutionId | null;
  readonly brokerOrderId: BrokerOrderId;
  readonly ticker: Ticker;
  readonly side: Side;
  readonly kind: UpdateExecution['kind'];
  /** Negative for a bust. */
  readonly quantity: Quantity;
  readonly price: Price;
  readonly cumulativeQuantity: Quantity;
  readonly at: EpochNs;
}

/** All that was read of one order of the broker. */
export interface OrderNews {
  readonly brokerOrderId: BrokerOrderId;
  /** Null where the order carries no id of ours, or only its executions were read. */
  readonly clientOrderId: ClientOrderId | null;
  /** Several where lists that were read one after the other both have the order. */
  readonly snapshots: readonly BrokerOrder[];
  readonly activities: readonly ActivityNews[];
}

/** One entry for each order, in the order of the broker's ids. */
export function newsByOrder(orders: readonly BrokerOrder[], activities: readonly ActivityNews[]): readonly OrderNews[] {
  const byId = new Map<BrokerOrderId, { readonly snapshots: BrokerOrder[]; readonly activities: ActivityNews[] }>();
  const entryOf = (id: BrokerOrderId) => {
    const entry = byId.get(id) ?? { snapshots: [], activities: [] };
    byId.set(id, entry);
    return entry;
  };
  for (const order of orders) entryOf(order.brokerOrderId).snapshots.push(order);
  for (const activity of activities) entryOf(activity.brokerOrderId).activities.push(activity);
  return [...byId]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([brokerOrderId, news]) => ({ brokerOrderId, clientOrderId: ownIdAmong(news.snapshots), ...news }));
}

/** The id of ours that the broker's order object carries, or null. */
export function ownIdAmong(snapshots: readonly BrokerOrder[]): ClientOrderId | null {
  const id = snapshots[0]?.clientOrderId ?? null;
  return id !== null && isOwnClientOrderId(id) ? id : null;
}

/** A text that changes whenever the news does: what was settled once need not be settled again. */
export const fingerprintOf = (news: OrderNews): string =>
  [
    ...news.snapshots.map((order) => [order.status, order.filledQuantity, order.updatedAt ?? ''].join(' ')),
    ...news.activities.map((activity) =>
      [activity.activityId, activity.quantity, activity.price, activity.cumulativeQuantity].join(' '),
    ),
  ].join('\n');

/**
 * The executions of one order in steps that a transaction holds, the oldest first; one step at least. What happened at
 * one instant stays together where it can: a correction is told as two lines.
 */
export function stepsOf(activities: readonly ActivityNews[], size: number): readonly (readonly ActivityNews[])[] {
  const sorted = [...activities].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const steps: ActivityNews[][] = [[]];
  sorted.forEach((activity, index) => {
    const step = steps.at(-1) ?? [];
    const isRevised = activity.kind !== 'fill' && sorted[index - 1]?.kind !== 'fill';
    const joins = isRevised && sorted[index - 1]?.at === activity.at;
    if (step.length >= size && !joins) steps.push([activity]);
    else step.push(activity);
  });
  return steps;
}
