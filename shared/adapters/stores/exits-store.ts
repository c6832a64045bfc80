/** Exits over the tables. The book's mark and the exit's own item move together where one opens and where it ends. */
import type { Fact, Room } from '#events/envelope.ts';
import { aggregateOf, type FactPlace, makeFact } from '#events/fact.ts';
import { text, whole } from '#shared/adapters/stores/attributes.ts';
import { readBook } from '#shared/adapters/stores/book-item.ts';
import { bookWrite } from '#shared/adapters/stores/books-store.ts';
import { exitAttributes, readExit } from '#shared/adapters/stores/exit-item.ts';
import { journalPuts } from '#shared/adapters/stores/journal-item.ts';
import { accountPartition, bookKey, exitKey } from '#shared/adapters/stores/keys.ts';
import { formatPrice } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { AccountId, Ticker } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Condition } from '#shared/core/kernel/item.ts';
import { type Exit, type ExitRequest, openExit } from '#shared/core/order/exit.ts';
import type { Reason } from '#shared/core/order/order.ts';
import { type Book, shareOf } from '#shared/core/portfolio/book.ts';
import type { StopHit } from '#shared/core/safety/position-plan.ts';
import type { ExitOpening, Exits, StoredExit } from '#shared/ports/exits.ts';
import type { QueryRequest, Tables, TransactWrite } from '#shared/ports/tables.ts';

const SWAP_ROUNDS_MAX = 20;

/** A fact that still lacks its place in the book's history. */
type Say = (place: FactPlace) => Fact;

const identityOf = ({
  accountId,
  strategyId,
  ticker,
  exitId,
}: Pick<Exit, 'accountId' | 'strategyId' | 'ticker' | 'exitId'>) => ({
  accountId,
  strategyId,
  symbol: ticker,
  exitId,
});

const asSeen = (version: number): Condition => ({
  name: 'exit-version-changed',
  test: { op: 'equals', attribute: 'version', value: whole(version) },
});

/** No exit lies there, or one that has ended. */
const freeOfExit: Condition = {
  name: 'exit-version-changed',
  test: { op: 'any', tests: [{ op: 'absent' }, { op: 'equals', attribute: 'phase', value: text('completed') }] },
};

class ExitsStore implements Exits {
  readonly #tables: Tables;
  readonly #room: Room;

  constructor(tables: Tables, room: Room) {
    this.#tables = tables;
    this.#room = room;
  }

  async get(accountId: AccountId, symbol: Ticker): Promise<StoredExit | null> {
    const stored = await this.#last(accountId, symbol);
    return stored === null || stored.exit.phase === 'completed' ? null : stored;
  }

