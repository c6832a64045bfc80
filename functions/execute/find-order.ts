/** Looking for an order that may be at the broker. What is found is ours only when nothing about it differs. */
import { addMs } from '#shared/core/kernel/instant.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import { mismatchRefusal, type TermsMismatch, termsMismatches } from '#shared/core/order/broker-snapshot.ts';
import type { Order, Reason } from '#shared/core/order/order.ts';
import { markTaken, markUnknown, refusedByBroker } from '#shared/core/order/sending.ts';
import { LOOKUP_MISSES_BEFORE_RESEND } from '#shared/core/order/unknown-fate.ts';
import { type ExecuteDependencies, mayWaitUntil, type Sender } from './sender.ts';

/** Between two look-ups: a broker may show an order a little later than it took it. */
const LOOKUP_PAUSE_MS = 1_000;

export type Search =
  | { readonly kind: 'ours'; readonly found: BrokerOrder }
  /** The id is taken by an order that is not ours: none of ours can have been placed under it. */
  | { readonly kind: 'another'; readonly refusal: Refusal }
  | { readonly kind: 'missing'; readonly order: Order; readonly lookupMisses: number };

/** The order as it stands once its fate is written down as unknown. */
async function doubted(dependencies: ExecuteDependencies, order: Order, doubt: Reason): Promise<Order> {
  const { orders, clock, telemetry } = dependencies;
  const { clientOrderId } = order;
  const mark = doubt.code === 'duplicate' ? markTaken : markUnknown;
  const step = await orders.step(clientOrderId, (row) => mark(row, doubt, clock.now()));
  if (step?.changed === true) {
    telemetry.count('OrdersUnknown');
    telemetry.warn('the outcome of a submit is not known', { clientOrderId, code: doubt.code, cause: doubt.message });
  }
  return step?.order ?? (await orders.get(clientOrderId)) ?? order;
}

/**
 * Writes the doubt down, then looks the order up, more than once where it is missing. A broker that says that it has the
 * id is asked first: whose order that is settles the doubt before it arises.
 * @throws Fault where the broker cannot be read
 */
export async function findOrder(
  dependencies: ExecuteDependencies,
  sender: Sender,
  order: Order,
  doubt: Reason,
): Promise<Search> {
  const { broker, clock } = dependencies;
  let row = doubt.code === 'duplicate' ? order : await doubted(dependencies, order, doubt);
  let misses = 0;
  for (;;) {
    const found = await broker.findByClientId(order.clientOrderId);
    if (found !== null) {
      const mismatches = termsMismatches(order, found);
      return mismatches.length === 0 ? { kind: 'ours', found } : await anothers(dependencies, order, mismatches);
    }
    misses += 1;
    if (misses === 1) row = await doubted(dependencies, row, doubt);
    const next = addMs(clock.now(), LOOKUP_PAUSE_MS);
    if (misses >= LOOKUP_MISSES_BEFORE_RESEND || !mayWaitUntil(sender, next)) {
      return { kind: 'missing', order: row, lookupMisses: misses };
    }
    await clock.sleepUntil(next);
  }
}

/** Somebody uses our ids, or we used one twice: nothing more is bought of the symbol until a person has looked. */
async function anothers(
  { books, clock, orders, telemetry }: ExecuteDependencies,
  order: Order,
  mismatches: readonly TermsMismatch[],
): Promise<Search> {
  const { clientOrderId, intent } = order;
  const why = mismatchRefusal(mismatches);
  telemetry.error('the broker has another order under this id', { clientOrderId, code: why.code, ...why.context });
  telemetry.count('OrderAlarms');
  const { accountId, ticker } = intent.terms;
  const quarantine = { code: why.code, message: `order ${clientOrderId}: ${why.message}`, at: clock.now() };
  await books.quarantine(accountId, ticker, quarantine, intent.correlationId);
  await orders.step(clientOrderId, (row) => refusedByBroker(row, why, clock.now()));
  return { kind: 'another', refusal: why };
}
