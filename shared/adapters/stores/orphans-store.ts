/** Orphans over the tables. */
import type { Fact, Room } from '#events/envelope.ts';
import { makeFact } from '#events/fact.ts';
import { big, flag, ItemReader, quantityOrNull, text, textOrNull, whole } from '#shared/adapters/stores/attributes.ts';
import { bookPlaces, shareFacts } from '#shared/adapters/stores/book-facts.ts';
import { readBook } from '#shared/adapters/stores/book-item.ts';
import { accountPartition, bookKey, orphanKey } from '#shared/adapters/stores/keys.ts';
import { executionOf } from '#shared/adapters/stores/order-facts.ts';
import { readEvidence, writeEvidence } from '#shared/adapters/stores/order-record.ts';
import { shareWrites } from '#shared/adapters/stores/share-writes.ts';
import { formatMoney, formatQuantity } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Condition, Item } from '#shared/core/kernel/item.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import {
  type ExternalOrder,
  type ExternalStep,
  executionsOf,
  externalStep,
} from '#shared/core/reconcile/external-order.ts';
import type { ForeignBooking, ForeignOrder, Orphan, Orphans } from '#shared/ports/orphans.ts';
import type { QueryPage, Tables, TransactWrite } from '#shared/ports/tables.ts';

const SWAP_ROUNDS_MAX = 20;
const NOTHING_BOOKED = { changed: false, moved: false, crossesStrategy: false } as const;

const isDismissed = (item: Item | null): boolean => item !== null && item['dismissed'] !== undefined;

const readOrphan = (item: Item): Orphan => {
  const reader = new ItemReader(item, 'orphan');
  return {
    brokerOrderId: reader.text('brokerOrderId'),
    clientOrderId: reader.orNull('clientOrderId', (name) => reader.text(name)),
    status: reader.orNull('status', (name) => reader.text(name)),
    cumulativeQuantity: reader.orNull('cumulativeQuantity', (name) => reader.number(name)),
    firstSeenAt: reader.whole('firstSeenAt'),
  };
};

interface KnownOrder {
  readonly order: ExternalOrder;
  /** Counts the times that its executions were written; 0 before the first. */
  readonly bookings: number;
}

/** What is known of its executions; news that was only kept says nothing of them. */
function readKnown(item: Item | null, order: ForeignOrder): KnownOrder {
  if (item === null || item['bookings'] === undefined) return { order: { ...order, evidence: [] }, bookings: 0 };
  const reader = new ItemReader(item, `orphan ${order.brokerOrderId}`);
  return {
    order: {
      ...order,
      bookedFrom: reader.instantNs('bookedFrom'),
      evidence: reader.parsed('evidence', reader.text('evidence'), readEvidence),
    },
    bookings: reader.whole('bookings'),
  };
}

const asSeen = (bookings: number): Condition => ({
  name: 'orphan-version-changed',
  test:
    bookings === 0
      ? { op: 'lacks', attribute: 'bookings' }
      : { op: 'equals', attribute: 'bookings', value: whole(bookings) },
});

function orphanWrite({ order }: ExternalStep, known: KnownOrder, seen: Item | null, now: EpochMs): TransactWrite {
  const last = order.evidence.at(-1);
  const sighted = order.evidence.flatMap((line) => line.sightings).at(-1)?.cumulative ?? null;
  return {
    kind: 'update',
    table: 'books',
    key: orphanKey(order.accountId, order.brokerOrderId),
    set: {
      brokerOrderId: text(order.brokerOrderId),
      clientOrderId: textOrNull(order.foreignOrderId),
      status: textOrNull(last?.endClaim?.end ?? last?.openClaims.at(-1)?.status ?? null),
      cumulativeQuantity: quantityOrNull(sighted),
      ...(seen === null ? { firstSeenAt: whole(now) } : {}),
      bookedFrom: big(order.bookedFrom),
      evidence: text(writeEvidence(order.evidence)),
      bookings: whole(known.bookings + 1),
    },
    conditions: [asSeen(known.bookings)],
  };
}

function factsOf(room: Room, step: ExternalStep, seen: Book, now: EpochMs): readonly Fact[] {
  const { order, booked, shareBefore, shareAfter } = step;
  const correlationId = `external:${order.brokerOrderId}`.slice(0, 96);
  const place = bookPlaces(room, seen, { now, correlationId, causationId: order.brokerOrderId });
  const said = makeFact('external-fill.booked.v1', place(), {
    accountId: order.accountId,
    symbol: order.ticker,
    side: order.side,
    brokerOrderId: order.brokerOrderId,
    foreignOrderId: order.foreignOrderId?.slice(0, 160) ?? null,
    executions: executionsOf(order).map(executionOf),
    cumulativeQuantity: formatQuantity(booked.quantity),
    filledCost: formatMoney(booked.cost),
  });
  const moved = { cause: 'external', causeId: order.brokerOrderId, side: order.side } as const;
  return [said, ...shareFacts(seen, place, shareBefore, shareAfter, moved)];
}

