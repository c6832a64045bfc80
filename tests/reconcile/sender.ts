/** Sends orders as execute does, for tests of what comes after. */
import { parseMoney, parsePrice } from '#shared/core/kernel/decimal.ts';
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { sessionOf } from '#shared/core/market/session-calendar.ts';
import { updateFromSnapshot } from '#shared/core/order/broker-snapshot.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import { reservationFor } from '#shared/core/order/reservation.ts';
import { markUnknown } from '#shared/core/order/sending.ts';
import { markCleared } from '#shared/core/risk/cleared.ts';
import { orderClassOf } from '#shared/core/safety/order-class.ts';
import type { Books } from '#shared/ports/books.ts';
import type { Broker } from '#shared/ports/broker.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Orders } from '#shared/ports/orders.ts';
import { BUILD } from './account.ts';

/**
 * What becomes of a submit: its answer is settled, its answer is lost as in a crash right after the call, or the sender
 * dies after the last look and before the call.
 */
export type SubmitFate = 'settled' | 'answer-lost' | 'never-called';

export interface Sender {
  readonly orders: Orders;
  readonly books: Books;
  readonly clock: Clock;
  readonly broker: Broker;
}

const HEADROOM = { grossExposureMax: parseMoney('10000000'), ordersOpenMax: 5_000, ordersPerDayMax: 10_000 };

/** @throws Error when the order is not taken by a gate or by the broker */
export async function send(sender: Sender, intent: OrderIntent, fate: SubmitFate): Promise<ClientOrderId> {
  const { clock, orders, books, broker } = sender;
  const clientOrderId = clientOrderIdFor(intent.terms, intent.decision);
  const book = await books.get(intent.terms.accountId, intent.terms.ticker);
  const session = sessionOf(newYorkDate(clock.now()));
  if (book === null || session === null) throw new Error('there is no book or no session: reconcile first');
  const gates = {
    now: clock.now(),
    session: session.date,
    build: BUILD,
    policyVersion: 1,
    reconciliationAgeMsMax: 86_400_000,
  };
  const orderClass = orderClassOf({ purpose: intent.purpose, positionIntent: intent.terms.positionIntent });
  const reservation = reservationFor(intent.terms, parsePrice('500'));
  const order = markCleared({ intent, clientOrderId, orderClass, reservation, policyVersion: 1 });
  const claim = await orders.claim({ order, book, holder: 'sender', gates, headroom: HEADROOM, dryRun: false });
  if (claim.kind !== 'claimed') throw new Error(`not claimed: ${JSON.stringify(claim)}`);
  const looked = await orders.lastLook(claim.order, { holder: 'sender', orderClass, gates, repeat: false });
  if (!looked.ok) throw new Error(`the last look refuses: ${looked.error.code}`);
  if (fate === 'never-called') return clientOrderId;
  const outcome = await broker.submit(looked.value);
  if (fate === 'settled' && outcome.kind === 'acknowledged') {
    await orders.settle(updateFromSnapshot(outcome.order, 'submit-answer', clock.now()));
    return clientOrderId;
  }
  if (outcome.kind !== 'acknowledged' && outcome.kind !== 'ambiguous') {
    throw new Error(`the broker does not take it: ${JSON.stringify(outcome)}`);
  }
  const doubt = { code: 'ambiguous', message: 'the answer was lost', context: {} };
  await orders.step(clientOrderId, (row) => markUnknown(row, doubt, clock.now()));
  return clientOrderId;
}
