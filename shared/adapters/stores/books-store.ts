/** Books and exposure over the tables. */
import type { FactData, FactType } from '#events/catalogue.ts';
import type { Room } from '#events/envelope.ts';
import { aggregateOf, makeFact } from '#events/fact.ts';
import { ItemReader, money, text, whole } from '#shared/adapters/stores/attributes.ts';
import { bookAttributes, bookItem, readBook } from '#shared/adapters/stores/book-item.ts';
import { readExposure } from '#shared/adapters/stores/exposure-item.ts';
import { journalPut } from '#shared/adapters/stores/journal-item.ts';
import { accountPartition, bookKey, exposureKey } from '#shared/adapters/stores/keys.ts';
import type { Money } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { AccountId, Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import type { Condition, Item } from '#shared/core/kernel/item.ts';
import { type Book, emptyBook, outranks, type Quarantine } from '#shared/core/portfolio/book.ts';
import type { Books, QuarantineLift } from '#shared/ports/books.ts';
import type { Exposure } from '#shared/core/portfolio/exposure.ts';
import type { QueryRequest, TransactWrite, Tables } from '#shared/ports/tables.ts';

const SWAP_ROUNDS_MAX = 20;

/** The book as it was read is the book as it is. */
export const bookVersionIs = (version: number): Condition => ({
  name: 'book-version-changed',
  test: { op: 'equals', attribute: 'version', value: whole(version) },
});

/** Writes the next book over the one that was seen; its version is counted up here. */
export const bookWrite = (seen: Book, next: Book): TransactWrite => ({
  kind: 'update',
  table: 'books',
  key: bookKey(seen.accountId, seen.ticker),
  set: bookAttributes({ ...next, version: seen.version + 1 }),
  conditions: [bookVersionIs(seen.version)],
});

interface BookFact<T extends FactType> {
  readonly type: T;
  readonly data: FactData<T>;
  readonly now: EpochMs;
  readonly correlationId: string;
}

type Range = Pick<QueryRequest, 'prefix' | 'from' | 'to'>;

async function allItems(tables: Tables, partition: string, range: Range): Promise<readonly Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const request = { table: 'books', partition, ...range } as const;
    const page = await tables.query(cursor === null ? request : { ...request, cursor });
    items.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== null);
  return items;
}

class BooksStore implements Books {
  readonly #tables: Tables;
  readonly #room: Room;

  constructor(tables: Tables, room: Room) {
    this.#tables = tables;
    this.#room = room;
  }

  async get(accountId: AccountId, symbol: Ticker): Promise<Book | null> {
    const item = await this.#tables.get('books', bookKey(accountId, symbol));
    return item === null ? null : readBook(item);
  }

