/** Which symbols bars and quotes are needed of, beside those of the universe. */
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { Book } from '#shared/core/portfolio/book.ts';

/**
 * What is held or on order outside of the universe, by the order of the books. A symbol that has left the universe is
 * still priced, protected and sold, until nothing of it is left.
 */
export function heldOutside(universe: readonly Ticker[], books: readonly Book[]): readonly Ticker[] {
  const members = new Set(universe);
  return books
    .filter((book) => !members.has(book.ticker))
    .filter((book) => book.openOrders.length > 0 || book.shares.some(({ quantity }) => quantity !== 0n))
    .map((book) => book.ticker);
}
