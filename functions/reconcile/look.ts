/**
 * One look at the account: positions first, then what explains them, then the books. What the broker did between the two
 * readings shows as a difference that is gone at the next look.
 */
import type { BrokerOrderId, ClientOrderId } from '#shared/core/kernel/identity.ts';
import type { Order } from '#shared/core/order/order.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import { doubtSpan, gapSpan, mergeSpans, type TimeSpan } from '#shared/core/reconcile/gaps.ts';
import { ordersToLookUp } from '#shared/core/reconcile/lookups.ts';
import { newsByOrder } from '#shared/core/reconcile/news-by-order.ts';
import { type PositionDifference, positionDifferences } from '#shared/core/reconcile/position-differences.ts';
import type { Adjusted } from '#shared/ports/adjustments.ts';
import type { BrokerAccount, BrokerActivity, BrokerPosition } from '#shared/ports/broker.ts';
import type { PassProgress } from '#shared/ports/reconciliations.ts';
import { cancelLate } from './cancel-late.ts';
import { openBooks } from './compare-books.ts';
import { lookUpAll } from './look-up-missing.ts';
import type { BackfilledPart, Pass } from './pass.ts';
import { readNews, readPart } from './read-broker.ts';
import { settleNews } from './settle-news.ts';

export interface Look {
  readonly kind: 'seen';
  readonly account: BrokerAccount;
  readonly positions: readonly BrokerPosition[];
  readonly books: readonly Book[];
  readonly adjusted: Adjusted;
  /** Our open orders as they were listed when the look began. */
  readonly open: readonly Order[];
  readonly differences: readonly PositionDifference[];
}

/** Time or requests ran out; the next pass goes on from there. */
export interface Unfinished {
  readonly kind: 'unfinished';
  readonly progress: PassProgress;
}

/** Requests that settling one order may take. */
const REQUESTS_TO_SETTLE = 4;

/** Spans that a pass reads beside its window; the others wait for the next. */
const SPANS_MAX = 5;

/** @throws Fault when something cannot be read or written */
export async function look(pass: Pass): Promise<Look | Unfinished> {
  const { accountId, adjustments, books, broker, policy, tally } = pass;
  const [account, positions, open, before, adjusted] = await Promise.all([
    broker.account(),
    broker.positions(),
    openOrders(pass),
    books.all(accountId),
    adjustments.adjusted(accountId),
  ]);
  const incomplete = await incompleteOrders(pass, before);
  const read = await readNews(broker, pass.window, spansOf(pass, incomplete, before));
  const part = await readBackfill(pass);
  const opened = await openBooks(pass, before, [...policy.universe, ...positions.map(({ ticker }) => ticker)]);
  const settledBefore = tally.ordersSettled + tally.orphans;
  if (!pass.dryRun) {
    const activities = new Map([...read.activities, ...part.activities].map((one) => [one.activityId, one]));
    const unfinished = await settleAndLookUp(pass, newsByOrder(read.orders, [...activities.values()]), {
      open,
      incomplete,
      settled: () => {
        tally.backfilled ??= part.done;
      },
    });
    if (unfinished !== null) return unfinished;
  }
  const stands = !opened && tally.ordersSettled + tally.orphans === settledBefore;
  const first = stands ? positionDifferences(before, positions) : null;
  // Books that nobody touched are those that were read beside the positions; else they are read again.
  const after = first !== null && first.length === 0 ? before : await books.all(accountId);
  const differences = positionDifferences(after, positions);
  return { kind: 'seen', account, positions, books: after, adjusted, open, differences };
}

interface LookedAt {
  readonly open: readonly Order[];
  readonly incomplete: readonly Order[];
  /** Told when all the news is settled. */
  readonly settled: () => void;
}

interface Backfill {
  readonly activities: readonly BrokerActivity[];
  /** Null where there is none. */
  readonly done: BackfilledPart | null;
}

