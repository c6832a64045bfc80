/**
 * The books of the house against the broker's own ledger. Both were written by code that knows nothing of the other:
 * what differs is a mistake of the house, and each difference is told in one line.
 */
import {
  addQuantity,
  formatQuantity,
  parseMoney,
  parseQuantity,
  type Quantity,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import { isOpen, type Order, type OrderState } from '#shared/core/order/order.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import type { BrokerLedger, LedgerOrder } from '#infra/local/alpaca/embedding.ts';

export interface BooksCheck {
  readonly brokerOrders: number;
  /** Orders at the broker beyond the first of their decision. */
  readonly duplicateBrokerOrders: number;
  /** Orders whose fate the house does not know, or knows wrongly. */
  readonly unresolvedOrders: number;
  /** Orders whose executions do not add up to what the broker filled. */
  readonly fillGaps: number;
  /** Symbols of which the house holds another quantity than the broker. */
  readonly positionMismatches: number;
  /** One line for each of them. */
  readonly differences: readonly string[];
}

interface Finding {
  readonly kind: 'duplicate' | 'unresolved' | 'gap' | 'position';
  readonly text: string;
}

/** States in which nobody knows yet whether or how the order stands at the broker. */
const UNRESOLVED_STATES: ReadonlySet<OrderState> = new Set<OrderState>([
  'claimed',
  'sending',
  'unknown',
  'pending_cancel',
]);
const BROKER_END_STATUSES: ReadonlySet<string> = new Set(['filled', 'canceled', 'expired', 'rejected', 'replaced']);

export function checkBooks(orders: readonly Order[], books: readonly Book[], ledger: BrokerLedger): BooksCheck {
  const findings = [
    ...findDuplicates(orders, ledger),
    ...findUnresolved(orders, ledger),
    ...findGaps(orders, ledger),
    ...findPositionMismatches(books, ledger),
  ];
  const count = (kind: Finding['kind']): number => findings.filter((finding) => finding.kind === kind).length;
  return {
    brokerOrders: ledger.orders.length,
    duplicateBrokerOrders: count('duplicate'),
    unresolvedOrders: count('unresolved'),
    fillGaps: count('gap'),
    positionMismatches: count('position'),
    differences: findings.map(({ text }) => text),
  };
}

const byClientId = (orders: readonly Order[]): ReadonlyMap<string, Order> =>
  new Map(orders.map((order) => [order.clientOrderId, order]));

/** What an order is for; an order that the house does not know stands for itself. */
function decisionOf(order: Order | undefined, wire: LedgerOrder): string {
  if (order === undefined) return wire.clientOrderId;
  const { terms, decision } = order.intent;
  const { decisionId, generation, slice } = decision;
  return [terms.accountId, terms.strategyId, terms.ticker, terms.side, decisionId, generation, slice].join('|');
}

function findDuplicates(orders: readonly Order[], ledger: BrokerLedger): readonly Finding[] {
  const known = byClientId(orders);
  const first = new Map<string, string>();
  return ledger.orders.flatMap((wire): readonly Finding[] => {
    const decision = decisionOf(known.get(wire.clientOrderId), wire);
    const other = first.get(decision);
    if (other === undefined) {
      first.set(decision, wire.id);
      return [];
    }
    return [
      { kind: 'duplicate', text: `${wire.symbol}: broker orders ${other} and ${wire.id} carry out one decision` },
    ];
  });
}

function findUnresolved(orders: readonly Order[], ledger: BrokerLedger): readonly Finding[] {
  const known = byClientId(orders);
  const wires = new Map(ledger.orders.map((wire) => [wire.clientOrderId, wire]));
  const unknown = ledger.orders.filter(({ clientOrderId }) => !known.has(clientOrderId));
  const unresolved = (text: string): Finding => ({ kind: 'unresolved', text });
  return [
    ...unknown.map(({ id, symbol }) => unresolved(`${symbol}: the house does not know the broker's order ${id}`)),
    ...orders.flatMap((order) => {
      const wire = wires.get(order.clientOrderId);
      const what = `${order.intent.terms.ticker}: order ${order.clientOrderId} is ${order.state}`;
      if (UNRESOLVED_STATES.has(order.state)) return [unresolved(`${what} at the end`)];
      if (wire === undefined) {
        return isOpen(order) || order.filledQuantity !== ZERO_QUANTITY
          ? [unresolved(`${what}, the broker has none`)]
          : [];
      }
      return BROKER_END_STATUSES.has(wire.status) === isOpen(order)
        ? [unresolved(`${what}, at the broker ${wire.status}`)]
        : [];
    }),
  ];
}

function findGaps(orders: readonly Order[], ledger: BrokerLedger): readonly Finding[] {
  const known = byClientId(orders);
  return ledger.orders.flatMap((wire): readonly Finding[] => {
    const order = known.get(wire.clientOrderId);
    if (order === undefined) return [];
    const what = `${wire.symbol}: order ${order.clientOrderId}`;
    if (order.filledQuantity !== parseQuantity(wire.filledQuantity)) {
      const booked = formatQuantity(order.filledQuantity);
      return [{ kind: 'gap', text: `${what} has ${booked} filled, at the broker ${wire.filledQuantity}` }];
    }
    if (order.gapQuantity !== ZERO_QUANTITY || order.provisional || order.contradicted) {
      return [{ kind: 'gap', text: `${what} is filled without knowing all of its executions` }];
    }
    const tiled = order.executions.reduce((total, { quantity }) => addQuantity(total, quantity), ZERO_QUANTITY);
    if (tiled !== order.filledQuantity || order.filledCost !== parseMoney(wire.filledNotional)) {
      return [{ kind: 'gap', text: `${what} has executions that do not add up to the broker's` }];
    }
    return [];
  });
}

function findPositionMismatches(books: readonly Book[], ledger: BrokerLedger): readonly Finding[] {
  const held = new Map<string, Quantity>();
  for (const book of books) {
    const total = book.shares.reduce((sum, { quantity }) => addQuantity(sum, quantity), ZERO_QUANTITY);
    held.set(book.ticker, addQuantity(held.get(book.ticker) ?? ZERO_QUANTITY, total));
  }
  const brokers = new Map(ledger.positions.map(({ symbol, quantity }) => [symbol, parseQuantity(quantity)]));
  return [...new Set([...held.keys(), ...brokers.keys()])].sort().flatMap((symbol): readonly Finding[] => {
    const [ours, theirs] = [held.get(symbol) ?? ZERO_QUANTITY, brokers.get(symbol) ?? ZERO_QUANTITY];
    if (ours === theirs) return [];
    const text = `${symbol}: the books hold ${formatQuantity(ours)}, the broker ${formatQuantity(theirs)}`;
    return [{ kind: 'position', text }];
  });
}
