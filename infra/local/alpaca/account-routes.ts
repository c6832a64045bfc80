/** The account, its configuration, positions and activities. */
import {
  DecimalError,
  type Quantity,
  parseQuantity,
  prorateQuantity,
  absoluteQuantity,
  minQuantity,
} from '#shared/core/kernel/decimal.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { cancelAtOnce, openOrders, submitOrder } from '#shared/core/venue/venue.ts';
import type { VenuePosition } from '#shared/core/venue/venue-order.ts';
import { tickerOfSymbolOrId } from './asset-lookup.ts';
import {
  type Answer,
  type ApiRequest,
  ParameterError,
  answer,
  dateOf,
  instantOf,
  listOf,
  refuse,
  refuseWith,
  textOf,
  wholeNumberOf,
  wordOf,
} from './answer.ts';
import type { Desk, Exchange } from './desk.ts';
import { accountBody, configurationBody, positionBody } from './wire-account.ts';
import { activityLines } from './activity-lines.ts';
import { listedPositions, shownOrder } from './order-views.ts';

export function getAccount(exchange: Exchange, desk: Desk): Answer {
  const body = accountBody(desk, exchange.now());
  return answer(exchange.faults.lasts('account-blocked') === null ? body : { ...body, account_blocked: true });
}

export const getConfigurations = (_: Exchange, desk: Desk): Answer => answer(configurationBody(desk));

/** Each setting by its name on the wire; false says that the value is not one of its own. */
function applySetting(desk: Desk, name: string, value: unknown): boolean {
  const { flags } = desk.venue.state;
  switch (name) {
    case 'suspend_trade':
      if (typeof value === 'boolean') flags.tradeSuspended = value;
      return typeof value === 'boolean';
    case 'no_shorting':
      if (typeof value === 'boolean') flags.noShorting = value;
      return typeof value === 'boolean';
    case 'fractional_trading':
      if (typeof value === 'boolean') flags.fractionalTrading = value;
      return typeof value === 'boolean';
    case 'ptp_no_exception_entry':
      if (typeof value === 'boolean') desk.preferences.ptpNoExceptionEntry = value;
      return typeof value === 'boolean';
    case 'disable_overnight_trading':
      if (typeof value === 'boolean') desk.preferences.disableOvernightTrading = value;
      return typeof value === 'boolean';
    case 'trade_confirm_email':
      if (value === 'all' || value === 'none') desk.preferences.tradeConfirmEmail = value;
      return value === 'all' || value === 'none';
    case 'max_margin_multiplier': {
      const multiplier = ([1, 2, 4] as const).find((candidate) => String(candidate) === value);
      if (multiplier !== undefined) flags.maxMarginMultiplier = multiplier;
      return multiplier !== undefined;
    }
    case 'max_options_trading_level':
      return value === 0 || value === null;
    default:
      // The broker takes no notice of names that it does not know.
      return true;
  }
}

export function patchConfigurations(_: Exchange, desk: Desk, request: ApiRequest): Answer {
  const { body } = request;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return refuse('body-malformed');
  for (const [name, value] of Object.entries(body)) {
    if (!applySetting(desk, name, value)) return refuse('parameter-invalid', { parameter: name });
  }
  return answer(configurationBody(desk));
}

export function listPositions(exchange: Exchange, desk: Desk): Answer {
  const now = exchange.now();
  return answer(listedPositions(exchange, desk).map((position) => positionBody(desk.venue, position, now)));
}

const positionOf = (exchange: Exchange, desk: Desk, symbolOrId: string): VenuePosition | undefined => {
  const symbol = tickerOfSymbolOrId(exchange.market, symbolOrId);
  return symbol === null ? undefined : desk.venue.state.positions.get(symbol);
};

export function getPosition(exchange: Exchange, desk: Desk, _: ApiRequest, symbolOrId: string): Answer {
  const position = positionOf(exchange, desk, symbolOrId);
  return position === undefined
    ? refuse('position-unknown')
    : answer(positionBody(desk.venue, position, exchange.now()));
}

