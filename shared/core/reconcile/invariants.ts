/**
 * What must hold after each pass, by number; docs/concepts/reconciliation.md states them for people. A violation is never
 * mended: its symbol is quarantined and a person looks.
 */
import {
  absoluteQuantity,
  addQuantity,
  averagePrice,
  formatMoney,
  formatPrice,
  formatQuantity,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import { termsMismatches } from '#shared/core/order/broker-snapshot.ts';
import { clientOrderIdFor, payloadHashOf } from '#shared/core/order/client-order-id.ts';
import type { Order } from '#shared/core/order/order.ts';
import { isAdopted } from '#shared/core/reconcile/adoption.ts';
import { bookedQuantity } from '#shared/core/order/reservation.ts';
import type { Book } from '#shared/core/portfolio/book.ts';

export const INVARIANTS = {
  1: 'quantity',
  2: 'average-price',
  3: 'profit',
  4: 'identity',
} as const;
export type InvariantNumber = keyof typeof INVARIANTS;

export interface Violation {
  readonly invariant: InvariantNumber;
  readonly ticker: Ticker;
  /** The order or book that it was found at. */
  readonly subject: string;
  readonly what: string;
}

/** The average of our executions may stray from the broker's, which it rounds, by a hundredth of a percent. */
const AVERAGE_PRICE_TOLERANCE_BPS = 1n;

type Found = (invariant: InvariantNumber, what: string) => Violation;

/** 1: the tiles and the gap are what is filled, and what is filled is what the broker filled. */
function quantityOf(order: Order, found: BrokerOrder, says: Found): readonly Violation[] {
  const tiled = order.executions.reduce((sum, tile) => addQuantity(sum, tile.quantity), ZERO_QUANTITY);
  const booked = formatQuantity(order.filledQuantity);
  const violations: Violation[] = [];
  if (addQuantity(tiled, order.gapQuantity) !== order.filledQuantity) {
    const known = `${formatQuantity(tiled)} in executions and ${formatQuantity(order.gapQuantity)} without`;
    violations.push(says(1, `${booked} are filled, ${known}`));
  }
  if (order.filledQuantity !== found.filledQuantity) {
    violations.push(says(1, `${booked} are filled here, ${formatQuantity(found.filledQuantity)} at the broker`));
  }
  return violations;
}

/** 2: with every execution known, the average price is the broker's. */
function averageOf(order: Order, found: BrokerOrder, says: Found): readonly Violation[] {
  const theirs = found.filledAveragePrice;
  const quantity = bookedQuantity(order);
  if (order.provisional || theirs === null || quantity === 0n || order.filledQuantity !== found.filledQuantity)
    return [];
  const ours = averagePrice(order.filledCost, quantity, 'half-even');
  const apart = ours > theirs ? ours - theirs : theirs - ours;
  if (apart * 10_000n <= theirs * AVERAGE_PRICE_TOLERANCE_BPS) return [];
  return [says(2, `the executions average ${formatPrice(ours)}, the broker says ${formatPrice(theirs)}`)];
}

/** 4: the id follows from the decision, and the broker's order under it is the one that was decided. */
function identityOf(order: Order, found: BrokerOrder, says: Found): readonly Violation[] {
  if (isAdopted(order)) return [];
  const { terms, decision } = order.intent;
  const violations: Violation[] = [];
  if (
    clientOrderIdFor(terms, decision) !== order.clientOrderId ||
    payloadHashOf(terms, decision) !== order.payloadHash
  ) {
    violations.push(says(4, 'the id does not follow from the decision'));
  }
  const mismatches = termsMismatches(order, found).map(({ field, ours, theirs }) => `${field}: ${ours}, not ${theirs}`);
  if (mismatches.length > 0) {
    violations.push(says(4, `the broker has another order under the id (${mismatches.join('; ')})`));
  }
  return violations;
}

/** Holds an order to the broker's own object of it, which the order has taken in. */
export function violationsOfOrder(order: Order, found: BrokerOrder): readonly Violation[] {
  const says: Found = (invariant, what) => ({
    invariant,
    ticker: order.intent.terms.ticker,
    subject: order.clientOrderId,
    what,
  });
  return [...quantityOf(order, found, says), ...averageOf(order, found, says), ...identityOf(order, found, says)];
}

/** 3, as far as a book alone shows it: a share that holds nothing has cost nothing, and none costs less than nothing. */
export function violationsOfBook(book: Book): readonly Violation[] {
  if (book.gaps.length > 0) return [];
  return book.shares.flatMap(({ strategyId, quantity, cost }) => {
    const sound = quantity === 0n ? cost === 0n : quantity > 0n ? cost >= 0n : cost <= 0n;
    if (sound) return [];
    const what = `${strategyId} holds ${formatQuantity(absoluteQuantity(quantity))} at a cost of ${formatMoney(cost)}`;
    return [{ invariant: 3, ticker: book.ticker, subject: `book of ${book.ticker}`, what }];
  });
}
