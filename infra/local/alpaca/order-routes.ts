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
  changed,
  listOf,
  nanosecondsOf,
  refuse,
  refuseWith,
  textOf,
  wholeNumberOf,
  wordOf,
} from './answer.ts';
import type { Desk, Exchange } from './desk.ts';
import { orderBody } from './wire-order.ts';
import { tickerOfSymbolOrId } from './asset-lookup.ts';

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

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
  if (!form.ok) return refuseWith(form.error);
  const order = submitOrder(desk.venue, form.value, exchange.now());
  return order.ok ? changed(orderBody(order.value)) : refuseWith(order.error);
}

/** All orders, oldest first. */
const ordersOf = (desk: Desk): readonly VenueOrder[] => [...desk.venue.state.orders.values()];

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
    const order = desk.venue.state.orders.get(id);
    if (order === undefined) throw new ParameterError(name, 'no such order');
    return order.number;
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

export function listOrders(_: Exchange, desk: Desk, request: ApiRequest): Answer {
  const { query } = request;
  const status = wordOf(query, 'status', ['open', 'closed', 'all'], 'open');
  const limit = wholeNumberOf(query, 'limit', 1, 500, 50);
  const direction = wordOf(query, 'direction', ['desc', 'asc'], 'desc');
  const side = wordOf(query, 'side', ['buy', 'sell', 'both'], 'both');
  const symbols = new Set<string>(listOf(query, 'symbols'));
  const classes = listOf(query, 'asset_class');
  if (classes.length > 0 && !classes.includes('us_equity')) return answer([]);
  const chosen = withinMarks(desk, ordersOf(desk), query).filter(
    (order) =>
      (status === 'all' || hasEnded(order.status) === (status === 'closed')) &&
      (status !== 'open' || order.status !== 'held') &&
      (side === 'both' || order.side === side) &&
      (symbols.size === 0 || symbols.has(order.ticker)),
  );
  const sorted = direction === 'asc' ? chosen : chosen.toReversed();
  return answer(sorted.slice(0, limit).map(orderBody));
}

export function getOrder(_: Exchange, desk: Desk, __: ApiRequest, id: string): Answer {
  if (!UUID.test(id)) return refuse('order-id-malformed');
  const order = desk.venue.state.orders.get(id);
  return order === undefined ? refuse('order-unknown', { id }) : answer(orderBody(order));
}

export function getOrderByClientId(_: Exchange, desk: Desk, request: ApiRequest): Answer {
  const clientOrderId = textOf(request.query, 'client_order_id');
  if (clientOrderId === null) return refuse('order-id-malformed');
  const id = desk.venue.state.idByClientOrderId.get(clientOrderId);
  const order = id === undefined ? undefined : desk.venue.state.orders.get(id);
  return order === undefined ? refuse('order-unknown', { id: clientOrderId }) : answer(orderBody(order));
}

export function deleteOrder(exchange: Exchange, desk: Desk, _: ApiRequest, id: string): Answer {
  if (!UUID.test(id)) return refuse('order-id-malformed');
  const canceled = requestCancel(desk.venue, id, exchange.now());
  return canceled.ok ? changed(null, 204) : refuseWith(canceled.error);
}

export function deleteOrders(exchange: Exchange, desk: Desk): Answer {
  const results = openOrders(desk.venue).map((order) => {
    const canceled = requestCancel(desk.venue, order.id, exchange.now());
    return canceled.ok
      ? { id: order.id, status: 200 }
      : { id: order.id, status: 500, body: refuse('cancel-failed').body };
  });
  return changed(results, 207);
}

export const patchOrder = (): Answer => refuse('replace-not-simulated');
