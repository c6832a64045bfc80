/** Brings what was read into the books: our orders through the one writer of news, the others among the orphans. */
import type { AccountId, ClientOrderId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { newsOfActivity } from '#shared/core/order/activity-news.ts';
import { updateFromSnapshot } from '#shared/core/order/broker-snapshot.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import type { OrderUpdate } from '#shared/core/order/order.ts';
import { fingerprintOf, type OrderNews, ownIdAmong } from '#shared/core/reconcile/news-by-order.ts';
import type { Broker } from '#shared/ports/broker.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Orders, Settled } from '#shared/ports/orders.ts';
import type { Orphans } from '#shared/ports/orphans.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { PassMemory } from './pass-memory.ts';

export interface SettlingDependencies {
  readonly accountId: AccountId;
  readonly clock: Clock;
  readonly broker: Broker;
  readonly orders: Orders;
  readonly orphans: Orphans;
  readonly memory: PassMemory;
  readonly telemetry: Telemetry;
}

/** What one pass did. */
export interface Tally {
  ordersSettled: number;
  fillsBooked: number;
  orphans: number;
}

const updatesOf = (news: OrderNews, receivedAt: EpochMs): readonly OrderUpdate[] => [
  ...news.snapshots.map((found) => updateFromSnapshot(found, 'reconciliation', receivedAt)),
  ...news.activities.map((activity) => newsOfActivity(activity, receivedAt)),
];

/**
 * Settles the news of one order, all of it together. Executions alone do not say whose they are; the row of the order
 * does, and where its index lags, the broker.
 */
export async function settleNews(dependencies: SettlingDependencies, news: OrderNews, tally: Tally): Promise<void> {
  const { clock, memory, orders } = dependencies;
  const fingerprint = fingerprintOf(news);
  if (memory.knows(news.brokerOrderId, fingerprint)) return;
  const named = await nameOf(dependencies, news);
  const updates = updatesOf({ ...news, snapshots: named.snapshots }, clock.now());
  const settled = named.clientOrderId === null ? null : await orders.settleAll(named.clientOrderId, updates);
  if (settled === null) await keepOrphan(dependencies, updates, tally);
  else await follow(dependencies, settled, tally);
  memory.learn(news.brokerOrderId, fingerprint);
}

interface Named {
  readonly clientOrderId: ClientOrderId | null;
  readonly snapshots: readonly BrokerOrder[];
}

async function nameOf({ broker, orders }: SettlingDependencies, news: OrderNews): Promise<Named> {
  if (news.snapshots.length > 0) return news;
  const row = await orders.findByBrokerId(news.brokerOrderId);
  if (row !== null) return { clientOrderId: row.clientOrderId, snapshots: [] };
  const found = await broker.findById(news.brokerOrderId);
  const snapshots = found === null ? [] : [found];
  return { clientOrderId: ownIdAmong(snapshots), snapshots };
}

async function keepOrphan(
  { accountId, orphans, telemetry }: SettlingDependencies,
  updates: readonly OrderUpdate[],
  tally: Tally,
): Promise<void> {
  for (const update of updates) await orphans.keep(accountId, update);
  tally.orphans += 1;
  telemetry.warn('an order at the broker is not in the table', { brokerOrderId: updates[0]?.brokerOrderId });
}

/** Counts what a settlement did, and does at the broker what it asks for. */
export async function follow(
  { broker, telemetry }: SettlingDependencies,
  settled: Settled,
  tally: Tally,
): Promise<void> {
  if (!settled.changed) return;
  const { order, followUps } = settled;
  tally.ordersSettled += 1;
  for (const followUp of followUps) {
    if (followUp.kind === 'alarm') {
      telemetry.error('an order did what it must not', { clientOrderId: order.clientOrderId, code: followUp.code });
    }
    if (followUp.kind === 'cancel-at-broker' && order.brokerOrderId !== null) {
      const { kind } = await broker.cancel(order.brokerOrderId);
      telemetry.warn('an order that had ended here is canceled', { clientOrderId: order.clientOrderId, outcome: kind });
    }
  }
}
