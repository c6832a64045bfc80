/** Stops over the tables: the book's share and the fact move together, under the book's version. */
import type { Fact, Room } from '#events/envelope.ts';
import { aggregateOf, makeFact } from '#events/fact.ts';
import { bookWrite } from '#shared/adapters/stores/books-store.ts';
import { journalPut } from '#shared/adapters/stores/journal-item.ts';
import { formatPrice, formatQuantity } from '#shared/core/kernel/decimal.ts';
import { type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { type Book, shareOf, withShare } from '#shared/core/portfolio/book.ts';
import type { Stops } from '#shared/ports/stops.ts';
import type { Tables } from '#shared/ports/tables.ts';

/** @param room names who speaks in the facts. */
export function stopsStore(tables: Tables, room: Room): Stops {
  const placeOf = (book: Book, now: EpochMs) => ({
    room,
    aggregateId: aggregateOf.book(book.accountId, book.ticker),
    sequence: book.sequence + 1,
    occurredAt: now,
    correlationId: `stop:${book.accountId}:${book.ticker}`,
    causationId: null,
  });
  const write = async (seen: Book, next: Book, fact: Fact): Promise<Book | null> => {
    const counted = { ...next, sequence: seen.sequence + 1 };
    const outcome = await tables.transact([bookWrite(seen, counted), journalPut(fact)]);
    return outcome.ok ? { ...counted, version: seen.version + 1 } : null;
  };
  return {
    async set(seen, strategyId, stopPrice, now) {
      const share = shareOf(seen, strategyId);
      const fact = makeFact('stop.set.v1', placeOf(seen, now), {
        accountId: seen.accountId,
        strategyId,
        symbol: seen.ticker,
        stopPrice: formatPrice(stopPrice),
        previousPrice: share.stopPrice === null ? null : formatPrice(share.stopPrice),
      });
      return await write(seen, withShare(seen, { ...share, stopPrice }), fact);
    },
    async flag(seen, strategyId, { quantity, since, message }, now) {
      const seconds = Math.round((now - since) / 1000);
      const fact = makeFact('position.unprotected.v1', placeOf(seen, now), {
        accountId: seen.accountId,
        strategyId,
        symbol: seen.ticker,
        quantity: formatQuantity(quantity),
        since: formatEpochMs(since),
        nakedSeconds: seconds,
        reason: { code: 'position-unprotected', message, context: {} },
      });
      return await write(seen, seen, fact);
    },
  };
}
