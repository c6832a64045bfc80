/**
 * What the house keeps in its tables, in one process: books, orders, exits, exposure and the strategies' cash, moved by
 * the same pure steps. Versions and sequences of books are counted as the stores count them, since ids are made of them.
 */
import { bookAttributes } from '#shared/adapters/stores/book-item.ts';
import { addMoney, type Money, subtractMoney, subtractQuantity, ZERO_MONEY } from '#shared/core/kernel/decimal.ts';
import type { AccountId, StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import type { Step } from '#shared/core/order/consequences.ts';
import { type Exit, type ExitRequest, openExit } from '#shared/core/order/exit.ts';
import { isOpen, type Order } from '#shared/core/order/order.ts';
import { type Book, emptyBook, exposureOf, shareOf, type StrategyShare } from '#shared/core/portfolio/book.ts';
import { type BookStep, bookStep } from '#shared/core/portfolio/book-order.ts';
import { type Exposure, minuteOf, NO_PACE, type Pace } from '#shared/core/portfolio/exposure.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import { touchesBook } from '#shared/core/portfolio/touches-book.ts';
import type { ClearedOrder } from '#shared/core/risk/cleared.ts';
import type { StopHit } from '#shared/core/safety/position-plan.ts';
import { DISENGAGED, type StrategySafety } from '#shared/core/safety/safety-facts.ts';

const paidOf = (share: StrategyShare): Money => subtractMoney(share.cost, share.realizedProfit);

/** As many facts as the store journals for a step's move of its share. */
function factsOf({ shareBefore: before, shareAfter: after, quarantined }: BookStep): number {
  const said = quarantined === null ? 0 : 1;
  if (subtractQuantity(after.quantity, before.quantity) === 0n && paidOf(after) === paidOf(before)) return said;
  const opened = before.quantity === 0n && after.quantity !== 0n;
  const closed = before.quantity !== 0n && after.quantity === 0n;
  return said + 1 + (opened ? 1 : 0) + (closed ? 1 : 0);
}

const contentOf = (book: Book): string => JSON.stringify(bookAttributes({ ...book, version: 0 }));

export class PaperLedger {
  readonly accountId: AccountId;
  readonly #books = new Map<Ticker, Book>();
  readonly #orders = new Map<string, Order>();
  readonly #exits = new Map<Ticker, Exit>();
  readonly #strategies = new Map<StrategyId, StrategySafety>();
  #exposure: Exposure;
  readonly #isTouched = new Set<Ticker>();
  #touched: readonly Ticker[] = [];
  #changes = 0;
  /** Orders that came to be filled since it was asked last. */
  #filled = 0;

  constructor(accountId: AccountId, policy: Policy) {
    this.accountId = accountId;
    for (const ticker of policy.universe) this.#books.set(ticker, emptyBook(accountId, ticker));
    for (const { strategyId, enabled, cash } of policy.strategies) {
      const switches = { enabled, killSwitch: DISENGAGED };
      this.#strategies.set(strategyId, { strategyId, ...switches, minute: NO_PACE, cashAvailable: cash });
    }
    this.#exposure = {
      accountId,
      committed: ZERO_MONEY,
      ordersOpen: 0,
      ordersToday: 0,
      session: null,
      equityAtOpen: null,
      equity: null,
      minute: NO_PACE,
      cycle: NO_PACE,
    };
  }

  get books(): ReadonlyMap<Ticker, Book> {
    return this.#books;
  }

  get exposure(): Exposure {
    return this.#exposure;
  }

  get orders(): Iterable<Order> {
    return this.#orders.values();
  }

  /** Most books of a large universe have never been traded, and say nothing to anybody. By symbol. */
  touchedBooks(): readonly Book[] {
    return this.#touched.map((ticker) => this.bookOf(ticker));
  }

  /** Books of which something is held or on order, by symbol. */
  liveBooks(): readonly Book[] {
    return this.touchedBooks().filter(
      ({ shares, openOrders }) => openOrders.length > 0 || shares.some(({ quantity }) => quantity !== 0n),
    );
  }

  bookOf(ticker: Ticker): Book {
    return this.#books.get(ticker) ?? emptyBook(this.accountId, ticker);
  }

  order(id: string): Order | null {
    return this.#orders.get(id) ?? null;
  }

  strategy(id: StrategyId): StrategySafety | null {
    return this.#strategies.get(id) ?? null;
  }

  openOrders(books: Iterable<Book>): readonly Order[] {
    return [...books].flatMap((book) =>
      book.openOrders.flatMap(({ clientOrderId }) => this.order(clientOrderId) ?? []),
    );
  }

  /** The exit that is open on a symbol, or null. */
  exit(ticker: Ticker): Exit | null {
    return this.#exits.get(ticker) ?? null;
  }

  /** By symbol, as the table lists them. */
  exits(): readonly Exit[] {
    return [...this.#exits.values()].sort((a, b) => (a.ticker < b.ticker ? -1 : 1));
  }

  /** Grows with every write of an order, a book or an exit. */
  get changes(): number {
    return this.#changes;
  }

  takeFilled(): number {
    const filled = this.#filled;
    this.#filled = 0;
    return filled;
  }

  /** What the first pass of reconciliation does for a session; what later ones bring up to date, no check reads. */
  beginSession(session: CalendarDate, equity: Money): void {
    this.#exposure = { ...this.#exposure, session, ordersToday: 0, equityAtOpen: equity, equity };
  }

  openExit(request: ExitRequest, hit: StopHit | null): 'opened' | 'same' | 'other' | 'flat' {
    const book = this.bookOf(request.ticker);
    if (book.exitId !== null) return book.exitId === request.exitId ? 'same' : 'other';
    if (hit !== null && shareOf(book, request.strategyId).quantity === 0n) return 'flat';
    this.writeBook({ ...book, exitId: request.exitId }, hit === null ? 1 : 2);
    this.#exits.set(request.ticker, openExit(request));
    return 'opened';
  }

  saveExit(before: Exit, next: Exit): void {
    this.#changes += 1;
    this.#exits.set(next.ticker, next);
    if (next.blockedBy !== null && before.phase !== 'blocked') this.writeBook(this.bookOf(next.ticker), 1);
  }

  completeExit({ ticker }: Exit): void {
    this.#exits.delete(ticker);
    this.writeBook({ ...this.bookOf(ticker), exitId: null }, 1);
  }

  /** Writes a book over the one that is there, with so many facts. */
  writeBook(next: Book, facts: number): Book {
    const written = { ...next, sequence: next.sequence + facts, version: next.version + 1 };
    this.#books.set(next.ticker, written);
    this.#changes += 1;
    if (!this.#isTouched.has(next.ticker)) {
      this.#isTouched.add(next.ticker);
      this.#touched = [...this.#isTouched].sort();
    }
    return written;
  }

  /** The writes of one step: order, book, exposure and the strategy's cash move together. */
  apply(before: Order | null, step: Step, now: EpochMs): Order {
    const { order, consequences } = step;
    if (before !== null && !step.changed) return before;
    this.#orders.set(order.clientOrderId, order);
    this.#changes += 1;
    if (consequences.facts.some(({ kind }) => kind === 'filled')) this.#filled += 1;
    if (before === null || touchesBook(before, step)) this.#move(before, step, now);
    const { cash, provisionalCash } = consequences.book;
    const gained = addMoney(consequences.released.money, addMoney(cash, provisionalCash));
    const strategy = this.#strategies.get(order.intent.terms.strategyId);
    if (strategy !== undefined && gained !== 0n) {
      const cashAvailable = addMoney(strategy.cashAvailable, gained);
      this.#strategies.set(strategy.strategyId, { ...strategy, cashAvailable });
    }
    return order;
  }

  #move(before: Order | null, step: Step, now: EpochMs): void {
    const { order } = step;
    const book = this.bookOf(order.intent.terms.ticker);
    const stepped = bookStep(book, step, newYorkDate(now), now);
    const facts = factsOf(stepped);
    const changed = before === null || facts > 0 || contentOf(stepped.book) !== contentOf(book);
    if (changed) this.writeBook(stepped.book, facts);
    const opened = (isOpen(order) ? 1 : 0) - (before !== null && isOpen(before) ? 1 : 0);
    this.#exposure = {
      ...this.#exposure,
      committed: addMoney(this.#exposure.committed, subtractMoney(exposureOf(stepped.book), exposureOf(book))),
      ordersOpen: this.#exposure.ordersOpen + opened,
      ordersToday: this.#exposure.ordersToday + (before === null ? 1 : 0),
    };
  }

  /** Counts an entry in the windows that limit how fast orders are placed. */
  count({ orderClass, reservation, intent }: ClearedOrder, now: EpochMs): void {
    if (orderClass !== 'entry') return;
    const counted = (pace: Pace, window: string): Pace => {
      const before = pace.window === window ? pace : NO_PACE;
      return { window, orders: before.orders + 1, notional: addMoney(before.notional, reservation.money) };
    };
    const { minute, cycle } = this.#exposure;
    this.#exposure = {
      ...this.#exposure,
      minute: counted(minute, minuteOf(now)),
      cycle: intent.runId === null ? cycle : counted(cycle, intent.runId),
    };
    const strategy = this.#strategies.get(intent.terms.strategyId);
    if (strategy !== undefined) {
      this.#strategies.set(strategy.strategyId, { ...strategy, minute: counted(strategy.minute, minuteOf(now)) });
    }
  }
}