  /** The exit that is open on a symbol, or the last one that was. */
  async #last(accountId: AccountId, symbol: Ticker): Promise<StoredExit | null> {
    const item = await this.#tables.get('books', exitKey(accountId, symbol));
    return item === null ? null : readExit(item);
  }

  async all(accountId: AccountId): Promise<readonly StoredExit[]> {
    const found: StoredExit[] = [];
    let cursor: string | null = null;
    do {
      const request: QueryRequest = { table: 'books', partition: accountPartition(accountId), prefix: 'EXIT#' };
      const page = await this.#tables.query(cursor === null ? request : { ...request, cursor });
      found.push(...page.items.map(readExit));
      cursor = page.cursor;
    } while (cursor !== null);
    return found.filter(({ exit }) => exit.phase !== 'completed');
  }

  async open(request: ExitRequest, hit: StopHit | null): Promise<ExitOpening> {
    const { accountId, ticker, exitId, openedAt } = request;
    for (let round = 0; round < SWAP_ROUNDS_MAX; round += 1) {
      const book = await this.#book(accountId, ticker);
      if (book.exitId !== null) return book.exitId === exitId ? 'same' : 'other';
      // The command that opened it may come again after it is over.
      if ((await this.#last(accountId, ticker))?.exit.exitId === exitId) return 'same';
      // A stop closes what the book holds; the broker's own stop may have been first.
      if (hit !== null && shareOf(book, request.strategyId).quantity === 0n) return 'flat';
      const said: readonly Say[] = [...(hit === null ? [] : [stopTriggered(request, hit)]), exitOpened(request)];
      const outcome = await this.#tables.transact([
        ...this.#bookWrites(book, { ...book, exitId }, request, said, openedAt),
        this.#exitWrite(openExit(request), 1, freeOfExit),
      ]);
      if (outcome.ok) return 'opened';
    }
    throw contended(ticker);
  }

  async save(seen: StoredExit, next: Exit, now: EpochMs): Promise<StoredExit | null> {
    const version = seen.version + 1;
    const write = this.#exitWrite(next, version, asSeen(seen.version));
    const { blockedBy } = next;
    if (blockedBy === null || seen.exit.phase === 'blocked') {
      const outcome = await this.#tables.transact([write]);
      return outcome.ok ? { exit: next, version } : null;
    }
    return (await this.#withBook(next, exitBlocked(next, blockedBy), now, write, (book) => book))
      ? { exit: next, version }
      : null;
  }

  complete(seen: StoredExit, next: Exit, now: EpochMs): Promise<boolean> {
    const write = this.#exitWrite(next, seen.version + 1, asSeen(seen.version));
    // A late fill may have brought units back since the share was seen flat.
    return this.#withBook(next, exitCompleted(next), now, write, (book) =>
      shareOf(book, next.strategyId).quantity === 0n ? { ...book, exitId: null } : null,
    );
  }

  /** Writes an exit together with its book; the book is read again as often as it moves, the exit never. Null changes nothing. */
  async #withBook(
    exit: Exit,
    say: Say,
    now: EpochMs,
    write: TransactWrite,
    change: (book: Book) => Book | null,
  ): Promise<boolean> {
    for (let round = 0; round < SWAP_ROUNDS_MAX; round += 1) {
      const book = await this.#book(exit.accountId, exit.ticker);
      const changed = change(book);
      if (changed === null) return false;
      const outcome = await this.#tables.transact([...this.#bookWrites(book, changed, exit, [say], now), write]);
      if (outcome.ok) return true;
      if (outcome.failures.some(({ names }) => names.includes('exit-version-changed'))) return false;
    }
    throw contended(exit.ticker);
  }

  async #book(accountId: AccountId, symbol: Ticker): Promise<Book> {
    const item = await this.#tables.get('books', bookKey(accountId, symbol));
    if (item === null) throw new Fault('permanent', 'book-missing', `${accountId} has no book of ${symbol}`);
    return readBook(item);
  }

  #exitWrite(exit: Exit, version: number, condition: Condition): TransactWrite {
    return {
      kind: 'update',
      table: 'books',
      key: exitKey(exit.accountId, exit.ticker),
      set: exitAttributes(exit, version),
      conditions: [condition],
    };
  }

  #bookWrites(
    book: Book,
    next: Book,
    of: Pick<Exit, 'accountId' | 'ticker' | 'correlationId' | 'exitId'>,
    said: readonly Say[],
    now: EpochMs,
  ): readonly TransactWrite[] {
    const facts = said.map((say, index) =>
      say({
        room: this.#room,
        aggregateId: aggregateOf.book(of.accountId, of.ticker),
        sequence: book.sequence + 1 + index,
        occurredAt: now,
        correlationId: of.correlationId,
        causationId: of.exitId,
      }),
    );
    return [bookWrite(book, { ...next, sequence: book.sequence + facts.length }), ...journalPuts(facts)];
  }
}

const contended = (symbol: Ticker): Fault =>
  new Fault('transient', 'book-contended', `other changes of ${symbol} won every round`);

const reasonOf = ({ code, message, context }: Reason) => ({ code, message, context: { ...context } });

const stopTriggered =
  (request: ExitRequest, { stopPrice, lastPrice }: StopHit): Say =>
  (place) =>
    makeFact('stop.triggered.v1', place, {
      ...identityOf(request),
      stopPrice: formatPrice(stopPrice),
      lastPrice: formatPrice(lastPrice),
    });

const exitOpened =
  (request: ExitRequest): Say =>
  (place) =>
    makeFact('exit.opened.v1', place, {
      ...identityOf(request),
      by: request.by,
      reason: reasonOf(request.reason),
    });

const exitBlocked =
  (exit: Exit, why: Reason): Say =>
  (place) =>
    makeFact('exit.blocked.v1', place, { ...identityOf(exit), reason: reasonOf(why) });

const exitCompleted =
  (exit: Exit): Say =>
  (place) =>
    makeFact('exit.completed.v1', place, { ...identityOf(exit), generations: exit.generations });

/** @param room names who speaks in the facts. */
export const exitsStore = (tables: Tables, room: Room): Exits => new ExitsStore(tables, room);
