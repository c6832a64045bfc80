/** Orders and positions as somebody outside sees them, which with the faults on is not always as they are. */
import { addMs } from '#shared/core/kernel/instant.ts';
import { replayAccount } from '#shared/core/venue/account-history.ts';
import { chanceOf } from '#shared/core/venue/fingerprint.ts';
import { hasEnded } from '#shared/core/venue/order-lifecycle.ts';
import type { VenueOrder, VenuePosition } from '#shared/core/venue/venue-order.ts';
import {
  type VenueNews,
  orderByClientId as orderOfClientId,
  orderById as orderOfId,
} from '#shared/core/venue/venue-state.ts';
import type { Desk, Exchange } from './desk.ts';
import { type WireBody, orderBody } from './wire-order.ts';

/** Notes what an order has become, so that a stale list can tell of it later. */
export function rememberNews(desk: Desk, news: readonly VenueNews[]): void {
  for (const { order, at } of news) {
    const versions = desk.history.get(order.id);
    if (versions === undefined) desk.history.set(order.id, [{ at, order }]);
    else versions.push({ at, order });
  }
}

/** How old the lists are that this request sees; 0 without the fault. */
function staleness(exchange: Exchange): number {
  const strike = exchange.faults.strikes('stale-lists', String(exchange.requestCount));
  return strike === null ? 0 : strike.number('ms');
}

const isHidden = (exchange: Exchange, desk: Desk, id: string): boolean =>
  (desk.hiddenUntil.get(id)?.orders ?? 0) > exchange.now();

/** All orders that a list may tell of, oldest first. */
export function listedOrders(exchange: Exchange, desk: Desk): readonly VenueOrder[] {
  const staleMs = staleness(exchange);
  const asOf = exchange.now() - staleMs;
  const listed: VenueOrder[] = [];
  for (const order of desk.venue.state.orders) {
    if (isHidden(exchange, desk, order.id)) continue;
    // Without a note of its past an order is one that was kept from an earlier run: then it is as it is.
    const past = staleMs === 0 ? undefined : desk.history.get(order.id);
    const seen = past === undefined ? order : past.findLast((version) => version.at <= asOf)?.order;
    if (seen !== undefined) listed.push(seen);
  }
  return listed;
}

export function orderById(exchange: Exchange, desk: Desk, id: string): VenueOrder | null {
  return isHidden(exchange, desk, id) ? null : (orderOfId(desk.venue.state, id) ?? null);
}

export function orderByClientId(exchange: Exchange, desk: Desk, clientOrderId: string): VenueOrder | null {
  const order = orderOfClientId(desk.venue.state, clientOrderId);
  return order === undefined || (desk.hiddenUntil.get(order.id)?.lookup ?? 0) > exchange.now() ? null : order;
}

/** A list of which one item got lost on the way, while the fault strikes. */
export function tornPage<T>(exchange: Exchange, page: readonly T[]): readonly T[] {
  const subject = String(exchange.requestCount);
  if (page.length < 2 || exchange.faults.strikes('torn-pages', subject) === null) return page;
  const lost = Math.floor(chanceOf(exchange.seed, 'torn:', subject, 0) * page.length);
  return page.toSpliced(lost, 1);
}

/** Of how many orders one carries a field that nobody told of; of how many one shows a status of its own. */
const FIELD_ONE_IN = 16;
const STATUS_ONE_IN = 64;

/** An order's body with the fields and statuses that a broker adds without notice. */
export function shownOrder(exchange: Exchange, order: VenueOrder): WireBody {
  const body = orderBody(order);
  const surprise = (kind: string): number => (exchange.surprises ? chanceOf(exchange.seed, kind, order.id, 0) : 1);
  const open = !hasEnded(order.status);
  const status = open ? exchange.faults.strikes('unknown-status', order.clientOrderId) : null;
  const field = exchange.faults.strikes('unknown-field', order.clientOrderId);
  const waiting = order.status === 'pending_new' || order.status === 'accepted';
  return {
    ...body,
    ...(status !== null
      ? { status: status.text('status') }
      : waiting && surprise('status:') * STATUS_ONE_IN < 1
        ? { status: 'pending_review' }
        : {}),
    ...(field !== null
      ? { [field.text('field')]: 'standard' }
      : surprise('field:') * FIELD_ONE_IN < 1
        ? { settlement_lane: 'standard' }
        : {}),
  };
}

/** Positions by symbol that a list may tell of; flat ones are none. */
export function listedPositions(exchange: Exchange, desk: Desk): readonly VenuePosition[] {
  const staleMs = staleness(exchange);
  const all =
    staleMs === 0
      ? desk.venue.state.positions.values()
      : replayAccount(desk.venue)(addMs(exchange.now(), -staleMs)).positions.values();
  return [...all].filter((position) => position.quantity !== 0n).sort((a, b) => (a.ticker < b.ticker ? -1 : 1));
}
