/**
 * The venue: takes orders and requests to cancel at an instant, and does what is due up to an instant. Nothing here
 * looks at a clock or draws a number; the same calls give the same state and the same news.
 */
import {
  type Money,
  type Price,
  type Quantity,
  ZERO_MONEY,
  ZERO_QUANTITY,
  subtractQuantity,
} from '#shared/core/kernel/decimal.ts';
import { unreachable } from '#shared/core/kernel/fault.ts';
import { type CalendarDate, type EpochMs, addMs, epochNs } from '#shared/core/kernel/instant.ts';
import { type Result, fail, succeed } from '#shared/core/kernel/result.ts';
import { newYorkDate, newYorkInstant } from '#shared/core/market/new-york-time.ts';
import type { Session } from '#shared/core/market/types.ts';
import { accountFigures } from './account-figures.ts';
import { admit } from './admission.ts';
import { type DueEvent, popDue } from './due-queue.ts';
import { bookUndoing } from './execution-booking.ts';
import { uuidOf } from './fingerprint.ts';
import { expiryOf } from './order-expiry.ts';
import { hasEnded, isCancelable, isWorking } from './order-lifecycle.ts';
import { splitPosition } from './position-keeping.ts';
import { currentOrNextSession, lastClosedSession, sessionAt } from './session-index.ts';
import type { VenueMarket } from './venue-market.ts';
import type { CancelFate, OrderFate, OrderRequest, VenueOrder } from './venue-order.ts';
import { type VenueRefusal, venueRefusal } from './venue-refusal.ts';
import {
  type Venue,
  type VenueRules,
  emptyVenueState,
  executionById,
  nextStamp,
  orderById,
  putOrder,
  schedule,
  tell,
} from './venue-state.ts';
import {
  end,
  match,
  route,
  scheduleWork,
  settleCancel,
  step,
  trigger,
  undoLast,
  workingStatus,
} from './working-orders.ts';

/** Opens an account with cash at an instant. */
export function openVenue(rules: VenueRules, market: VenueMarket, openingCash: Money, now: EpochMs): Venue {
  const venue: Venue = { rules, market, state: emptyVenueState(openingCash, now) };
  const session = currentOrNextSession(market.sessions, now);
  if (session !== null && session.openAt <= now) schedule(venue.state, session.closeAt, 'session-close', 0, 0);
  else scheduleSession(venue, session, now);
  return venue;
}

/** The night before a session, for splits, and its open. */
function scheduleSession(venue: Venue, session: Session | null, now: EpochMs): void {
  if (session === null) return;
  const midnight = newYorkInstant(session.date, 0);
  schedule(venue.state, midnight > now ? midnight : now, 'overnight', 0, 0);
  schedule(venue.state, session.openAt, 'session-open', 0, 0);
}

/**
 * Takes an order or says why not. An order that is taken is `pending_new` while the market is open and `accepted`
 * while it is not; what becomes of it is told later.
 */
export function submitOrder(
  venue: Venue,
  request: OrderRequest,
  now: EpochMs,
  fate: OrderFate = 'ordinary',
): Result<VenueOrder, VenueRefusal> {
  const admission = admit(venue, request, now);
  if (!admission.ok) return admission;
  const { state, rules, market } = venue;
  const number = state.orders.length + 1;
  const clientOrderId = request.clientOrderId ?? uuidOf(rules.seed, 'client-order:', '', number);
  const stamp = nextStamp(state, now);
  const open = sessionAt(market.sessions, now) !== null;
  const order: VenueOrder = {
    id: uuidOf(rules.seed, 'order:', clientOrderId, 0),
    clientOrderId,
    number,
    ticker: request.ticker,
    side: request.side,
    type: request.type,
    timeInForce: request.timeInForce,
    positionIntent: admission.value.positionIntent,
    quantity: request.quantity,
    notional: request.notional,
    limitPrice: request.limitPrice,
    stopPrice: request.stopPrice,
    status: open ? 'pending_new' : 'accepted',
    filledQuantity: ZERO_QUANTITY,
    filledNotional: ZERO_MONEY,
    commission: ZERO_MONEY,
    executionCount: 0,
    triggered: false,
    workingLimit: null,
    holdPrice: admission.value.holdPrice,
    heldMoney: admission.value.heldMoney,
    heldQuantity: admission.value.heldQuantity,
    expiresAt: expiryOf(request.timeInForce, now, market.sessions),
    submittedAt: stamp,
    // The two stamps come from different machines: neither is always the earlier one.
    createdAt: epochNs(number % 2 === 0 ? stamp + 83n : stamp - 1n),
    updatedAt: stamp,
    filledAt: null,
    canceledAt: null,
    expiredAt: null,
    failedAt: null,
    cancelRequestedAt: null,
    work: 0,
    fate,
    cancelFate: 'confirm',
  };
  putOrder(state, order);
  tell(state, order, open ? 'pending_new' : null, now);
  if (open) schedule(state, addMs(now, rules.acknowledgeMs), 'route', order.number, 0);
  if (order.timeInForce === 'gtc') schedule(state, order.expiresAt, 'age', order.number, 0);
  return succeed(order);
}

