/** A share that moved without an order of ours, as writes: the book, its facts, the exposure and the strategy's cash. */
import type { Fact } from '#events/envelope.ts';
import { bookWrite } from '#shared/adapters/stores/books-store.ts';
import { journalPuts } from '#shared/adapters/stores/journal-item.ts';
import { exposureKey, strategyKey } from '#shared/adapters/stores/keys.ts';
import { formatMoney, subtractMoney } from '#shared/core/kernel/decimal.ts';
import { type Book, exposureOf, type StrategyShare } from '#shared/core/portfolio/book.ts';
import { SAFETY } from '#shared/core/safety/gate-conditions.ts';
import type { TransactWrite } from '#shared/ports/tables.ts';

export interface ShareMove {
  readonly seen: Book;
  readonly next: Book;
  readonly before: StrategyShare;
  readonly after: StrategyShare;
  /** Numbered on from the book's last. */
  readonly facts: readonly Fact[];
}

const paidOf = (share: StrategyShare) => subtractMoney(share.cost, share.realizedProfit);

/** The writes of one move; `*-missing` and `book-version-changed` name what kept them from being made. */
export function shareWrites({ seen, next, before, after, facts }: ShareMove): readonly TransactWrite[] {
  const committed = subtractMoney(exposureOf(next), exposureOf(seen));
  const cash = subtractMoney(paidOf(before), paidOf(after));
  const writes: TransactWrite[] = [bookWrite(seen, { ...next, sequence: seen.sequence + facts.length })];
  if (committed !== 0n) {
    writes.push({
      kind: 'update',
      table: 'books',
      key: exposureKey(seen.accountId),
      add: { committed: formatMoney(committed) },
      conditions: [{ name: 'exposure-missing', test: { op: 'exists' } }],
    });
  }
  if (cash !== 0n) {
    writes.push({
      kind: 'update',
      table: 'safety',
      key: strategyKey(seen.accountId, after.strategyId),
      add: { [SAFETY.cashAvailable]: formatMoney(cash) },
      conditions: [{ name: 'strategy-missing', test: { op: 'exists' } }],
    });
  }
  return [...writes, ...journalPuts(facts)];
}