/** The oldest backfill that was asked for, or the part of it that one pass may read; once in a pass. */
async function readBackfill({ asked, broker, dryRun, tally }: Pass): Promise<Backfill> {
  const wanted = asked.find(({ backfill }) => backfill !== null);
  if (dryRun || wanted === undefined || wanted.backfill === null || tally.backfilled !== null) {
    return { activities: [], done: null };
  }
  const { activities, goesOnAfter } = await readPart(broker, wanted.backfill);
  return { activities, done: { requestId: wanted.requestId, goesOnAfter } };
}

async function settleAndLookUp(
  pass: Pass,
  news: ReturnType<typeof newsByOrder>,
  { open, incomplete, settled }: LookedAt,
): Promise<Unfinished | null> {
  const { startedAt, session, build } = pass;
  const unfinished = (lookedUpTo: ClientOrderId | null): Unfinished => ({
    kind: 'unfinished',
    progress: { startedAt, session: session.date, build, lookedUpTo },
  });
  const rows = {
    byClientId: new Map<ClientOrderId, Order>(open.map((order) => [order.clientOrderId, order])),
    byBrokerId: new Map<BrokerOrderId, Order>(
      open.flatMap((order) => (order.brokerOrderId === null ? [] : [[order.brokerOrderId, order]])),
    ),
    incomplete: new Set(incomplete.flatMap(({ brokerOrderId }) => brokerOrderId ?? [])),
  };
  for (const one of news) {
    const requests = pass.broker.sent();
    const before = pass.tally.ordersSettled + pass.tally.orphans;
    await settleNews(pass, one, rows);
    // What is settled already costs nothing when the next pass reads it again, so that each pass comes further.
    const cost = pass.broker.sent() > requests || pass.tally.ordersSettled + pass.tally.orphans > before;
    if (cost && (!pass.hasTime() || pass.broker.left() < REQUESTS_TO_SETTLE)) return unfinished(null);
  }
  settled();
  // Another source may have told of one first, and a cancel may have come to nothing.
  for (const order of open) if (pass.broker.left() >= REQUESTS_TO_SETTLE) await cancelLate(pass, order);
  const listed = new Set<string>(
    news.flatMap(({ brokerOrderId, clientOrderId, snapshots }) =>
      snapshots.length === 0 ? [] : [clientOrderId ?? rows.byBrokerId.get(brokerOrderId)?.clientOrderId ?? ''],
    ),
  );
  const lookedUpTo = await lookUpAll(pass, ordersToLookUp(open, listed, pass.clock.now()));
  return lookedUpTo === null ? null : unfinished(lookedUpTo);
}

/** Orders whose executions are not all known. */
async function incompleteOrders({ orders }: Pass, books: readonly Book[]): Promise<readonly Order[]> {
  const found: Order[] = [];
  for (const id of books.flatMap(({ gaps }) => gaps).sort()) {
    const order = await orders.get(id);
    if (order !== null) found.push(order);
  }
  return found;
}

/** Where executions are known to be missing that the window does not reach. */
function spansOf({ clock, window }: Pass, incomplete: readonly Order[], books: readonly Book[]): readonly TimeSpan[] {
  const gaps = incomplete.flatMap((order) => gapSpan(order, clock.now()) ?? []);
  const spans = [...gaps, ...books.flatMap((book) => doubtSpan(book) ?? [])];
  return mergeSpans(spans.filter(({ after }) => after < window.activitiesAfter)).slice(0, SPANS_MAX);
}

/** Read before the broker's lists: an order that is claimed after that is none that they lack. */
async function openOrders({ accountId, orders }: Pass): Promise<readonly Order[]> {
  const found: Order[] = [];
  let cursor: string | null = null;
  do {
    const page = await orders.listOpen(accountId, cursor ?? undefined);
    found.push(...page.orders);
    cursor = page.cursor;
  } while (cursor !== null);
  return found;
}
