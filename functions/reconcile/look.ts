/**
 * One look at the account: positions first, then what explains them, then the books. What the broker did between the two
 * readings shows as a difference that is gone at the next look.
 */
import type { BrokerOrderId, ClientOrderId } from '#shared/core/kernel/identity.ts';
import type { Order } from '#shared/core/order/order.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import { gapSpan, mergeSpans, type TimeSpan } from '#shared/core/reconcile/gaps.ts';
import { ordersToLookUp } from '#shared/core/reconcile/lookups.ts';
import { newsByOrder } from '#shared/core/reconcile/news-by-order.ts';
import { type PositionDifference, positionDifferences } from '#shared/core/reconcile/position-differences.ts';
import type { Adjusted } from '#shared/ports/adjustments.ts';
import type { BrokerAccount, BrokerPosition } from '#shared/ports/broker.ts';
import type { PassProgress } from '#shared/ports/reconciliations.ts';
import { openBooks } from './compare-books.ts';
import { lookUpAll } from './look-up-missing.ts';
import type { Pass } from './pass.ts';
import { readNews } from './read-broker.ts';
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
  const read = await readNews(broker, pass.window, spansOf(pass, incomplete));
  const opened = await openBooks(pass, before, [...policy.universe, ...positions.map(({ ticker }) => ticker)]);
  const settledBefore = tally.ordersSettled + tally.orphans;
  if (!pass.dryRun) {
    const unfinished = await settleAndLookUp(pass, newsByOrder(read.orders, read.activities), {
      open,
      incomplete,
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

async function settleAndLookUp(
  pass: Pass,
  news: ReturnType<typeof newsByOrder>,
  { open, incomplete }: { readonly open: readonly Order[]; readonly incomplete: readonly Order[] },
): Promise<Unfinished | null> {
  const rows = {
    byClientId: new Map<ClientOrderId, Order>(open.map((order) => [order.clientOrderId, order])),
    byBrokerId: new Map<BrokerOrderId, Order>(
      open.flatMap((order) => (order.brokerOrderId === null ? [] : [[order.brokerOrderId, order]])),
    ),
    incomplete: new Set(incomplete.flatMap(({ brokerOrderId }) => brokerOrderId ?? [])),
  };
  for (const one of news) await settleNews(pass, one, rows);
  const listed = new Set<string>(
    news.flatMap(({ brokerOrderId, clientOrderId, snapshots }) =>
      snapshots.length === 0 ? [] : [clientOrderId ?? rows.byBrokerId.get(brokerOrderId)?.clientOrderId ?? ''],
    ),
  );
  const lookedUpTo = await lookUpAll(pass, ordersToLookUp(open, listed, pass.clock.now()));
  if (lookedUpTo === null) return null;
  const { startedAt, session, build } = pass;
  return { kind: 'unfinished', progress: { startedAt, session: session.date, build, lookedUpTo } };
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
function spansOf({ clock, window }: Pass, incomplete: readonly Order[]): readonly TimeSpan[] {
  const spans = incomplete.flatMap((order) => gapSpan(order, clock.now()) ?? []);
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
