/** What a routed order waits for: its trigger, the market to come to it, the rest of a partial fill. */
import {
  minQuantity,
  type Price,
  type Quantity,
  ZERO_MONEY,
  ZERO_QUANTITY,
  addPrice,
  subtractPrice,
} from '#shared/core/kernel/decimal.ts';
import { type EpochMs, addMs, epochMs } from '#shared/core/kernel/instant.ts';
import { priceTick } from '#shared/core/market/instrument-rules.ts';
import { bookFill, bookUndoing, openQuantity } from './execution-booking.ts';
import { chanceOf } from './fingerprint.ts';
import { restingTest } from './fill-limit-touch.ts';
import { type Meeting, type Take, offerTo, takeOf } from './fill-offers.ts';
import { anyFillTest, buyCollar, fillPrice, fillTest, partOf, triggerTest, waitsForStop } from './marketability.ts';
import { sessionAt } from './session-index.ts';
import type { PriceTest } from './venue-market.ts';
import type { OrderEvent, OrderStatus, VenueOrder } from './venue-order.ts';
import { type Venue, nextStamp, putOrder, schedule, tell } from './venue-state.ts';

/** Writes an order's next record with a later stamp and tells of it. */
export function step(
  venue: Venue,
  order: VenueOrder,
  change: Partial<VenueOrder>,
  event: OrderEvent | null,
  at: EpochMs,
): VenueOrder {
  const stamp = nextStamp(venue.state, at);
  const next: VenueOrder = { ...order, ...change, updatedAt: stamp };
  putOrder(venue.state, next);
  tell(venue.state, next, event, at);
  return next;
}

/** Ends an order and frees what it held back. */
export function end(
  venue: Venue,
  order: VenueOrder,
  status: 'canceled' | 'expired' | 'rejected',
  at: EpochMs,
): VenueOrder {
  const stamp = nextStamp(venue.state, at);
  const next: VenueOrder = {
    ...order,
    status,
    heldMoney: ZERO_MONEY,
    heldQuantity: ZERO_QUANTITY,
    canceledAt: status === 'canceled' ? stamp : order.canceledAt,
    expiredAt: status === 'expired' ? stamp : order.expiredAt,
    failedAt: status === 'rejected' ? stamp : order.failedAt,
    updatedAt: stamp,
  };
  putOrder(venue.state, next);
  tell(venue.state, next, status, at);
  return next;
}

/** The status of a working order by what has been filled of it. */
export const workingStatus = (order: VenueOrder): OrderStatus =>
  order.filledQuantity > 0n ? 'partially_filled' : 'new';

/** The limit that a market order works at from its routing on: a collar for a buy, none for a sell. */
function routedLimit(venue: Venue, order: VenueOrder, at: EpochMs): Price | null {
  if (order.type === 'limit' || order.type === 'stop_limit') return order.limitPrice;
  if (order.side === 'sell' || order.type === 'stop') return null;
  const reference = venue.market.tradeAt(order.ticker, at)?.price ?? null;
  return reference === null ? null : buyCollar(reference);
}

/** Puts down when the order next has something to do in the session that is open; outside sessions nothing. */
export function scheduleWork(venue: Venue, order: VenueOrder, from: EpochMs): void {
  const { state, market, rules } = venue;
  const session = sessionAt(market.sessions, from);
  if (session === null || order.fate === 'never-fill') return;
  const until = epochMs(session.closeAt - 1);
  if (!order.triggered && order.stopPrice !== null) {
    const at = market.firstInstant(order.ticker, triggerTest(order.side, order.stopPrice), from, until);
    if (at !== null) schedule(state, at, 'trigger', order.number, order.work);
    return;
  }
  const marketable = offerTo(venue, order, from, 'market') !== null;
  const { test, kind } = waitFor(venue, order);
  const at = marketable ? from : market.firstInstant(order.ticker, test, from, until);
  if (at === null) return;
  const fillAt = addMs(at, rules.fillMs);
  if (fillAt <= until) schedule(state, fillAt, marketable ? 'match' : kind, order.number, order.work);
}

/** What the market must come to for an order that it does not fill now, and what the order does then. */
function waitFor(
  { rules }: Venue,
  { side, limitPrice, workingLimit }: VenueOrder,
): { readonly test: PriceTest; readonly kind: 'match' | 'reach' } {
  const depth = rules.fills?.limitDepth ?? null;
  if (depth !== null && limitPrice !== null) return { test: restingTest(side, limitPrice, depth), kind: 'reach' };
  return { test: workingLimit === null ? anyFillTest(side) : fillTest(side, workingLimit), kind: 'match' };
}

/** The venue takes an order to the market, or turns it down after all. */
export function route(venue: Venue, order: VenueOrder, at: EpochMs): void {
  if (order.fate === 'reject') {
    end(venue, order, 'rejected', at);
    return;
  }
  const change = {
    status: 'new',
    triggered: !waitsForStop(order.type),
    workingLimit: routedLimit(venue, order, at),
  } as const;
  const next = step(venue, order, change, 'new', at);
  if (isImmediate(next)) schedule(venue.state, addMs(at, venue.rules.fillMs), 'match', next.number, next.work);
  else scheduleWork(venue, next, at);
}

const isImmediate = (order: VenueOrder): boolean => order.timeInForce === 'ioc' || order.timeInForce === 'fok';