/** Asks for an order's cancel. Success means that the request was taken, never that the order is canceled. */
export function requestCancel(
  venue: Venue,
  id: string,
  now: EpochMs,
  fate: CancelFate = 'confirm',
): Result<VenueOrder, VenueRefusal> {
  const { state, rules } = venue;
  const order = orderById(state, id);
  if (order === undefined) return fail(venueRefusal('order-unknown', { id }));
  if (hasEnded(order.status)) {
    const repeats = order.status === 'canceled' && rules.repeatCancel === 'accept';
    return repeats ? succeed(order) : fail(venueRefusal('order-ended', { status: order.status }));
  }
  if (!isCancelable(order.status)) return fail(venueRefusal('order-not-cancelable', { status: order.status }));
  if (order.cancelRequestedAt !== null) return succeed(order);
  const stamp = nextStamp(state, now);
  const working = isWorking(order.status);
  const status = working ? 'pending_cancel' : order.status;
  const next = step(
    venue,
    order,
    { status, cancelRequestedAt: stamp, cancelFate: fate },
    working ? 'pending_cancel' : null,
    now,
  );
  if (fate !== 'stuck') schedule(state, addMs(now, rules.cancelMs), 'cancel', order.number, 0);
  return succeed(next);
}

/** Cancels an order without the venue's delay, as closing all positions does. Ended orders stay as they are. */
export function cancelAtOnce(venue: Venue, id: string, now: EpochMs): void {
  const order = orderById(venue.state, id);
  if (order !== undefined && isCancelable(order.status)) end(venue, order, 'canceled', now);
}

/** Undoes an execution, or restates it. */
export function undoExecution(
  venue: Venue,
  executionId: string,
  replacement: { readonly quantity: Quantity; readonly price: Price } | null,
  now: EpochMs,
): Result<null, VenueRefusal> {
  const execution = executionById(venue.state, executionId);
  const undoneBefore = venue.state.executions.some((later) => later.undoes === executionId);
  if (execution === undefined || execution.kind === 'bust' || undoneBefore) {
    return fail(venueRefusal('order-unknown', { id: executionId }));
  }
  bookUndoing(venue, execution, replacement, now);
  return succeed(null);
}

/** When something is due next; null when nothing is. */
export const nextDueAt = (venue: Venue): EpochMs | null => venue.state.due[0]?.at ?? null;

/** Does everything that is due up to and including the instant, each thing as of its own instant. */
export function advanceVenue(venue: Venue, now: EpochMs): void {
  const { due } = venue.state;
  for (let next = due[0]; next !== undefined && next.at <= now; next = due[0]) {
    popDue(due);
    perform(venue, next);
  }
}

function perform(venue: Venue, event: DueEvent): void {
  switch (event.kind) {
    case 'overnight':
      splitOvernight(venue, event.at);
      return;
    case 'session-open':
      openSession(venue, event.at);
      return;
    case 'session-close':
      closeSession(venue, event.at);
      return;
    case 'route':
    case 'trigger':
    case 'match':
    case 'reach':
    case 'age':
    case 'cancel':
    case 'bust':
      performForOrder(venue, event);
      return;
    default:
      unreachable(event.kind);
  }
}

