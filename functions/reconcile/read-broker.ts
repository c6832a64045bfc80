/** What the broker says of the account, read whole: every list to its last page, each item once. */
import { Fault } from '#shared/core/kernel/fault.ts';
import type { BrokerOrderId } from '#shared/core/kernel/identity.ts';
import { type EpochMs, epochMs, msOf } from '#shared/core/kernel/instant.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import type { TimeSpan } from '#shared/core/reconcile/gaps.ts';
import { beginWalk, type PagePlace, type PageStart, type PageWalk, walkOn } from '#shared/core/reconcile/pages.ts';
import type { BrokerActivity, OrderListRequest } from '#shared/ports/broker.ts';
import type { PassBroker } from './counted-broker.ts';

const ORDERS_A_PAGE = 500;
const ACTIVITIES_A_PAGE = 100;
/** A list that does not end within so many pages is more than one pass can take. */
const PAGES_MAX = 40;

export interface BrokerNews {
  /** Open orders, and all that were submitted in the window; an order may be there twice. */
  readonly orders: readonly BrokerOrder[];
  /** Executions of the window and of the spans, each once. */
  readonly activities: readonly BrokerActivity[];
}

export interface NewsWindow {
  readonly ordersAfter: EpochMs;
  readonly activitiesAfter: EpochMs;
}

interface PagedList<T, Id extends string> {
  readonly limit: number;
  readonly placeOf: (item: T) => PagePlace<Id>;
  readonly fetch: (start: PageStart<Id> | null) => Promise<readonly T[]>;
}

interface ReadList<T, Id extends string> {
  readonly found: ReadonlyMap<Id, T>;
  /** True when the last page was read. */
  readonly ended: boolean;
}

async function readPages<T, Id extends string>(list: PagedList<T, Id>, pagesMax: number): Promise<ReadList<T, Id>> {
  const found = new Map<Id, T>();
  let walk: PageWalk<Id> = beginWalk();
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const page: readonly T[] = await list.fetch(walk.start);
    for (const item of page) found.set(list.placeOf(item).id, item);
    const next = walkOn(walk, page.map(list.placeOf), list.limit);
    if (next === null) return { found, ended: true };
    walk = next;
  }
  return { found, ended: false };
}

async function readWhole<T, Id extends string>(list: PagedList<T, Id>): Promise<ReadonlyMap<Id, T>> {
  const { found, ended } = await readPages(list, PAGES_MAX);
  if (ended) return found;
  throw new Fault('transient', 'broker-list-endless', `a list of the broker has more than ${PAGES_MAX} pages`);
}

function orderStart(start: PageStart<BrokerOrderId> | null, after: EpochMs | null): Partial<OrderListRequest> {
  if (start?.kind === 'after-item') return { afterOrder: start.id };
  const from = start?.after ?? after;
  return from === null ? {} : { submittedAfter: from };
}

const orderList = (
  broker: PassBroker,
  status: OrderListRequest['status'],
  after: EpochMs | null,
): PagedList<BrokerOrder, BrokerOrderId> => ({
  limit: ORDERS_A_PAGE,
  placeOf: (order) => ({ id: order.brokerOrderId, at: order.submittedAt }),
  fetch: (start) => broker.listOrders({ status, limit: ORDERS_A_PAGE, ...orderStart(start, after) }),
});

const activityList = (broker: PassBroker, span: Partial<TimeSpan>): PagedList<BrokerActivity, string> => ({
  limit: ACTIVITIES_A_PAGE,
  placeOf: (activity) => ({ id: activity.activityId, at: activity.at }),
  fetch: (start) =>
    broker.listActivities({
      limit: ACTIVITIES_A_PAGE,
      ...span,
      ...(start?.kind === 'after-time' ? { after: start.after } : {}),
      ...(start?.kind === 'after-item' ? { pageToken: start.id } : {}),
    }),
});

/**
 * @param spans where executions are known to be missing that lie before the window
 * @throws Fault when the broker does not answer, or a list has no end
 */
export async function readNews(
  broker: PassBroker,
  window: NewsWindow,
  spans: readonly TimeSpan[],
): Promise<BrokerNews> {
  const [open, recent, ...activities] = await Promise.all([
    readWhole(orderList(broker, 'open', null)),
    readWhole(orderList(broker, 'all', window.ordersAfter)),
    readWhole(activityList(broker, { after: window.activitiesAfter })),
    ...spans.map((span) => readWhole(activityList(broker, span))),
  ]);
  return {
    orders: [...open.values(), ...recent.values()],
    activities: [...new Map(activities.flatMap((found) => [...found])).values()],
  };
}

/** Pages that one pass reads of a span that somebody asked for; it must leave requests for what a pass is there for. */
const BACKFILL_PAGES_MAX = 20;

export interface SpanPart {
  readonly activities: readonly BrokerActivity[];
  /** Where the rest of the span begins; null when it was read to its end. */
  readonly goesOnAfter: EpochMs | null;
}

/**
 * Executions of a span, from its beginning, as many as one pass may read. The rest begins a millisecond before the last
 * one that was read, so that what shares its instant is read again.
 * @throws Fault when the broker does not answer, or when one millisecond holds more than a pass may read
 */
export async function readPart(broker: PassBroker, span: TimeSpan): Promise<SpanPart> {
  const { found, ended } = await readPages(activityList(broker, span), BACKFILL_PAGES_MAX);
  const activities = [...found.values()];
  if (ended) return { activities, goesOnAfter: null };
  const last = activities.reduce((latest, { at }) => Math.max(latest, msOf(at)), 0);
  const goesOnAfter = epochMs(last - 1);
  if (goesOnAfter <= span.after) {
    throw new Fault('transient', 'broker-list-endless', 'one millisecond holds more executions than a pass may read');
  }
  return { activities, goesOnAfter };
}
