/** Adjustments of positions over the tables. */
import type { Room } from '#events/envelope.ts';
import { makeFact } from '#events/fact.ts';
import { ItemReader, whole } from '#shared/adapters/stores/attributes.ts';
import { bookPlaces, shareFacts } from '#shared/adapters/stores/book-facts.ts';
import { readBook } from '#shared/adapters/stores/book-item.ts';
import { bookKey, markKey } from '#shared/adapters/stores/keys.ts';
import { shareWrites } from '#shared/adapters/stores/share-writes.ts';
import { formatMoney, formatQuantity, subtractMoney, ZERO_MONEY } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { ticker as tickerOf } from '#shared/core/kernel/identity.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { type Book, shareOf, type StrategyShare, withShare } from '#shared/core/portfolio/book.ts';
import type { Adjustment, Adjustments } from '#shared/ports/adjustments.ts';
import type { Tables, TransactWrite } from '#shared/ports/tables.ts';

const SWAP_ROUNDS_MAX = 20;
/** Sums up what adjustments say was paid, though no cash moved. */
const ADJUSTED = 'ADJUSTED';
/** Before a symbol: when it was last adjusted. */
const AT = 'at ';

function adjustedShare(before: StrategyShare, { quantity, cost, now }: Adjustment): StrategyShare {
  const flat = quantity === 0n;
  return {
    ...before,
    quantity,
    cost: flat ? ZERO_MONEY : cost,
    openedOn: flat ? null : (before.openedOn ?? newYorkDate(now)),
    stopPrice: flat ? null : before.stopPrice,
  };
}

function writesOf(room: Room, adjustment: Adjustment, seen: Book): readonly TransactWrite[] | null {
  const { accountId, strategyId, ticker, by, now } = adjustment;
  if (adjustment.onlyUntouched === true && seen.sequence > 0) return null;
  const before = shareOf(seen, strategyId);
  const after = adjustedShare(before, adjustment);
  if (after.quantity === before.quantity && after.cost === before.cost) return null;
  const place = bookPlaces(room, seen, { now, correlationId: `adjust:${ticker}:${now}`, causationId: null });
  const facts = [
    makeFact('position.adjusted.v1', place(), {
      accountId,
      strategyId,
      symbol: ticker,
      before: formatQuantity(before.quantity),
      after: formatQuantity(after.quantity),
      by,
      reason: { code: 'operator', message: adjustment.reason, context: { cost: formatMoney(after.cost) } },
    }),
    ...shareFacts(seen, place, before, after, { cause: 'adjustment', causeId: by.slice(0, 96), side: null }),
  ];
  const paid = subtractMoney(after.cost, before.cost);
  const counted: TransactWrite = {
    kind: 'update',
    table: 'books',
    key: markKey(accountId, ADJUSTED),
    set: { [`${AT}${ticker}`]: whole(now) },
    add: { paid: formatMoney(paid) },
    conditions: [],
  };
  return [...shareWrites({ seen, next: withShare(seen, after), before, after, facts }), counted];
}

/** @param room names who speaks in the facts. */
export function adjustmentsStore(tables: Tables, room: Room): Adjustments {
  return {
    async adjust(adjustment) {
      const { accountId, ticker } = adjustment;
      for (let round = 0; round < SWAP_ROUNDS_MAX; round += 1) {
        const item = await tables.get('books', bookKey(accountId, ticker));
        if (item === null) throw new Fault('permanent', 'book-missing', `${accountId} has no book of ${ticker}`);
        const writes = writesOf(room, adjustment, readBook(item));
        if (writes === null) return false;
        const outcome = await tables.transact(writes);
        if (outcome.ok) return true;
        const names = outcome.failures.flatMap((failure) => failure.names);
        const missing = names.find((name) => name.endsWith('-missing'));
        if (missing !== undefined) throw new Fault('permanent', missing, `${ticker} cannot be adjusted: ${missing}`);
      }
      throw new Fault('transient', 'book-contended', `other changes of ${ticker} won every round`);
    },

    async adjusted(accountId) {
      const item = await tables.get('books', markKey(accountId, ADJUSTED));
      if (item === null) return { paid: ZERO_MONEY, at: new Map() };
      const reader = new ItemReader(item, 'sum of adjustments');
      const symbols = Object.keys(item).filter((name) => name.startsWith(AT));
      const at = new Map(symbols.map((name) => [tickerOf(name.slice(AT.length)), reader.instant(name)]));
      return { paid: reader.money('paid'), at };
    },
  };
}