function performForOrder(venue: Venue, event: DueEvent): void {
  const order = venue.state.orders[event.order - 1];
  if (order === undefined) return;
  const { at, kind } = event;
  if (kind === 'bust') undoLast(venue, order, at);
  else if (hasEnded(order.status)) return;
  else if (kind === 'route') route(venue, order, at);
  else if (kind === 'cancel') settleCancel(venue, order, at);
  else if (kind === 'age') requestCancel(venue, order.id, at);
  else if (order.work !== event.work) return;
  else if (kind === 'trigger') trigger(venue, order, at);
  else match(venue, order, at, kind === 'reach' ? 'reached' : 'market');
}

/** Open orders of all symbols, oldest first. */
export function openOrders(venue: Venue): readonly VenueOrder[] {
  const open: VenueOrder[] = [];
  for (const book of venue.state.books.values()) {
    for (const ids of [book.buy, book.sell]) {
      for (const number of ids) {
        const order = venue.state.orders[number - 1];
        if (order !== undefined) open.push(order);
      }
    }
  }
  return open.sort((a, b) => a.number - b.number);
}

function openSession(venue: Venue, at: EpochMs): void {
  const session = sessionAt(venue.market.sessions, at);
  if (session !== null) schedule(venue.state, session.closeAt, 'session-close', 0, 0);
  for (const order of openOrders(venue)) {
    if (order.status === 'accepted')
      schedule(venue.state, addMs(at, venue.rules.acknowledgeMs), 'route', order.number, 0);
    else if (order.status === 'done_for_day') {
      scheduleWork(venue, step(venue, order, { status: workingStatus(order) }, 'new', at), at);
    } else if (isWorking(order.status)) scheduleWork(venue, order, at);
  }
}

function closeSession(venue: Venue, at: EpochMs): void {
  const { state, market, rules } = venue;
  for (const order of openOrders(venue)) {
    if (order.timeInForce !== 'gtc' && order.expiresAt <= at) {
      const routed = order.status === 'pending_new' ? step(venue, order, { status: 'new' }, 'new', at) : order;
      end(venue, routed, 'expired', at);
    } else if (rules.doneForDay && (order.status === 'new' || order.status === 'partially_filled')) {
      step(venue, order, { status: 'done_for_day' }, 'done_for_day', at);
    }
  }
  const session = lastClosedSession(market.sessions, at);
  const figures = accountFigures(venue, at);
  if (session !== null) {
    state.equityCloses.push({
      date: session.date,
      at,
      equity: figures.equity,
      maintenanceMargin: figures.maintenanceMargin,
    });
  }
  scheduleSession(venue, currentOrNextSession(market.sessions, at), at);
}

/** Restates positions for the splits of the session that comes; a reverse split cancels what rests, as brokers do. */
function splitOvernight(venue: Venue, at: EpochMs): void {
  const date = newYorkDate(at);
  const { state, market, rules } = venue;
  for (const split of market.splits) {
    if (split.date !== date) continue;
    const position = state.positions.get(split.ticker);
    if (split.to < split.from) {
      for (const order of openOrders(venue)) if (order.ticker === split.ticker) end(venue, order, 'canceled', at);
    }
    if (position === undefined) continue;
    const after = splitPosition(position, split.to, split.from);
    state.positions.set(split.ticker, after);
    state.adjustments.push({
      id: uuidOf(rules.seed, 'split:', split.ticker + split.date, 0),
      kind: 'split',
      ticker: split.ticker,
      to: split.to,
      from: split.from,
      quantityChange: subtractQuantity(after.quantity, position.quantity),
      at,
      description: `${split.ticker} ${split.to}-for-${split.from} split`,
    });
  }
}

/** The close before the instant's own New York day or the last one, for "last equity". */
export const lastEquityClose = (venue: Venue, before: CalendarDate): Venue['state']['equityCloses'][number] | null =>
  venue.state.equityCloses.findLast((close) => close.date < before) ?? null;
