/**
 * May a position be closed? The same list as for any order, held to the book as it will be once the exit has cleared its
 * way: what of the strategy's own holds the units, and what would trade with the exit, is canceled first.
 */
import {
  addQuantity,
  maxQuantity,
  minQuantity,
  type Quantity,
  subtractQuantity,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import type { OpenOrderMark } from '#shared/core/portfolio/book.ts';
import type { ClearingFacts, HoldingRead } from '#shared/core/risk/check.ts';
import { clearOrder } from '#shared/core/risk/clear-order.ts';

/** Only other strategies' orders of the same side are left as they are. */
const stays =
  ({ intent }: ClearingFacts) =>
  (mark: OpenOrderMark): boolean =>
    mark.strategyId !== intent.terms.strategyId && mark.side === intent.terms.side;

/** Why the exit is not to be opened, or null. Its orders are cleared again, each on facts of its own. */
export function exitRefusal(facts: ClearingFacts): Refusal | null {
  const { book, holding } = facts;
  const cleared = clearOrder({
    ...facts,
    book: book === null ? null : { ...book, openOrders: book.openOrders.filter(stays(facts)) },
    holding: holding === null ? null : { ...holding, available: holding.quantity },
  });
  return cleared.ok ? null : cleared.error;
}

/** The strategy's own stops that hold the units of an order. */
export const stopsInTheWay = ({ book, intent }: ClearingFacts): readonly OpenOrderMark[] =>
  (book?.openOrders ?? []).filter(
    (mark) =>
      mark.purpose === 'protective-stop' &&
      mark.strategyId === intent.terms.strategyId &&
      mark.side === intent.terms.side,
  );

/** The facts as they will be once the strategy's own resting stops have given way to the order. */
export function besideStops(facts: ClearingFacts): ClearingFacts {
  const stops = stopsInTheWay(facts);
  const { book, holding } = facts;
  if (book === null || stops.length === 0) return facts;
  const freed = stops.reduce((sum, { remaining }) => addQuantity(sum, remaining), ZERO_QUANTITY);
  const available = (held: HoldingRead): Quantity =>
    held.quantity >= 0n
      ? minQuantity(held.quantity, addQuantity(held.available, freed))
      : maxQuantity(held.quantity, subtractQuantity(held.available, freed));
  return {
    ...facts,
    book: { ...book, openOrders: book.openOrders.filter((mark) => !stops.includes(mark)) },
    holding: holding === null ? null : { ...holding, available: available(holding) },
  };
}
