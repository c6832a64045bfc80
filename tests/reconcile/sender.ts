/** Sends orders as execute does, for tests of what comes after. */
import { orderPut } from '#shared/adapters/stores/order-item.ts';
import { parsePrice } from '#shared/core/kernel/decimal.ts';
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { sessionOf } from '#shared/core/market/session-calendar.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import { updateFromSnapshot } from '#shared/core/order/broker-snapshot.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { Order, OrderIntent } from '#shared/core/order/order.ts';
import { reservationFor } from '#shared/core/order/reservation.ts';
import { advance } from '#shared/core/order/advance.ts';
import { markClaimed } from '#shared/core/order/claimed.ts';
import { claimOrder, lastLook, markUnknown } from '#shared/core/order/sending.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import { markCleared } from '#shared/core/risk/cleared.ts';
import { type Headroom, headroomOf } from '#shared/core/risk/headroom.ts';
import { orderClassOf } from '#shared/core/safety/order-class.ts';
import type { Books } from '#shared/ports/books.ts';
import type { Broker } from '#shared/ports/broker.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Orders } from '#shared/ports/orders.ts';
import type { Safety } from '#shared/ports/safety.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { BUILD } from './account.ts';

/**
 * What becomes of a submit: its answer is settled; its answer is lost, and the order unknown; or the sender dies, right
 * after the call or right before it.
 */
export type SubmitFate = 'settled' | 'answer-lost' | 'died-after-call' | 'died-before-call';

export interface Sender {
  readonly orders: Orders;
  readonly books: Books;
  readonly policy: Policy;
  readonly safety: Safety;
  readonly clock: Clock;
  readonly broker: Broker;
}

async function headroomNow({ books, policy, safety, clock }: Sender, { terms }: OrderIntent): Promise<Headroom> {
  const { accountId, strategyId } = terms;
  const exposure = await books.exposure(accountId);
  const strategy = (await safety.strategies(accountId)).find((one) => one.strategyId === strategyId) ?? null;
  return headroomOf(policy, { exposure, strategy }, clock.now());
}

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
  const order = markCleared({ intent, clientOrderId, orderClass, reservation, policyVersion: 1, warnings: [] });
  const headroom = await headroomNow(sender, intent);
  const claim = await orders.claim({ order, book, holder: 'sender', gates, headroom, dryRun: false });
  if (claim.kind !== 'claimed') throw new Error(`not claimed: ${JSON.stringify(claim)}`);
  const looked = await orders.lastLook(claim.order, { holder: 'sender', orderClass, gates, repeat: false });
  if (!looked.ok) throw new Error(`the last look refuses: ${looked.error.code}`);
  if (fate === 'died-before-call') return clientOrderId;
  const outcome = await broker.submit(looked.value);
  if (fate === 'died-after-call') return clientOrderId;
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

/** Orders that rest at the broker, with rows that know them: as `send` leaves them, without its transactions. */
export async function seedResting(
  tables: Tables,
  { broker, clock }: Sender,
  intents: readonly OrderIntent[],
  doWhatIsDue: () => void,
): Promise<void> {
  const now = clock.now();
  const sent = new Map<string, Order>();
  for (const intent of intents) {
    const reservation = reservationFor(intent.terms, parsePrice('500'));
    const claimed = claimOrder({ intent, reservation, holder: 'seed', at: now, dryRun: false }).order;
    const looked = lastLook(claimed, 'seed', now);
    if (!looked.ok) throw new Error('the last look refuses');
    const { order } = looked.value;
    const outcome = await broker.submit(markClaimed(order));
    if (outcome.kind !== 'acknowledged') throw new Error(`the broker does not take it: ${JSON.stringify(outcome)}`);
    sent.set(order.clientOrderId, order);
  }
  doWhatIsDue();
  let page: readonly BrokerOrder[] = [];
  do {
    const last = page.at(-1);
    page = await broker.listOrders({ status: 'open', limit: 500, ...(last && { afterOrder: last.brokerOrderId }) });
    for (const found of page) {
      const order = sent.get(found.clientOrderId ?? '');
      if (order === undefined) continue;
      await tables.write(orderPut(advance(order, updateFromSnapshot(found, 'reconciliation', now)).order));
    }
  } while (page.length > 0);
}
