/**
 * Asks for the orders that no list showed. That one is absent ends nothing: it stays as it is, and is asked for again in
 * the next pass; only an order whose fate nobody ever proved is given up, by the rules of its watch.
 */
import { dateOfDayNumber, dayNumberOf } from '#shared/core/market/calendar-day.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { sessionsBetween } from '#shared/core/market/session-calendar.ts';
import { updateFromSnapshot } from '#shared/core/order/broker-snapshot.ts';
import type { Order } from '#shared/core/order/order.ts';
import { markUnknown } from '#shared/core/order/sending.ts';
import { abandon, watchOf } from '#shared/core/order/unknown-fate.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import { follow, type SettlingDependencies, type Tally } from './settle-news.ts';

/** A day order joins a session at most so many days after it was sent: the longest closing is far shorter. */
const WATCH_DAYS = 14;

const SENDER_DIED = {
  code: 'sender-died',
  message: 'the order may have been sent by a run that did not come back',
  context: {},
} as const;

/** By the id that we gave it, then by the broker's own. */
async function find({ broker }: SettlingDependencies, order: Order): Promise<BrokerOrder | null> {
  const byOurs = await broker.findByClientId(order.clientOrderId);
  return byOurs === null && order.brokerOrderId !== null ? await broker.findById(order.brokerOrderId) : byOurs;
}

/** @returns whether the broker knows the order. */
export async function lookUp(dependencies: SettlingDependencies, order: Order, tally: Tally): Promise<boolean> {
  const { orders, clock, telemetry } = dependencies;
  const found = await find(dependencies, order);
  if (found !== null) {
    const update = updateFromSnapshot(found, 'reconciliation', clock.now());
    const settled = await orders.settleAll(order.clientOrderId, [update]);
    if (settled !== null) await follow(dependencies, settled, tally);
    return true;
  }
  telemetry.warn('the broker does not know an order that is open here', {
    clientOrderId: order.clientOrderId,
    state: order.state,
  });
  await whenAbsent(dependencies, order, tally);
  return false;
}

async function whenAbsent(dependencies: SettlingDependencies, order: Order, tally: Tally): Promise<void> {
  const { orders, clock } = dependencies;
  const now = clock.now();
  if (order.state === 'sending') {
    const doubted = await orders.step(order.clientOrderId, (row) => markUnknown(row, SENDER_DIED, now));
    if (doubted !== null) await follow(dependencies, doubted, tally);
    return;
  }
  if (order.state !== 'unknown') return;
  const from = newYorkDate(order.sentAt ?? order.claimedAt);
  const to = dateOfDayNumber(dayNumberOf(from) + WATCH_DAYS);
  const watch = watchOf(order, sessionsBetween(from, to));
  const given = await orders.step(order.clientOrderId, (row) =>
    abandon(row, { watch, lastMissAt: now, operator: null, now }),
  );
  if (given !== null) await follow(dependencies, given, tally);
}