/** The quantity that `qty` or `percentage` asks to close; all of it without either. Null when they make no sense. */
function quantityToClose(position: VenuePosition, query: URLSearchParams): Quantity | null {
  const [qty, percentage] = [textOf(query, 'qty'), textOf(query, 'percentage')];
  const open = absoluteQuantity(position.quantity);
  if (qty !== null && percentage !== null) return null;
  try {
    if (qty !== null) return parseQuantity(qty) > 0n ? parseQuantity(qty) : null;
    if (percentage === null) return open;
    const share = parseQuantity(percentage);
    return share <= 0n || share > 100_000_000_000n
      ? null
      : minQuantity(open, prorateQuantity(open, share, 100_000_000_000n, 'floor'));
  } catch (error) {
    if (error instanceof DecimalError) return null;
    throw error;
  }
}

/** A market order with an id of the broker's own: asked twice, it closes twice. */
function closePosition(exchange: Exchange, desk: Desk, position: VenuePosition, quantity: Quantity): Answer {
  const order = submitOrder(
    desk.venue,
    {
      clientOrderId: null,
      ticker: position.ticker,
      side: position.quantity > 0n ? 'sell' : 'buy',
      type: 'market',
      timeInForce: 'day',
      quantity,
      notional: null,
      limitPrice: null,
      stopPrice: null,
      positionIntent: null,
    },
    exchange.now(),
  );
  return order.ok ? answer(shownOrder(exchange, order.value)) : refuseWith(order.error);
}

export function deletePosition(exchange: Exchange, desk: Desk, request: ApiRequest, symbolOrId: string): Answer {
  const known = tickerOfSymbolOrId(exchange.market, symbolOrId);
  if (known === null) return refuse('close-symbol-unknown', { symbol: symbolOrId });
  const position = desk.venue.state.positions.get(known);
  if (position === undefined) return refuse('position-unknown');
  const quantity = quantityToClose(position, request.query);
  return quantity === null || quantity <= 0n
    ? refuse('close-quantity-invalid')
    : closePosition(exchange, desk, position, quantity);
}

export function deletePositions(exchange: Exchange, desk: Desk, request: ApiRequest): Answer {
  if (wordOf(request.query, 'cancel_orders', ['true', 'false'], 'false') === 'true') {
    for (const order of openOrders(desk.venue)) cancelAtOnce(desk.venue, order.id, exchange.now());
  }
  const results = [...desk.venue.state.positions.values()].map((position) => {
    const closed = closePosition(exchange, desk, position, absoluteQuantity(position.quantity));
    return { symbol: position.ticker, status: closed.status, body: closed.body };
  });
  return answer(results, 207);
}

export function listActivities(exchange: Exchange, desk: Desk, request: ApiRequest, onlyType?: string): Answer {
  const { query } = request;
  const types = onlyType === undefined ? listOf(query, 'activity_types') : [onlyType];
  const category = textOf(query, 'category');
  if (types.length > 0 && category !== null) throw new ParameterError('category', 'exclusive with activity_types');
  const direction = wordOf(query, 'direction', ['desc', 'asc'], 'desc');
  const pageSize = wholeNumberOf(query, 'page_size', 1, 100, 100);
  const token = textOf(query, 'page_token');
  const [after, until] = [instantOf(query, 'after'), instantOf(query, 'until')];
  const date = dateOf(query, 'date');
  const lines = activityLines(exchange, desk).filter(
    (line) =>
      (types.length === 0 || types.includes(line.type)) &&
      (category === null || (category === 'trade_activity') === (line.type === 'FILL')) &&
      (after === null || line.at > after) &&
      (until === null || line.at < until) &&
      (date === null || newYorkDate(line.at) === date),
  );
  const sorted = direction === 'asc' ? lines : lines.toReversed();
  const lossy = token !== null && exchange.faults.strikes('activity-page-loss', token) !== null;
  // The lossy page goes on after the whole millisecond of the last item instead of after the item.
  const mark = (id: string): string => (lossy ? id.slice(0, 17) : id);
  const beyond = (id: string): boolean =>
    token === null || (direction === 'asc' ? mark(id) > mark(token) : mark(id) < mark(token));
  const rest = sorted.filter((line) => beyond(line.body.id));
  return answer(rest.slice(0, pageSize).map((line) => line.body));
}