/** A stop's price was reached: a buy stop goes on as a limit order at its collar, a sell stop as a market order. */
export function trigger(venue: Venue, order: VenueOrder, at: EpochMs): void {
  const workingLimit =
    order.type === 'stop_limit'
      ? order.limitPrice
      : order.side === 'buy' && order.stopPrice !== null
        ? buyCollar(order.stopPrice)
        : null;
  const next = step(venue, order, { triggered: true, workingLimit, work: order.work + 1 }, null, at);
  scheduleWork(venue, next, at);
}

/** How much of the open quantity this fill takes: all of it, what one execution may take, or in one of so many a part. */
function fillSize(venue: Venue, order: VenueOrder, open: Quantity): Quantity {
  const { executionQuantityMax } = venue.rules;
  const drawn = drawnSize(venue, order, open);
  return order.timeInForce === 'fok' || executionQuantityMax === null
    ? drawn
    : minQuantity(drawn, executionQuantityMax);
}

function drawnSize(venue: Venue, order: VenueOrder, open: Quantity): Quantity {
  const { seed, partialFillOneIn } = venue.rules;
  const drawn =
    order.fate === 'partial-only' ||
    (partialFillOneIn > 0 &&
      chanceOf(seed, 'partial:', order.clientOrderId, order.executionCount) * partialFillOneIn < 1);
  if (order.timeInForce === 'fok' || !drawn) return open;
  return partOf(open, chanceOf(seed, 'part:', order.clientOrderId, order.executionCount));
}

/** The market has come to an order: it fills, in whole or in part, at the far side of the market or as the rule has it. */
export function match(venue: Venue, order: VenueOrder, at: EpochMs, meeting: Meeting): void {
  const offer = offerTo(venue, order, at, meeting);
  if (offer === null) {
    if (isImmediate(order)) end(venue, order, 'canceled', at);
    else scheduleWork(venue, order, addMs(at, 1));
    return;
  }
  const open = openQuantity(order, offer.shown);
  if (open <= 0n) {
    // A notional order whose rest no longer buys the smallest step.
    end(venue, order, 'canceled', at);
    return;
  }
  const take = takeOf(venue, order, offer, { wanted: fillSize(venue, order, open), open }, at);
  if (take !== null) fill(venue, order, take, at);
  // The session gives it no more: what is left waits for the next one, or for its end.
  else if (isImmediate(order)) end(venue, order, 'canceled', at);
}

function fill(venue: Venue, order: VenueOrder, { quantity, price, completes }: Take, at: EpochMs): void {
  const next = bookFill(venue, order, quantity, price, completes, at);
  if (next.status === 'filled') {
    if (order.fate === 'fill-then-bust' || order.fate === 'fill-then-correct') {
      schedule(venue.state, addMs(at, venue.rules.requoteMs), 'bust', next.number, next.work);
    }
    return;
  }
  if (isImmediate(next)) end(venue, next, 'canceled', at);
  else if (order.fate === 'partial-only') step(venue, next, { fate: 'never-fill' }, null, at);
  else scheduleWork(venue, next, addMs(at, venue.rules.requoteMs));
}

/** Takes an order's last execution back, or restates it one price step beside, as its fate has it. */
export function undoLast(venue: Venue, order: VenueOrder, at: EpochMs): void {
  const last = venue.state.executions.findLast(
    (execution) => execution.orderId === order.id && execution.kind === 'fill',
  );
  if (last === undefined) return;
  if (order.fate === 'fill-then-bust') {
    bookUndoing(venue, last, null, at);
    return;
  }
  const increment = priceTick(last.price);
  const bar = venue.market.barAt(order.ticker, last.at);
  const above = addPrice(last.price, increment);
  const price = bar !== null && above > bar.high ? subtractPrice(last.price, increment) : above;
  bookUndoing(venue, last, { quantity: last.quantity, price }, at);
}

/** The price at which a fill could still overtake a cancel: the market's, else the order's own where the bar holds it. */
function racePrice(venue: Venue, order: VenueOrder, at: EpochMs): Price | null {
  if (!order.triggered) return null;
  const marketable = fillPrice(order.side, order.workingLimit, venue.market.quoteAt(order.ticker, at));
  if (marketable !== null || order.workingLimit === null) return marketable;
  const bar = venue.market.barAt(order.ticker, at);
  const limit = order.workingLimit;
  return bar !== null && limit >= bar.low && limit <= bar.high ? limit : null;
}

/** A cancel request has reached the venue. */
export function settleCancel(venue: Venue, order: VenueOrder, at: EpochMs): void {
  if (order.cancelFate === 'refuse') {
    const status = order.status === 'pending_cancel' ? workingStatus(order) : order.status;
    step(venue, order, { status, cancelRequestedAt: null, cancelFate: 'confirm' }, 'order_cancel_rejected', at);
    return;
  }
  const price =
    order.status === 'pending_cancel' && order.cancelFate !== 'confirm' ? racePrice(venue, order, at) : null;
  if (price !== null) {
    const open = openQuantity(order, price);
    const quantity = order.cancelFate === 'fill-first' ? open : partOf(open, 0.5);
    const next = bookFill(venue, order, quantity, price, quantity === open, at);
    if (next.status !== 'filled') end(venue, next, 'canceled', at);
    return;
  }
  end(venue, order, 'canceled', at);
}
