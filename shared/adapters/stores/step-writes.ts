/** One step of an order as writes: the order, its facts, its book, the exposure and the strategy's cash, together. */
import type { Fact, Room } from '#events/envelope.ts';
import { makeFact } from '#events/fact.ts';
import { bookPlaces, shareFacts } from '#shared/adapters/stores/book-facts.ts';
import { bookAttributes } from '#shared/adapters/stores/book-item.ts';
import { bookVersionIs } from '#shared/adapters/stores/books-store.ts';
import { journalPuts } from '#shared/adapters/stores/journal-item.ts';
import { bookKey, exposureKey, strategyKey } from '#shared/adapters/stores/keys.ts';
import type { PaceWrite } from '#shared/adapters/stores/pace-item.ts';
import { orderFacts } from '#shared/adapters/stores/order-facts.ts';
import { orderPut, orderUpdate } from '#shared/adapters/stores/order-item.ts';
import { SAFETY } from '#shared/core/safety/gate-conditions.ts';
import { addMoney, formatMoney, type Money, subtractMoney } from '#shared/core/kernel/decimal.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Condition } from '#shared/core/kernel/item.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import type { Step } from '#shared/core/order/consequences.ts';
import { isOpen, type Order } from '#shared/core/order/order.ts';
import { type Book, exposureOf } from '#shared/core/portfolio/book.ts';
import { type BookStep, bookStep } from '#shared/core/portfolio/book-order.ts';
import type { TransactWrite, UpdateWrite } from '#shared/ports/tables.ts';

/** What is asked of one item that an order draws on, and the counters of it that go on. */
interface Draw {
  readonly conditions: readonly Condition[];
  readonly pace: readonly PaceWrite[];
}

/** What a claim asks of the items that it draws on; a step of news asks nothing but that they exist. */
export interface Draws {
  readonly exposure: Draw;
  readonly strategy: Draw;
}

const EXISTS: Draws = {
  exposure: { conditions: [{ name: 'exposure-missing', test: { op: 'exists' } }], pace: [] },
  strategy: { conditions: [{ name: 'strategy-missing', test: { op: 'exists' } }], pace: [] },
};

/** One update of an item that is drawn on: what the step adds, and its counters. */
function drawUpdate(
  target: Pick<UpdateWrite, 'table' | 'key'>,
  add: Readonly<Record<string, string>>,
  { conditions, pace }: Draw,
): UpdateWrite {
  const set = Object.fromEntries(pace.flatMap((write) => Object.entries(write.set)));
  const counted = Object.fromEntries(pace.flatMap((write) => Object.entries(write.add)));
  return {
    kind: 'update',
    ...target,
    ...(Object.keys(set).length === 0 ? {} : { set }),
    add: { ...add, ...counted },
    conditions: [...conditions, ...pace.flatMap((write) => write.conditions)],
  };
}

function bookFacts(room: Room, book: Book, order: Order, stepped: BookStep, now: EpochMs): readonly Fact[] {
  const { shareBefore, shareAfter, quarantined } = stepped;
  const { clientOrderId, intent } = order;
  const place = bookPlaces(room, book, {
    now,
    correlationId: intent.correlationId,
    causationId: clientOrderId,
  });
  const moved = { cause: 'order', causeId: clientOrderId, side: intent.terms.side } as const;
  const facts = shareFacts(book, place, shareBefore, shareAfter, moved);
  if (quarantined === null) return facts;
  const reason = { code: quarantined.code, message: quarantined.message, context: {} };
  const data = { accountId: book.accountId, symbol: book.ticker, reason };
  return [...facts, makeFact('quarantine.set.v1', place(), data)];
}

/** Cash that the strategy gets back or gives: reservations released and money moved. */
const cashOf = (step: Step): Money =>
  addMoney(
    step.consequences.released.money,
    addMoney(step.consequences.book.cash, step.consequences.book.provisionalCash),
  );

function drawWrites(book: Book, next: Book, before: Order | null, step: Step, draws: Draws): readonly TransactWrite[] {
  const { accountId, strategyId } = step.order.intent.terms;
  const committed = subtractMoney(exposureOf(next), exposureOf(book));
  const opened = (isOpen(step.order) ? 1 : 0) - (before !== null && isOpen(before) ? 1 : 0);
  const today = before === null ? 1 : 0;
  const cash = cashOf(step);
  const writes: TransactWrite[] = [];
  const drawsExposure = committed !== 0n || opened !== 0 || today !== 0;
  if (drawsExposure || draws !== EXISTS) {
    const add = { committed: formatMoney(committed), ordersOpen: String(opened), ordersToday: String(today) };
    writes.push(drawUpdate({ table: 'books', key: exposureKey(accountId) }, add, draws.exposure));
  }
  const strategy = { table: 'safety', key: strategyKey(accountId, strategyId) } as const;
  if (cash !== 0n || draws.strategy.pace.length > 0) {
    writes.push(drawUpdate(strategy, { [SAFETY.cashAvailable]: formatMoney(cash) }, draws.strategy));
  } else if (draws !== EXISTS && draws.strategy.conditions.length > 0) {
    writes.push({ kind: 'check', ...strategy, conditions: draws.strategy.conditions });
  }
  return writes;
}

/** The writes of one step, in an order that a reader of failures relies on: the order's own put comes first. */
export function stepWrites(
  room: Room,
  change: {
    readonly before: Order | null;
    readonly step: Step;
    readonly book: Book;
    readonly now: EpochMs;
    /** Of an order whose row was lost: the last fact that the journal has of it. */
    readonly sequenceBefore?: number;
    /** Limits that the order came near to when it was cleared. */
    readonly warnings?: readonly Refusal[];
  },
  draws: Draws = EXISTS,
): readonly TransactWrite[] {
  const { before, step, book, now } = change;
  const { order, consequences } = step;
  const stepped = bookStep(book, step, newYorkDate(now), now);
  const saidOfBook = bookFacts(room, book, order, stepped, now);
  const next: Book = { ...stepped.book, sequence: book.sequence + saidOfBook.length, version: book.version + 1 };
  const sequenceBefore = change.sequenceBefore ?? before?.journalSequence ?? 0;
  const facts = [
    ...orderFacts(room, order, consequences.facts, { sequenceBefore, now, warnings: change.warnings ?? [] }),
    ...saidOfBook,
  ];
  const touched = before === null || bookChanged(book, next);
  return [
    before === null ? orderPut(order) : orderUpdate(order, before.version),
    ...journalPuts(facts),
    ...(touched
      ? [
          {
            kind: 'update',
            table: 'books',
            key: bookKey(book.accountId, book.ticker),
            set: bookAttributes(next),
            conditions: [bookVersionIs(book.version)],
          } as const,
        ]
      : []),
    ...drawWrites(book, next, before, step, draws),
  ];
}

/** Whether anything but the version moved. */
const bookChanged = (book: Book, next: Book): boolean =>
  JSON.stringify(bookAttributes({ ...book, version: 0 })) !== JSON.stringify(bookAttributes({ ...next, version: 0 }));