  async all(accountId: AccountId): Promise<readonly Book[]> {
    return (await allItems(this.#tables, accountPartition(accountId), { prefix: 'BOOK#' })).map(readBook);
  }

  async exposure(accountId: AccountId): Promise<Exposure | null> {
    const item = await this.#tables.get('books', exposureKey(accountId));
    return item === null ? null : readExposure(item);
  }

  async ofAccount(accountId: AccountId): ReturnType<Books['ofAccount']> {
    // Books lie right before the exposure; what else may lie between is none of either.
    const { sk } = exposureKey(accountId);
    const items = await allItems(this.#tables, accountPartition(accountId), { from: 'BOOK#', to: sk });
    const keyOf = (item: Item): string => new ItemReader(item, 'books').text('sk');
    const exposure = items.find((item) => keyOf(item) === sk);
    return {
      books: items.filter((item) => keyOf(item).startsWith('BOOK#')).map(readBook),
      exposure: exposure === undefined ? null : readExposure(exposure),
    };
  }

  async open(accountId: AccountId, symbols: readonly Ticker[]): Promise<void> {
    const there = new Set((await this.all(accountId)).map((book) => book.ticker));
    for (const symbol of symbols) {
      if (there.has(symbol)) continue;
      // Somebody else may have opened it since: then it is there, which is all that was asked.
      await this.#tables.write({
        kind: 'put',
        table: 'books',
        item: bookItem({ ...emptyBook(accountId, symbol), version: 1 }),
        conditions: [{ name: 'book-absent', test: { op: 'absent' } }],
      });
    }
  }

  async beginSession(accountId: AccountId, session: CalendarDate, equity: Money): Promise<void> {
    const begun: Condition = {
      name: 'session-begun',
      test: {
        op: 'any',
        tests: [
          { op: 'equals', attribute: 'session', value: { NULL: true } },
          { op: 'below', attribute: 'session', value: text(session) },
        ],
      },
    };
    const outcome = await this.#tables.write({
      kind: 'update',
      table: 'books',
      key: exposureKey(accountId),
      set: { session: text(session), ordersToday: whole(0), equityAtOpen: money(equity), equity: money(equity) },
      conditions: [{ name: 'exposure-missing', test: { op: 'exists' } }, begun],
    });
    if (outcome.ok) return;
    if (outcome.failures.some((failure) => failure.names.includes('exposure-missing'))) {
      throw new Fault('permanent', 'exposure-missing', `${accountId} has no exposure item; \`belay init\` makes it`);
    }
    await this.#tables.write({
      kind: 'update',
      table: 'books',
      key: exposureKey(accountId),
      set: { equity: money(equity) },
      conditions: [{ name: 'session-same', test: { op: 'equals', attribute: 'session', value: text(session) } }],
    });
  }

  quarantine(accountId: AccountId, symbol: Ticker, quarantine: Quarantine, correlationId: string): Promise<boolean> {
    const { code, message } = quarantine;
    return this.#swap(accountId, symbol, (seen) =>
      seen.quarantine !== null && !outranks(quarantine, seen.quarantine)
        ? null
        : {
            next: { ...seen, quarantine },
            fact: {
              type: 'quarantine.set.v1',
              data: { accountId, symbol, reason: { code, message, context: {} } },
              now: quarantine.at,
              correlationId,
            },
          },
    );
  }

  liftQuarantine(accountId: AccountId, symbol: Ticker, change: QuarantineLift): Promise<boolean> {
    const { provedCodes } = change;
    const code = provedCodes === undefined ? 'operator' : 'proved';
    const reason = { code, message: change.reason, context: {} };
    return this.#swap(accountId, symbol, (seen) =>
      seen.quarantine === null || provedCodes?.includes(seen.quarantine.code) === false
        ? null
        : {
            next: { ...seen, quarantine: null },
            fact: {
              type: 'quarantine.lifted.v1',
              data: { accountId, symbol, by: change.by, reason },
              now: change.now,
              correlationId: change.correlationId,
            },
          },
    );
  }

  /** Changes a book and says so, until the write wins; null from `change` leaves it. */
  async #swap<T extends FactType>(
    accountId: AccountId,
    symbol: Ticker,
    change: (seen: Book) => { readonly next: Book; readonly fact: BookFact<T> } | null,
  ): Promise<boolean> {
    for (let round = 0; round < SWAP_ROUNDS_MAX; round += 1) {
      const seen = await this.get(accountId, symbol);
      if (seen === null) throw new Fault('permanent', 'book-missing', `${accountId} has no book of ${symbol}`);
      const wanted = change(seen);
      if (wanted === null) return false;
      const { fact } = wanted;
      const sequence = seen.sequence + 1;
      const place = {
        room: this.#room,
        aggregateId: aggregateOf.book(accountId, symbol),
        sequence,
        occurredAt: fact.now,
        correlationId: fact.correlationId,
        causationId: null,
      };
      const outcome = await this.#tables.transact([
        bookWrite(seen, { ...wanted.next, sequence }),
        journalPut(makeFact(fact.type, place, fact.data)),
      ]);
      if (outcome.ok) return true;
    }
    throw new Fault('transient', 'book-contended', `other changes of ${symbol} won every round`);
  }
}

/** @param room names who speaks in the facts. */
export const booksStore = (tables: Tables, room: Room): Books => new BooksStore(tables, room);
