/** Brings what was read of an order into the books: ours through the one writer of news, the others as orphans. */
import { Fault } from '#shared/core/kernel/fault.ts';
import type { BrokerOrderId, ClientOrderId } from '#shared/core/kernel/identity.ts';
import { advanceAll } from '#shared/core/order/advance.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import type { Order } from '#shared/core/order/order.ts';
import { violationsOfOrder } from '#shared/core/reconcile/invariants.ts';
import { fingerprintOf, type OrderNews, ownIdAmong, stepsOf } from '#shared/core/reconcile/news-by-order.ts';
import { mayWait, newsOfOrder } from '#shared/core/reconcile/news-of-order.ts';
import type { Settled } from '#shared/ports/orders.ts';
import type { Pass } from './pass.ts';
import { settleOrder } from './settle-order.ts';
import { takeInOrphan } from './take-in-orphan.ts';

/** Executions that are written together; an order has rarely a tenth of it. */
const ACTIVITIES_A_STEP = 200;

/** Our open orders by both of their names, as they were listed when the pass began. */
export interface OpenRows {
  readonly byClientId: ReadonlyMap<ClientOrderId, Order>;
  readonly byBrokerId: ReadonlyMap<BrokerOrderId, Order>;
  /** Orders whose executions are not all known: news of another source may have met what the lists say. */
  readonly incomplete: ReadonlySet<BrokerOrderId>;
}

/**
 * Settles the news of one order, all of it together. News that changes nothing costs nothing: the row as it was listed
 * may lag, but what it knew already it will not forget.
 */
export async function settleNews(pass: Pass, news: OrderNews, rows: OpenRows): Promise<void> {
  const { memory, mark } = pass;
  const fingerprint = fingerprintOf(news);
  const isDecided = mark?.decisions.some(({ brokerOrderId }) => brokerOrderId === news.brokerOrderId) === true;
  const isSettled = !isDecided && !rows.incomplete.has(news.brokerOrderId);
  if (isSettled && memory.knows(news.brokerOrderId, fingerprint)) return;
  const named = await nameNews(pass, news, rows);
  const row = named.clientOrderId === null ? undefined : rows.byClientId.get(named.clientOrderId);
  const known = row !== undefined && isKnown(pass, row, named);
  const settled = known ? row : await settle(pass, named);
  if (settled === null) await takeInOrphan(pass, named);
  else await verify(pass, settled, named.snapshots.at(-1) ?? null);
  if (!mayWait(news, pass.clock.now())) memory.learn(news.brokerOrderId, fingerprint);
}

const isKnown = (pass: Pass, row: Order, news: OrderNews): boolean =>
  !advanceAll(
    row,
    newsOfOrder(row.evidence, news, pass.clock.now()).map((update) => ({
      ...update,
      clientOrderId: row.clientOrderId,
    })),
  ).changed;

/** Executions alone do not say whose they are: the row does, and where its index lags, the broker. */
async function nameNews({ orders, broker }: Pass, news: OrderNews, rows: OpenRows): Promise<OrderNews> {
  if (news.snapshots.length > 0) return news;
  const row = rows.byBrokerId.get(news.brokerOrderId) ?? (await orders.findByBrokerId(news.brokerOrderId));
  if (row !== null) return { ...news, clientOrderId: row.clientOrderId };
  const found = await broker.findById(news.brokerOrderId);
  if (found === null) {
    const why = `the broker tells of executions of ${news.brokerOrderId}, and not of the order`;
    throw new Fault('transient', 'order-unreadable', why);
  }
  return { ...news, snapshots: [found], clientOrderId: ownIdAmong([found]) };
}

/** Null when no row bears the name. More than one step holds goes in several: each is whole, and a gap stays open between. */
async function settle(pass: Pass, news: OrderNews): Promise<Order | null> {
  const { clientOrderId } = news;
  if (clientOrderId === null) return null;
  let settled: Settled | null = null;
  for (const activities of stepsOf(news.activities, ACTIVITIES_A_STEP)) {
    settled = await settleOrder(pass, clientOrderId, { ...news, activities });
    if (settled === null) return null;
  }
  return settled?.order ?? null;
}

/** Holds the order to the broker's object of it. News may have come in between: what differs is read once more. */
async function verify(pass: Pass, order: Order, found: BrokerOrder | null): Promise<void> {
  if (found === null || violationsOfOrder(order, found).length === 0) return;
  const again = await pass.broker.findById(found.brokerOrderId);
  const news = { brokerOrderId: found.brokerOrderId, clientOrderId: order.clientOrderId, activities: [] };
  const settled = again === null ? null : await settleOrder(pass, order.clientOrderId, { ...news, snapshots: [again] });
  if (settled === null || again === null) return;
  pass.tally.violations.push(...violationsOfOrder(settled.order, again));
}
