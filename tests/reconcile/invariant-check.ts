/**
 * The four invariants of docs/concepts/reconciliation.md, held from outside after every pass of every desk: from what lies
 * in the tables and from the broker's own ledger, without a line of the code that keeps them.
 */
import { eventIdOf } from '#events/envelope.ts';
import { factsOfItem } from '#shared/adapters/stores/journal-item.ts';
import { parseMoney, parseQuantity, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { Order } from '#shared/core/order/order.ts';
import { positionOf } from '#shared/core/portfolio/book.ts';
import type { LedgerOrder } from '#infra/local/alpaca/embedding.ts';
import type { Desk } from './desk.ts';
import { booksOf, inventedFills, journalDifferences, ordersOf } from './ledger-check.ts';

/** What lists told a while ago the ledger has left behind: then only what we have ourselves can be judged. */
const BLINDING: ReadonlySet<string> = new Set([
  'stale-lists',
  'hide-orders',
  'hide-lookup',
  'torn-pages',
  'activity-lag',
]);

const isBlind = ({ simulator }: Desk): boolean => simulator.faults.active().some(({ name }) => BLINDING.has(name));

/** 1, of an order: executions and gap are what is filled, and no more is filled than the broker ever filled. */
function quantityOf(order: Order, most: bigint): readonly string[] {
  const tiled = order.executions.reduce((sum, { quantity }) => sum + quantity, 0n);
  const says = (what: string): string => `1 ${order.clientOrderId}: ${what}`;
  const found: string[] = [];
  if (tiled + order.gapQuantity !== order.filledQuantity) found.push(says('executions and gap are not what is filled'));
  if (order.filledQuantity > most) found.push(says('more is filled than the broker ever filled'));
  return found;
}

/** 2: the average, where the quantities agree and no execution is missing, to a hundredth of a percent. */
function averageOf(order: Order, wire: LedgerOrder | undefined): readonly string[] {
  if (wire === undefined || order.provisional || order.filledQuantity === 0n) return [];
  if (parseQuantity(wire.filledQuantity) !== order.filledQuantity) return [];
  const theirs = parseMoney(wire.filledNotional);
  const apart = order.filledCost > theirs ? order.filledCost - theirs : theirs - order.filledCost;
  return apart * 10_000n <= theirs ? [] : [`2 ${order.clientOrderId}: the average is not the broker's`];
}

/** 4: an order's id follows from its decision, a fact's from its place. */
function identitiesOf(desk: Desk): readonly string[] {
  const facts = desk.tables.items('journal').flatMap(factsOfItem);
  const wrong = facts.filter(({ type, meta }) => meta.eventId !== eventIdOf(meta.aggregateId, meta.sequence, type));
  const places = new Set(facts.map(({ meta }) => `${meta.aggregateId} ${meta.sequence}`));
  return [
    ...wrong.map(({ type, meta }) => `4 ${type} of ${meta.aggregateId} has another id`),
    ...(places.size === facts.length ? [] : ['4 two facts have one place']),
    ...ordersOf(desk)
      .filter(
        ({ clientOrderId, intent }) =>
          intent.terms.strategyId !== 'manual' && clientOrderIdFor(intent.terms, intent.decision) !== clientOrderId,
      )
      .map(({ clientOrderId }) => `4 ${clientOrderId} does not follow from its decision`),
  ];
}

/** 1, of a symbol: the shares are what the broker holds, or the symbol is stopped. */
function holdingsOf(desk: Desk): readonly string[] {
  const held = new Map(
    desk.simulator.ledger().positions.map(({ symbol, quantity }) => [symbol, parseQuantity(quantity)]),
  );
  return booksOf(desk)
    .filter((book) => book.quarantine === null && positionOf(book) !== (held.get(book.ticker) ?? ZERO_QUANTITY))
    .map(({ ticker }) => `1 ${ticker}: the book holds something else, and is not stopped`);
}

/** Every violation, by its number. */
export function violatedInvariants(desk: Desk): readonly string[] {
  const ledger = desk.simulator.ledger();
  const wires = new Map(ledger.orders.map((wire) => [wire.id, wire]));
  const byClientId = new Map(ledger.orders.map((wire) => [wire.clientOrderId, wire]));
  // All that ever filled, whatever was taken back since.
  const most = new Map<string, bigint>();
  for (const { orderId, kind, quantity } of ledger.executions) {
    if (kind !== 'bust') most.set(orderId, (most.get(orderId) ?? 0n) + parseQuantity(quantity));
  }
  const ofOrders = ordersOf(desk).flatMap((order) => {
    const wire = order.brokerOrderId === null ? byClientId.get(order.clientOrderId) : wires.get(order.brokerOrderId);
    return [...quantityOf(order, most.get(wire?.id ?? '') ?? 0n), ...averageOf(order, wire)];
  });
  return [
    ...ofOrders,
    ...(isBlind(desk) ? [] : holdingsOf(desk)),
    ...inventedFills(desk).map((what) => `1 ${what}`),
    ...journalDifferences(desk).map((what) => `3 ${what}`),
    ...identitiesOf(desk),
  ];
}
