/** The order store over the tables. */
import type { Room } from '#events/envelope.ts';
import { readBook } from '#shared/adapters/stores/book-item.ts';
import { adopt } from '#shared/adapters/stores/adopt.ts';
import { claim, gateChecks } from '#shared/adapters/stores/claim.ts';
import { journalPut } from '#shared/adapters/stores/journal-item.ts';
import { bookKey, orderKey } from '#shared/adapters/stores/keys.ts';
import { refusedFacts } from '#shared/adapters/stores/order-facts.ts';
import { readOrderItem } from '#shared/adapters/stores/order-item.ts';
import { stepWrites } from '#shared/adapters/stores/step-writes.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import { advance, advanceAll } from '#shared/core/order/advance.ts';
import { type ClaimedOrder, markClaimed } from '#shared/core/order/claimed.ts';
import type { Step } from '#shared/core/order/consequences.ts';
import type { Order } from '#shared/core/order/order.ts';
import { lastLook, resend, type StepRefusal } from '#shared/core/order/sending.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import { gateRefusal } from '#shared/core/safety/gate-conditions.ts';
import type { LastLook, Orders, Settled } from '#shared/ports/orders.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Tables } from '#shared/ports/tables.ts';

/** Rounds of compare and swap before a change gives up; each lost round means that another writer won. */
const SWAP_ROUNDS_MAX = 30;

interface OrderAndBook {
  readonly order: Order;
  readonly book: Book;
}

/** The order and its book at one moment, or null when there is no such order. */
async function readTogether(tables: Tables, id: ClientOrderId): Promise<OrderAndBook | null> {
  const first = await tables.get('orders', orderKey(id));
  if (first === null) return null;
  const { accountId, ticker } = readOrderItem(first).intent.terms;
  const [orderItem, bookItem] = await tables.getTogether([
    { table: 'orders', key: orderKey(id) },
    { table: 'books', key: bookKey(accountId, ticker) },
  ]);
  if (orderItem === null || orderItem === undefined) return null;
  if (bookItem === null || bookItem === undefined) {
    throw new Fault('permanent', 'book-missing', `order ${id} has no book of ${ticker}`);
  }
  return { order: readOrderItem(orderItem), book: readBook(bookItem) };
}

/** Takes a step and writes it, anew on what is there whenever another writer was first. */
async function writeStep(
  tables: Tables,
  room: Room,
  clock: Clock,
  id: ClientOrderId,
  take: (order: Order, now: EpochMs) => Step | null,
): Promise<Settled | null> {
  for (let round = 0; round < SWAP_ROUNDS_MAX; round += 1) {
    const seen = await readTogether(tables, id);
    if (seen === null) return null;
    const now = clock.now();
    const step = take(seen.order, now);
    if (step === null) return null;
    if (!step.changed) return { order: seen.order, changed: false, followUps: [] };
    const outcome = await tables.transact(stepWrites(room, { before: seen.order, step, book: seen.book, now }));
    if (outcome.ok) return { order: step.order, changed: true, followUps: step.consequences.followUps };
    const moved = outcome.failures.every((failure) =>
      failure.names.every((name) => name.endsWith('-version-changed') || name === 'journal-sequence-free'),
    );
    if (!moved) {
      const names = outcome.failures.flatMap((failure) => failure.names).join(', ');
      throw new Fault('permanent', 'settle-refused', `order ${id} could not be written: ${names}`);
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
async function takeLastLook(
  tables: Tables,
  room: Room,
  order: Order,
  look: LastLook,
): Promise<Result<ClaimedOrder, Refusal>> {
  const { gates, holder } = look;
  const taken = look.repeat ? resend(order, holder, gates.now) : lastLook(order, holder, gates.now);
  if (!taken.ok) return fail(asRefusal(taken.error));
  const seen = await readTogether(tables, order.clientOrderId);
  if (seen === null || seen.order.version !== order.version) {
    return fail(
      refusal('lease-lost', 'the order moved on before its last look', { clientOrderId: order.clientOrderId }),
    );
  }
  const { accountId } = order.intent.terms;
  const outcome = await tables.transact([
    ...gateChecks(accountId, look.orderClass, gates),
    ...stepWrites(room, { before: order, step: taken.value, book: seen.book, now: gates.now }),
  ]);
  if (outcome.ok) return succeed(markClaimed(taken.value.order));
  const names = outcome.failures.flatMap((failure) => failure.names);
  const lost = names.find((name) => name === 'order-version-changed' || name === 'journal-sequence-free');
  const shut = names.find(
    (name) => !['order-version-changed', 'journal-sequence-free', 'book-version-changed'].includes(name),
  );
  if (shut !== undefined) return fail(gateRefusal(shut, { accountId }));
  return fail(
    refusal('lease-lost', 'the order moved on at its last look', {
      clientOrderId: order.clientOrderId,
      lost: lost ?? 'book',
    }),
  );
}

/** @param room names who speaks in the facts. */
export function ordersStore(tables: Tables, room: Room, clock: Clock): Orders {
  const get = async (id: ClientOrderId): Promise<Order | null> => {
    const item = await tables.get('orders', orderKey(id));
    return item === null ? null : readOrderItem(item);
  };

  const findByBrokerId: Orders['findByBrokerId'] = async (id) => {
    const page = await tables.query({ table: 'orders', index: 'by-broker-order', partition: id, limit: 1 });
    const item = page.items[0];
    // The index lags; the row itself is asked again.
    return item === undefined ? null : await get(readOrderItem(item).clientOrderId);
  };

  return {
    get,
    findByBrokerId,

    async listOpen(accountId, cursor) {
      const request = { table: 'orders', index: 'open-by-account', partition: accountId } as const;
      const page = await tables.query(cursor === undefined ? request : { ...request, cursor });
      return { orders: page.items.map(readOrderItem), cursor: page.cursor };
    },

    claim: (request) => claim(tables, room, request),
    lastLook: (order, look) => takeLastLook(tables, room, order, look),

    async refuse(intent, refused, now) {
      const outcome = await tables.transact(refusedFacts(room, intent, refused, now).map(journalPut));
      return outcome.ok;
    },

    async settle(update) {
      const id =
        update.clientOrderId ??
        (update.brokerOrderId === null ? null : ((await findByBrokerId(update.brokerOrderId))?.clientOrderId ?? null));
      if (id === null) return null;
      return await writeStep(tables, room, clock, id, (order) => advance(order, { ...update, clientOrderId: id }));
    },

    settleAll: (id, told) =>
      writeStep(tables, room, clock, id, (order) =>
        advanceAll(
          order,
          told(order).map((update) => ({ ...update, clientOrderId: id })),
        ),
      ),

    adopt: (adoption) => adopt(tables, room, clock, adoption),

    step: (id, take) =>
      writeStep(tables, room, clock, id, (order) => {
        const taken = take(order);
        return taken.ok ? taken.value : null;
      }),
  };
}
