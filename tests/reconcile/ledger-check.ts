/** Holds our orders and books to the broker's own ledger, which knows nothing of them. */
import { formatPrice, formatQuantity, parseQuantity, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import type { AnyFact } from '#events/catalogue.ts';
import { readBook } from '#shared/adapters/stores/book-item.ts';
import { readOrderItem } from '#shared/adapters/stores/order-item.ts';
import { factsOfItem } from '#shared/adapters/stores/journal-item.ts';
import { isOpen, type Order } from '#shared/core/order/order.ts';
import { type Book, positionOf } from '#shared/core/portfolio/book.ts';
import { replayProfit } from '#shared/core/reconcile/profit.ts';
import { bookedEntriesOf } from '#functions/reconcile/close-session.ts';
import type { BrokerLedger, BrokerSimulator } from '#infra/local/alpaca/embedding.ts';
import type { MemoryTables } from '#shared/adapters/memory/tables.ts';

/** Tables and the broker that they must agree with. */
export interface LedgerView {
  readonly tables: Pick<MemoryTables, 'items'>;
  readonly simulator: Pick<BrokerSimulator, 'ledger'>;
}

const ENDED_AT_BROKER: ReadonlySet<string> = new Set(['filled', 'canceled', 'expired', 'rejected']);

export const ordersOf = (desk: LedgerView): readonly Order[] => desk.tables.items('orders').map(readOrderItem);

export const booksOf = (desk: LedgerView): readonly Book[] =>
  desk.tables
    .items('books')
    .filter((item) => item['sk'] !== undefined && 'S' in item['sk'] && item['sk'].S.startsWith('BOOK#'))
    .map(readBook);

/** Executions of an order as the broker counts them now: what was undone is gone, what stands in for it is there. */
function brokerExecutions(ledger: BrokerLedger, brokerOrderId: string): readonly string[] {
  const own = ledger.executions.filter(({ orderId }) => orderId === brokerOrderId);
  const undone = new Set(own.flatMap(({ undoes }) => undoes ?? []));
  return own
    .filter(({ id, kind }) => kind !== 'bust' && !undone.has(id))
    .map(({ quantity, price }) => `${quantity} @ ${price}`)
    .sort();
}

const ourExecutions = (order: Order): readonly string[] =>
  order.executions.map(({ quantity, price }) => `${formatQuantity(quantity)} @ ${formatPrice(price)}`).sort();

/** Ours that the broker does not have, as often as we have it too often. */
function surplus(ours: readonly string[], theirs: readonly string[]): readonly string[] {
  const left = [...theirs];
  return ours.filter((one) => {
    const index = left.indexOf(one);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}

/** What we booked and the broker does not have: there must never be any, in whatever state. */
export function inventedFills(desk: LedgerView): readonly string[] {
  const ledger = desk.simulator.ledger();
  const byId = new Map(ledger.orders.map((wire) => [wire.id, wire]));
  const byClientId = new Map(ledger.orders.map((wire) => [wire.clientOrderId, wire]));
  // What was undone since may still be booked: the broker had it.
  const ever = new Map<string, string[]>();
  for (const { orderId, quantity, price } of ledger.executions) {
    ever.set(orderId, [...(ever.get(orderId) ?? []), `${quantity} @ ${price}`]);
  }
  return ordersOf(desk).flatMap((order) => {
    const wire = order.brokerOrderId === null ? byClientId.get(order.clientOrderId) : byId.get(order.brokerOrderId);
    if (wire === undefined) return ourExecutions(order).map((one) => `${order.clientOrderId}: ${one}, no such order`);
    return surplus(ourExecutions(order), ever.get(wire.id) ?? []).map((one) => `${order.clientOrderId}: ${one}`);
  });
}

/** Everything in which an order of ours differs from the broker's: executions, quantity, whether it has ended. */
export function orderDifferences(desk: LedgerView): readonly string[] {
  const ledger = desk.simulator.ledger();
  return ordersOf(desk).flatMap((order) => {
    const wire = ledger.orders.find(({ clientOrderId, id }) =>
      order.brokerOrderId === null ? clientOrderId === order.clientOrderId : id === order.brokerOrderId,
    );
    if (wire === undefined)
      return isOpen(order) && order.state !== 'unknown' ? [`${order.clientOrderId}: not at the broker`] : [];
    const [ours, theirs] = [ourExecutions(order), brokerExecutions(ledger, wire.id)];
    return [
      ...(ours.join() === theirs.join() ? [] : [`${order.clientOrderId}: ${ours.join()}, not ${theirs.join()}`]),
      ...(formatQuantity(order.filledQuantity) === wire.filledQuantity
        ? []
        : [`${order.clientOrderId}: ${formatQuantity(order.filledQuantity)} filled, not ${wire.filledQuantity}`]),
      ...(isOpen(order) === !ENDED_AT_BROKER.has(wire.status)
        ? []
        : [`${order.clientOrderId}: ${order.state}, not ${wire.status}`]),
      ...(order.provisional ? [`${order.clientOrderId}: provisional`] : []),
    ];
  });
}

/** Symbols of which the books hold another quantity than the broker, and whether they are stopped for it. */
export function mismatches(desk: LedgerView): readonly { readonly stopped: boolean; readonly what: string }[] {
  const held = new Map(
    desk.simulator.ledger().positions.map(({ symbol, quantity }) => [symbol, parseQuantity(quantity)]),
  );
  return booksOf(desk).flatMap((book) => {
    const [ours, theirs] = [positionOf(book), held.get(book.ticker) ?? ZERO_QUANTITY];
    const what = `${book.ticker}: ${formatQuantity(ours)}, not ${formatQuantity(theirs)}`;
    return ours === theirs ? [] : [{ stopped: book.quarantine !== null, what }];
  });
}

/** Those that nothing has stopped. */
export const openMismatches = (desk: LedgerView): readonly string[] =>
  mismatches(desk).flatMap(({ stopped, what }) => (stopped ? [] : [what]));

/** What does not hold when the trade journal is computed again from its beginning. */
export function journalDifferences(
  desk: LedgerView,
  facts: readonly AnyFact[] = desk.tables.items('journal').flatMap(factsOfItem),
): readonly string[] {
  const books = booksOf(desk);
  const violations = replayProfit(bookedEntriesOf(facts), books, true).map(({ ticker, what }) => `${ticker}: ${what}`);
  // What the orders and the external orders say was filled is what the shares gained, adjustments aside.
  const executed = new Map<string, { quantity: bigint; paid: bigint }>();
  const add = (symbol: string, side: 'buy' | 'sell', quantity: bigint, cost: bigint): void => {
    const sum = executed.get(symbol) ?? { quantity: 0n, paid: 0n };
    executed.set(symbol, {
      quantity: sum.quantity + (side === 'buy' ? quantity : -quantity),
      paid: sum.paid + (side === 'buy' ? cost : -cost),
    });
  };
  for (const order of ordersOf(desk)) {
    const { ticker, side } = order.intent.terms;
    add(ticker, side, order.filledQuantity, order.filledCost + order.gapCost);
  }
  for (const book of books) {
    const external = facts.flatMap((fact) =>
      fact.type === 'position.booked.v1' && fact.data.symbol === book.ticker && fact.data.cause === 'external'
        ? [parseQuantity(fact.data.quantityChange)]
        : [],
    );
    const adjusted = facts.flatMap((fact) =>
      fact.type === 'position.booked.v1' && fact.data.symbol === book.ticker && fact.data.cause === 'adjustment'
        ? [parseQuantity(fact.data.quantityChange)]
        : [],
    );
    const ofOrders = executed.get(book.ticker)?.quantity ?? 0n;
    const expected = [...external, ...adjusted].reduce((sum, one) => sum + one, ofOrders);
    if (positionOf(book) !== expected) {
      violations.push(`${book.ticker}: the book holds ${positionOf(book)}, its executions come to ${expected}`);
    }
  }
  return violations;
}
