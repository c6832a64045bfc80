/** Stops of positions, kept in the book, each change with its fact. */
import type { Price } from '#shared/core/kernel/decimal.ts';
import type { StrategyId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import type { Unprotected } from '#shared/core/safety/position-plan.ts';

export interface Stops {
  /**
   * Sets the stop of a share, under the book as it was read.
   * @returns the book as it is now, or null when it moved in between: look anew
   */
  set(seen: Book, strategyId: StrategyId, stopPrice: Price, now: EpochMs): Promise<Book | null>;
  /** Says that a share is without its protection. Returns as `set` does. */
  flag(seen: Book, strategyId: StrategyId, unprotected: Unprotected, now: EpochMs): Promise<Book | null>;
}
