/**
 * Broker orders without a row. One with our mark is taken into the table, and its symbol is stopped: how it came to be
 * without one, a person has to find out. Of anybody else's the executions are booked, and the policy says what more.
 */
import { ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import { nsOf } from '#shared/core/kernel/instant.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import { BROKER_ENDS } from '#shared/core/order/order.ts';
import { reservationFor } from '#shared/core/order/reservation.ts';
import { positionOf } from '#shared/core/portfolio/book.ts';
import { adoptedIntent, adoptionPrice, claimedIdOf } from '#shared/core/reconcile/adoption.ts';
import type { OrderNews } from '#shared/core/reconcile/news-by-order.ts';
import { newsOfOrder } from '#shared/core/reconcile/news-of-order.ts';
import { findLostOrder, type LostOrder } from './claimed-record.ts';
import type { Pass } from './pass.ts';
import { follow, settleOrder } from './settle-order.ts';

const UNKNOWN_TO_THE_JOURNAL: LostOrder = { record: null, sequence: 0 };

/** @throws Fault when it cannot be written; the pass is then not whole */
export async function takeInOrphan(pass: Pass, news: OrderNews): Promise<void> {
  const found = news.snapshots.at(-1);
  if (found === undefined) throw new Fault('permanent', 'orphan-nameless', `${news.brokerOrderId} was not read`);
  pass.tally.orphans += 1;
  await pass.books.open(pass.accountId, [found.ticker]);
  if (news.clientOrderId === null) await takeInForeign(pass, found, news);
  else if (isSince(pass, found)) await takeInOwn(pass, news.clientOrderId, found, news);
  else await takeInEarlier(pass, found, news);
}

/** True for an order of which nothing can be part of what the account held when its books were opened. */
const isSince = ({ bookedFrom }: Pass, { submittedAt }: BrokerOrder): boolean =>
  submittedAt !== null && submittedAt > nsOf(bookedFrom);

/**
 * One with our mark from before the books were opened: other tables knew it. What it executed by then is in the opening
 * positions, so that only the rest is booked.
 */
async function takeInEarlier(pass: Pass, found: BrokerOrder, news: OrderNews): Promise<void> {
  if (!hasEnded(found)) await quarantine(pass, found, 'own-orphan');
  await bookForeign(pass, found, news);
}

async function quarantine({ books, accountId, clock, correlationId }: Pass, found: BrokerOrder, code: string) {
  const message = `order ${found.brokerOrderId} at the broker has no row here: ${found.side}, ${found.statusText}`;
  await books.quarantine(accountId, found.ticker, { code, message, at: clock.now() }, correlationId);
}

/** The symbol is stopped first: an adoption that is seen to be done is never without its quarantine. */
async function takeInOwn(pass: Pass, id: ClientOrderId, found: BrokerOrder, news: OrderNews): Promise<void> {
  pass.telemetry.error('an order with our mark has no row', { clientOrderId: id, brokerOrderId: found.brokerOrderId });
  await quarantine(pass, found, 'own-orphan');
  await adopt(pass, found, await findLostOrder(pass.journal, id));
  await settleOrder(pass, id, news);
}

async function adopt(pass: Pass, found: BrokerOrder, lost: LostOrder): Promise<void> {
  const { accountId, books, clock, orders, policy } = pass;
  const book = await books.get(accountId, found.ticker);
  const facts = {
    accountId,
    found,
    record: lost.record,
    position: book === null ? ZERO_QUANTITY : positionOf(book),
    price: policy.limits.priceMin,
    policyVersion: policy.version,
    now: clock.now(),
  };
  const intent = adoptedIntent(facts);
  const reservation = reservationFor(intent.terms, adoptionPrice(facts));
  const adopted = await orders.adopt({ intent, reservation, found, sequenceBefore: lost.sequence });
  if (adopted !== null) await follow(pass, adopted);
}

async function takeInForeign(pass: Pass, found: BrokerOrder, news: OrderNews): Promise<void> {
  const { accountId, mark, policy, tally } = pass;
  tally.foreignSymbols.add(found.ticker);
  const decision = mark?.decisions.find(({ brokerOrderId }) => brokerOrderId === found.brokerOrderId)?.decision ?? null;
  const claimedId = claimedIdOf(accountId, found);
  if ((await settleOrder(pass, claimedId, news)) === null) {
    const wanted = decision === 'adopt' || policy.reconciliation.foreignOrders === 'claim';
    if (wanted && (await mayClaim(pass, found))) {
      await adopt(pass, found, UNKNOWN_TO_THE_JOURNAL);
      await settleOrder(pass, claimedId, news);
    } else {
      await bookForeign(pass, found, news);
    }
  }
}

const hasEnded = ({ status }: BrokerOrder): boolean => BROKER_ENDS.some((end) => end === status);

/** An order is followed in one way from its first execution on: in the table, or as executions of somebody else. */
async function mayClaim(pass: Pass, found: BrokerOrder): Promise<boolean> {
  return isSince(pass, found) && !(await pass.orphans.isBooked(pass.accountId, found.brokerOrderId));
}

async function bookForeign(pass: Pass, found: BrokerOrder, news: OrderNews): Promise<void> {
  const { accountId, bookedFrom, clock, orphans, policy, telemetry } = pass;
  const foreign = {
    accountId,
    brokerOrderId: found.brokerOrderId,
    foreignOrderId: found.clientOrderId,
    ticker: found.ticker,
    side: found.side,
    bookedFrom: nsOf(bookedFrom),
  };
  const now = clock.now();
  const booking = await orphans.book(foreign, (known) => newsOfOrder(known, news, now), now);
  if (booking.moved) pass.tally.fillsBooked += 1;
  if (booking.crossesStrategy) await quarantine(pass, found, 'external-conflict');
  // What has ended and did nothing since the books were opened concerns nobody.
  const concerns = booking.moved || !hasEnded(found);
  if (!booking.changed || booking.dismissed || !concerns) return;
  telemetry.warn('somebody else has an order at the broker', {
    brokerOrderId: found.brokerOrderId,
    symbol: found.ticker,
    status: found.statusText,
  });
  if (policy.reconciliation.foreignOrders === 'quarantine') await quarantine(pass, found, 'foreign-order');
}