async function book(
  tables: Tables,
  room: Room,
  foreign: ForeignOrder,
  told: Parameters<Orphans['book']>[1],
  now: EpochMs,
): Promise<ForeignBooking> {
  const { accountId, brokerOrderId, ticker } = foreign;
  for (let round = 0; round < SWAP_ROUNDS_MAX; round += 1) {
    const [item, bookItem] = await tables.getTogether([
      { table: 'books', key: orphanKey(accountId, brokerOrderId) },
      { table: 'books', key: bookKey(accountId, ticker) },
    ]);
    if (bookItem === null || bookItem === undefined) {
      throw new Fault('permanent', 'book-missing', `${accountId} has no book of ${ticker}`);
    }
    const seen = readBook(bookItem);
    const known = readKnown(item ?? null, foreign);
    const step = externalStep(known.order, told(known.order.evidence), seen, newYorkDate(now));
    const dismissed = isDismissed(item ?? null);
    if (!step.changed) return { ...NOTHING_BOOKED, dismissed };
    const moved = step.book !== seen;
    const { shareBefore: before, shareAfter: after } = step;
    const facts = moved ? factsOf(room, step, seen, now) : [];
    const outcome = await tables.transact([
      orphanWrite(step, known, item ?? null, now),
      ...(moved ? shareWrites({ seen, next: step.book, before, after, facts }) : []),
    ]);
    if (outcome.ok) return { changed: true, moved, crossesStrategy: step.crossesStrategy, dismissed };
    const names = outcome.failures.flatMap((failure) => failure.names);
    const missing = names.find((name) => name.endsWith('-missing'));
    if (missing !== undefined) throw new Fault('permanent', missing, `${brokerOrderId} cannot be booked: ${missing}`);
  }
  throw new Fault('transient', 'orphan-contended', `other writers of ${brokerOrderId} won every round`);
}

/** @param room names who speaks in the facts. */
export function orphansStore(tables: Tables, room: Room): Orphans {
  return {
    book: (order, told, now) => book(tables, room, order, told, now),

    async isBooked(accountId, brokerOrderId) {
      const item = await tables.get('books', orphanKey(accountId, brokerOrderId));
      if (item === null || item['evidence'] === undefined) return false;
      const reader = new ItemReader(item, `orphan ${brokerOrderId}`);
      const evidence = reader.parsed('evidence', reader.text('evidence'), readEvidence);
      return evidence.some((line) => line.reports.length > 0);
    },

    async dismiss(accountId, brokerOrderId) {
      await tables.write({
        kind: 'update',
        table: 'books',
        key: orphanKey(accountId, brokerOrderId),
        set: { dismissed: flag(true) },
        conditions: [{ name: 'orphan-known', test: { op: 'exists' } }],
      });
    },

    async keep(accountId, update) {
      if (update.brokerOrderId === null) {
        throw new Fault('permanent', 'orphan-nameless', 'news of an order that neither we nor the broker can name');
      }
      const key = orphanKey(accountId, update.brokerOrderId);
      const latest = {
        brokerOrderId: text(update.brokerOrderId),
        clientOrderId: textOrNull(update.clientOrderId),
        status: textOrNull(update.status),
        cumulativeQuantity: quantityOrNull(update.cumulativeQuantity),
      };
      const known = await tables.write({
        kind: 'update',
        table: 'books',
        key,
        set: latest,
        conditions: [{ name: 'orphan-known', test: { op: 'exists' } }],
      });
      if (known.ok) return;
      await tables.write({
        kind: 'update',
        table: 'books',
        key,
        set: { ...latest, firstSeenAt: whole(update.receivedAt) },
        conditions: [{ name: 'orphan-new', test: { op: 'absent' } }],
      });
    },

    async all(accountId) {
      const items: Item[] = [];
      let cursor: string | null = null;
      do {
        const request = { table: 'books', partition: accountPartition(accountId), prefix: 'ORPHAN#' } as const;
        const page: QueryPage = await tables.query(cursor === null ? request : { ...request, cursor });
        items.push(...page.items);
        cursor = page.cursor;
      } while (cursor !== null);
      return items.map(readOrphan);
    },
  };
}
