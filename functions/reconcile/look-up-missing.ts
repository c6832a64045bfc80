/**
 * Asks for the orders that no list showed. That one is absent ends nothing: it stays as it is, and is asked for again in
 * the next pass; only an order whose fate nobody ever proved is given up, by the rules of its watch.
 */
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import { dateOfDayNumber, dayNumberOf } from '#shared/core/market/calendar-day.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { sessionsBetween } from '#shared/core/market/session-calendar.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import type { Order } from '#shared/core/order/order.ts';
import { markUnknown } from '#shared/core/order/sending.ts';
import { abandon, lastDoubtAt, mayBeThereSince, watchOf } from '#shared/core/order/unknown-fate.ts';
import type { Pass } from './pass.ts';
import { follow, settleOrder } from './settle-order.ts';

/** A day order joins a session at most so many days after it was sent: the longest closing is far shorter. */
const WATCH_DAYS = 14;
/** Requests that one look-up may take. */
const REQUESTS_A_LOOK_UP = 3;

const SENDER_DIED = {
  code: 'sender-died',
  message: 'the order may have been sent by a run that did not come back',
  context: {},
} as const;

/**
 * Looks up one order after the other, in the order of their ids.
 * @returns the last one, when time or requests ran out before the end; null when all were looked up
 */
export async function lookUpAll(pass: Pass, orders: readonly Order[]): Promise<ClientOrderId | null> {
  const from = pass.mark?.progress?.lookedUpTo ?? null;
  const sorted = [...orders].sort((a, b) => (a.clientOrderId < b.clientOrderId ? -1 : 1));
  let last = from;
  for (const order of sorted) {
    if (from !== null && order.clientOrderId <= from) continue;
    if (last !== null && (!pass.hasTime() || pass.broker.left() < REQUESTS_A_LOOK_UP)) return last;
    await lookUp(pass, order);
    last = order.clientOrderId;
  }
  return null;
}

/** By the broker's own id where it is known, and by the one that we gave it. */
async function find({ broker }: Pass, order: Order): Promise<BrokerOrder | null> {
  const found = order.brokerOrderId === null ? null : await broker.findById(order.brokerOrderId);
  return found ?? (await broker.findByClientId(order.clientOrderId));
}

async function lookUp(pass: Pass, order: Order): Promise<void> {
  const { clientOrderId } = order;
  const found = await find(pass, order);
  if (found !== null) {
    const news = { brokerOrderId: found.brokerOrderId, clientOrderId, snapshots: [found], activities: [] };
    await settleOrder(pass, clientOrderId, news);
    return;
  }
  pass.tally.missing.add(clientOrderId);
  pass.telemetry.warn('the broker does not know an order that is open here', { clientOrderId, state: order.state });
  await whenAbsent(pass, order);
}

async function whenAbsent(pass: Pass, order: Order): Promise<void> {
  const { orders, clock, mark, policy, tally } = pass;
  const operator = mark?.givenUp.find(({ clientOrderId }) => clientOrderId === order.clientOrderId)?.by ?? null;
  const now = clock.now();
  if (order.state === 'sending') {
    const doubted = await orders.step(order.clientOrderId, (row) => markUnknown(row, SENDER_DIED, now));
    if (doubted !== null) await follow(pass, doubted);
    return;
  }
  if (order.state !== 'unknown') return;
  if (now - mayBeThereSince(order) > policy.reconciliation.unknownAgeMsMax) tally.unknownLong.add(order.clientOrderId);
  const from = newYorkDate(lastDoubtAt(order));
  const watch = watchOf(order, sessionsBetween(from, dateOfDayNumber(dayNumberOf(from) + WATCH_DAYS)));
  const given = await orders.step(order.clientOrderId, (row) =>
    abandon(row, { watch, lastMissAt: now, operator, now }),
  );
  if (given !== null) await follow(pass, given);
}
