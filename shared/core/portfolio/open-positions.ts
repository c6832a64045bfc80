/** A strategy's own open positions, as its exit rules need them. */
import { approximateMoney, approximateQuantity } from '#shared/core/kernel/decimal.ts';
import type { StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import type { OpenPosition } from '#shared/core/signal/types.ts';

/** With their average entry price as a statistic. */
export function openPositionsOf(books: readonly Book[], strategyId: StrategyId): ReadonlyMap<Ticker, OpenPosition> {
  return new Map(
    books.flatMap((book) =>
      book.shares.flatMap((share) => {
        if (share.strategyId !== strategyId || share.quantity === 0n || share.openedOn === null) return [];
        const position: OpenPosition = {
          ticker: book.ticker,
          side: share.quantity > 0n ? 'long' : 'short',
          entryDate: share.openedOn,
          entryPrice: approximateMoney(share.cost) / approximateQuantity(share.quantity),
        };
        return [[book.ticker, position] as const];
      }),
    ),
  );
}
