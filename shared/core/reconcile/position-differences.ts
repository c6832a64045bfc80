/** Where the books and the broker differ in what is held. Quantities have no tolerance. */
import { type Quantity, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import { type Book, positionOf } from '#shared/core/portfolio/book.ts';

export interface HeldPosition {
  readonly ticker: Ticker;
  /** Negative when short. */
  readonly quantity: Quantity;
}

export interface PositionDifference {
  readonly ticker: Ticker;
  readonly ours: Quantity;
  readonly broker: Quantity;
  /** Of the book that was compared; a book without one holds nothing. */
  readonly bookVersion: number;
}

/** By symbol, in the order of the alphabet. A symbol that one side does not know is held there with nothing. */
export function positionDifferences(
  books: readonly Book[],
  positions: readonly HeldPosition[],
): readonly PositionDifference[] {
  const bookOf = new Map(books.map((book) => [book.ticker, book]));
  const heldOf = new Map(positions.map((position) => [position.ticker, position.quantity]));
  return [...new Set([...bookOf.keys(), ...heldOf.keys()])].sort().flatMap((ticker) => {
    const book = bookOf.get(ticker);
    const ours = book === undefined ? ZERO_QUANTITY : positionOf(book);
    const broker = heldOf.get(ticker) ?? ZERO_QUANTITY;
    return ours === broker ? [] : [{ ticker, ours, broker, bookVersion: book?.version ?? 0 }];
  });
}

/**
 * Differences that stood in two looks, with a book that nobody touched between them. A fill that fell between the
 * reading of the positions and that of the orders is gone at the second look, or has moved the book.
 */
export const standingDifferences = (
  first: readonly PositionDifference[],
  second: readonly PositionDifference[],
): readonly PositionDifference[] =>
  second.filter((now) =>
    first.some(
      (before) =>
        before.ticker === now.ticker &&
        before.ours === now.ours &&
        before.broker === now.broker &&
        before.bookVersion === now.bookVersion,
    ),
  );
