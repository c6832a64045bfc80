/** Steps of an order that exists, written under the versions that were seen. */
import type { Room } from '#events/envelope.ts';
import { readBook } from '#shared/adapters/stores/book-item.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { gateChecks, strategyCheck } from '#shared/adapters/stores/claim.ts';
import { journalPuts } from '#shared/adapters/stores/journal-item.ts';
import { bookKey, orderKey } from '#shared/adapters/stores/keys.ts';
import { orderFacts, refusedFacts } from '#shared/adapters/stores/order-facts.ts';
import { orderUpdate, readOrderItem } from '#shared/adapters/stores/order-item.ts';
import type { OrderMemory } from '#shared/adapters/stores/order-memory.ts';
import { stepWrites } from '#shared/adapters/stores/step-writes.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { compareTexts } from '#shared/core/kernel/conditions.ts';
import type { AccountId, ClientOrderId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import { type ClaimedOrder, markClaimed } from '#shared/core/order/claimed.ts';
import type { Step } from '#shared/core/order/consequences.ts';
import { isOpen, type Order, type OrderIntent } from '#shared/core/order/order.ts';
import { lastLook, resend, type StepRefusal } from '#shared/core/order/sending.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import { touchesBook } from '#shared/core/portfolio/touches-book.ts';
import { gateRefusal } from '#shared/core/safety/gate-conditions.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { LastLook, OrderPage, Settled } from '#shared/ports/orders.ts';
import type { Tables, TransactWrite, WriteOutcome } from '#shared/ports/tables.ts';

/** Rounds of compare and swap before a change gives up; each lost round means that another writer won. */
const SWAP_ROUNDS_MAX = 30;

/** What every step of one store goes through. */
export interface OrderTables {
  readonly tables: Tables;
  /** Who speaks in the facts. */
  readonly room: Room;
  readonly clock: Clock;
  readonly memory: OrderMemory;
}

export async function readOrderRow({ tables }: OrderTables, id: ClientOrderId): Promise<Order | null> {
  const item = await tables.get('orders', orderKey(id));
  return item === null ? null : readOrderItem(item);
}

/** Orders of one page; so many are read together. */
const OPEN_PAGE = 500;
const ROWS_TOGETHER = 100;

/**
 * The open orders of an account by the marks of its books, which move with every order: unlike an index they never lag.
 * A page goes on behind the key of the last mark of the one before.
 */
export async function listOpen(
  { tables, room }: OrderTables,
  accountId: AccountId,
  cursor: string | undefined,
): Promise<OrderPage> {
  const books = await booksStore(tables, room).all(accountId);
  const marks = books
    .flatMap(({ ticker, openOrders }) => openOrders.map(({ clientOrderId }) => ({ ticker, clientOrderId })))
    .map(({ ticker, clientOrderId }) => ({ at: `${ticker}#${clientOrderId}`, clientOrderId }))
    .filter(({ at }) => cursor === undefined || compareTexts(at, cursor) > 0)
    .sort((a, b) => compareTexts(a.at, b.at));
  const page = marks.slice(0, OPEN_PAGE);
  const keys = page.map(({ clientOrderId }) => ({ table: 'orders', key: orderKey(clientOrderId) }) as const);
  const orders: Order[] = [];
  for (let from = 0; from < keys.length; from += ROWS_TOGETHER) {
    const items = await tables.getTogether(keys.slice(from, from + ROWS_TOGETHER));
    orders.push(...items.flatMap((item) => (item === null ? [] : [readOrderItem(item)])));
  }
  return { orders: orders.filter(isOpen), cursor: marks.length > page.length ? (page.at(-1)?.at ?? null) : null };
}

async function readBookOf({ tables }: OrderTables, order: Order): Promise<Book> {
  const { accountId, ticker } = order.intent.terms;
  const item = await tables.get('books', bookKey(accountId, ticker));
  if (item === null) {
    throw new Fault('permanent', 'book-missing', `order ${order.clientOrderId} has no book of ${ticker}`);
  }
  return readBook(item);
}

/**
 * The writes of a step. The book is read after the order, and only where the step touches it: both are written under the
 * versions that were seen, so that what moved in between is found out.
 */
async function writesOf(
  store: OrderTables,
  before: Order,
  step: Step,
  now: EpochMs,
): Promise<readonly TransactWrite[]> {
  if (touchesBook(before, step)) {
    return stepWrites(store.room, { before, step, book: await readBookOf(store, before), now });
  }
  const said = { sequenceBefore: before.journalSequence, now, warnings: [] };
  const facts = orderFacts(store.room, step.order, step.consequences.facts, said);
  return [orderUpdate(step.order, before.version), ...journalPuts(facts)];
}

const namesOf = (outcome: WriteOutcome): readonly string[] =>
  outcome.ok ? [] : outcome.failures.flatMap((failure) => failure.names);

const MOVED = new Set(['order-version-changed', 'book-version-changed', 'journal-sequence-free']);

/** Takes a step and writes it, anew on what is there whenever another writer was first. */
export async function writeStep(
  store: OrderTables,
  id: ClientOrderId,
  take: (order: Order, now: EpochMs) => Step | null,
): Promise<Settled | null> {
  const { tables, clock, memory } = store;
  for (let round = 0; round < SWAP_ROUNDS_MAX; round += 1) {
    const remembered = memory.recall(id);
    const seen = remembered ?? (await readOrderRow(store, id));
    if (seen === null) return null;
    const now = clock.now();
    const step = take(seen, now);
    if (step === null || !step.changed) {
      // That there is nothing to do is only true of the row itself.
      if (remembered !== null) {
        memory.forget(id);
        continue;
      }
      memory.keep(seen);
      return step === null ? null : { order: seen, changed: false, followUps: [] };
    }
    const outcome = await tables.transact(await writesOf(store, seen, step, now));
    if (outcome.ok) {
      memory.keep(step.order);
      return { order: step.order, changed: true, followUps: step.consequences.followUps };
    }
    memory.forget(id);
    const names = namesOf(outcome);
    if (names.some((name) => !MOVED.has(name))) {
      throw new Fault('permanent', 'settle-refused', `order ${id} could not be written: ${names.join(', ')}`);
    }
  }
  throw new Fault('transient', 'order-contended', `other writers of order ${id} won every round`);
}

const asRefusal = (barred: StepRefusal): Refusal =>
  barred.kind === 'refused'
    ? barred.refusal
    : refusal('lease-lost', `the order is ${barred.state}, and ${barred.event} is not possible from there`, {
        why: barred.why,
      });

/**
 * The gates and `claimed -> sending` in one transaction: what commits after a kill switch did is refused, and what the
 * transaction let through is the only thing that may be sent.
 */
export async function takeLastLook(
  store: OrderTables,
  order: Order,
  look: LastLook,
): Promise<Result<ClaimedOrder, Refusal>> {
  const { tables, memory } = store;
  const { gates, holder } = look;
  const { clientOrderId } = order;
  const taken = look.repeat ? resend(order, holder, gates.now) : lastLook(order, holder, gates.now);
  if (!taken.ok) return fail(asRefusal(taken.error));
  const { accountId } = order.intent.terms;
  for (let round = 0; round < SWAP_ROUNDS_MAX; round += 1) {
    const checks = [
      ...gateChecks(accountId, look.orderClass, gates),
      strategyCheck(order.intent.terms, look.orderClass),
    ];
    const outcome = await tables.transact([...checks, ...(await writesOf(store, order, taken.value, gates.now))]);
    if (outcome.ok) {
      memory.keep(taken.value.order);
      return succeed(markClaimed(taken.value.order));
    }
    const names = namesOf(outcome);
    const shut = names.find((name) => !MOVED.has(name));
    if (shut !== undefined) return fail(gateRefusal(shut, { accountId }));
    // A book that moved is read again; an order that moved is somebody else's now.
    if (names.every((name) => name === 'book-version-changed')) continue;
    memory.forget(clientOrderId);
    return fail(refusal('lease-lost', 'the order moved on before its last look', { clientOrderId }));
  }
  throw new Fault('transient', 'order-contended', `other writers of the book of ${clientOrderId} won every round`);
}

/** Says in the order's own history that its command came again with other terms. False when there is no such order. */
export async function recordConflict(
  store: OrderTables,
  intent: OrderIntent,
  conflict: Refusal,
  now: EpochMs,
): Promise<boolean> {
  const { tables, room, memory } = store;
  const id = clientOrderIdFor(intent.terms, intent.decision);
  for (let round = 0; round < SWAP_ROUNDS_MAX; round += 1) {
    const seen = await readOrderRow(store, id);
    if (seen === null) return false;
    const facts = refusedFacts(room, intent, conflict, now, seen.journalSequence);
    const next = { ...seen, version: seen.version + 1, journalSequence: seen.journalSequence + facts.length };
    const outcome = await tables.transact([orderUpdate(next, seen.version), ...journalPuts(facts)]);
    memory.forget(id);
    if (outcome.ok) return true;
  }
  throw new Fault('transient', 'order-contended', `other writers of order ${id} won every round`);
}
