/** Orders: submit, list, look up, cancel. */

import { type OrderForm, readOrderForm } from '#shared/core/venue/order-form.ts';
import { hasEnded } from '#shared/core/venue/order-lifecycle.ts';
import { openOrders, requestCancel, submitOrder } from '#shared/core/venue/venue.ts';
import type { VenueOrder } from '#shared/core/venue/venue-order.ts';
import {
  type Answer,
  type ApiRequest,
  ParameterError,
  answer,
  listOf,
  nanosecondsOf,
  refuse,
  refuseWith,
  textOf,
  wholeNumberOf,
  wordOf,
} from './answer.ts';
import type { Desk, Exchange } from './desk.ts';
import { cancelFate, hideOrder, orderFate, refuseOrder } from './order-fates.ts';
import { listedOrders, orderByClientId, orderById, shownOrder, tornPage } from './order-views.ts';
import { tickerOfSymbolOrId } from './asset-lookup.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Numbers are taken where texts are meant; an exponent is written out. */
function textField(body: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = body[name];
  if (typeof value === 'string') return value;
  if (typeof value !== 'number') return null;
  const text = String(value);
  return text.includes('e') ? value.toFixed(20).replace(/\.?0+$/, '') : text;
}

function nested(body: Readonly<Record<string, unknown>>, name: string, field: string): string | null {
  const value = body[name];
  return isRecord(value) ? textField(value, field) : null;
}

function orderForm(exchange: Exchange, body: Readonly<Record<string, unknown>>): OrderForm {
  const symbol = textField(body, 'symbol');
  return {
    symbol: symbol === null ? null : (tickerOfSymbolOrId(exchange.market, symbol) ?? symbol),
    qty: textField(body, 'qty'),
    notional: textField(body, 'notional'),
    side: textField(body, 'side'),
    type: textField(body, 'type'),
    timeInForce: textField(body, 'time_in_force'),
    limitPrice: textField(body, 'limit_price'),
    stopPrice: textField(body, 'stop_price'),
    trailPrice: textField(body, 'trail_price'),
    trailPercent: textField(body, 'trail_percent'),
    extendedHours: body['extended_hours'] === true,
    clientOrderId: textField(body, 'client_order_id'),
    orderClass: textField(body, 'order_class'),
    takeProfitLimitPrice: nested(body, 'take_profit', 'limit_price'),
    stopLossStopPrice: nested(body, 'stop_loss', 'stop_price'),
    positionIntent: textField(body, 'position_intent'),
    advancedInstructions: isRecord(body['advanced_instructions']),
  };
}

export function postOrder(exchange: Exchange, desk: Desk, request: ApiRequest): Answer {
  if (!isRecord(request.body)) return refuse('body-malformed');
  const form = readOrderForm(orderForm(exchange, request.body));
  if (!form.ok) return refuseOrder(exchange, form.error);
  if (exchange.faults.lasts('account-blocked') !== null) return refuse('account-not-authorized');
  const order = submitOrder(desk.venue, form.value, exchange.now(), orderFate(exchange, form.value));
  if (!order.ok) return refuseOrder(exchange, order.error);
  hideOrder(exchange, desk, order.value);
  return answer(shownOrder(exchange, order.value));
}

/** Keeps the orders beyond a mark: `after` and `until` are exclusive, as are the order ids. */
function withinMarks(desk: Desk, orders: readonly VenueOrder[], query: URLSearchParams): readonly VenueOrder[] {
  const after = nanosecondsOf(query, 'after');
  const until = nanosecondsOf(query, 'until');
  const afterId = textOf(query, 'after_order_id');
  const beforeId = textOf(query, 'before_order_id');
  if (afterId !== null && beforeId !== null)
    throw new ParameterError('after_order_id', 'exclusive with before_order_id');
  if ((afterId !== null || beforeId !== null) && (after !== null || until !== null)) {
    throw new ParameterError('after_order_id', 'exclusive with after and until');
  }
  const numberOf = (id: string, name: string): number => {
    const number = desk.venue.state.numberById.get(id);
    if (number === undefined) throw new ParameterError(name, 'no such order');
    return number;
  };
  const afterNumber = afterId === null ? null : numberOf(afterId, 'after_order_id');
  const beforeNumber = beforeId === null ? null : numberOf(beforeId, 'before_order_id');
  return orders.filter(
    (order) =>
      (after === null || order.submittedAt > after) &&
      (until === null || order.submittedAt < until) &&
      (afterNumber === null || order.number > afterNumber) &&
      (beforeNumber === null || order.number < beforeNumber),
  );
}

export function listOrders(exchange: Exchange, desk: Desk, request: ApiRequest): Answer {
  const { query } = request;
  const status = wordOf(query, 'status', ['open', 'closed', 'all'], 'open');
  const limit = wholeNumberOf(query, 'limit', 1, 500, 50);
  const direction = wordOf(query, 'direction', ['desc', 'asc'], 'desc');
  const side = wordOf(query, 'side', ['buy', 'sell', 'both'], 'both');
  const symbols = new Set<string>(listOf(query, 'symbols'));
  const classes = listOf(query, 'asset_class');
  if (classes.length > 0 && !classes.includes('us_equity')) return answer([]);
  const chosen = withinMarks(desk, listedOrders(exchange, desk), query).filter(
    (order) =>
      (status === 'all' || hasEnded(order.status) === (status === 'closed')) &&
      (status !== 'open' || order.status !== 'held') &&
      (side === 'both' || order.side === side) &&
      (symbols.size === 0 || symbols.has(order.ticker)),
  );
  const sorted = direction === 'asc' ? chosen : chosen.toReversed();
  return answer(tornPage(exchange, sorted.slice(0, limit)).map((order) => shownOrder(exchange, order)));
}

export function getOrder(exchange: Exchange, desk: Desk, _: ApiRequest, id: string): Answer {
  if (!UUID.test(id)) return refuse('order-id-malformed');
  const order = orderById(exchange, desk, id);
  return order === null ? refuse('order-unknown', { id }) : answer(shownOrder(exchange, order));
}

export function getOrderByClientId(exchange: Exchange, desk: Desk, request: ApiRequest): Answer {
  const clientOrderId = textOf(request.query, 'client_order_id');
  if (clientOrderId === null) return refuse('order-id-malformed');
  const order = orderByClientId(exchange, desk, clientOrderId);
  return order === null ? refuse('order-unknown', { id: clientOrderId }) : answer(shownOrder(exchange, order));
}

export function deleteOrder(exchange: Exchange, desk: Desk, _: ApiRequest, id: string): Answer {
  if (!UUID.test(id)) return refuse('order-id-malformed');
  const order = orderById(exchange, desk, id) ?? undefined;
  const canceled = requestCancel(desk.venue, id, exchange.now(), cancelFate(exchange, order));
  if (canceled.ok) return answer(null, 204);
  const { faults } = exchange;
  if (order?.status === 'canceled' && faults.strikes('repeat-cancel-accepted', id) !== null) return answer(null, 204);
  const older = canceled.error.code === 'order-ended' && faults.strikes('older-texts', id) !== null;
  return older ? refuse('order-not-cancelable') : refuseWith(canceled.error);
}

export function deleteOrders(exchange: Exchange, desk: Desk): Answer {
  const results = openOrders(desk.venue).map((order) => {
    const canceled = requestCancel(desk.venue, order.id, exchange.now(), cancelFate(exchange, order));
    return canceled.ok
      ? { id: order.id, status: 200 }
      : { id: order.id, status: 500, body: refuse('cancel-failed').body };
  });
  return answer(results, 207);
}

export const patchOrder = (): Answer => refuse('replace-not-simulated');
