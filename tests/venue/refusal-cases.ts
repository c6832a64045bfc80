/** Every refusal of the broker: what leads to it, and every byte of its answer. */
import { expect } from 'vitest';
import { ticker } from '#shared/core/kernel/identity.ts';
import { parseEpochMs } from '#shared/core/kernel/instant.ts';
import { KEY, type RawAnswer, type RawDesk } from './raw-desk.ts';
import { ordinaryAsset } from '#infra/local/alpaca/bar-feed.ts';
import type { BrokerOptions } from '#infra/local/alpaca/embedding.ts';
import type { WireErrorCode } from '#infra/local/alpaca/error-catalogue.ts';
import { tinyMarket } from '#infra/local/alpaca/tiny-market.ts';

/** One refusal: what leads to it, and every byte of what the broker answers. */
export interface RefusalCase {
  readonly when: string;
  readonly options?: Partial<BrokerOptions>;
  readonly act: (desk: RawDesk) => Promise<RawAnswer>;
  readonly status: number;
  readonly body: unknown;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const MISSING_ID = '11111111-2222-4333-8444-555555555555';

/** A market in which some assets are no ordinary shares. */
const odd = tinyMarket({
  seed: 7,
  assets: [
    { ...ordinaryAsset(ticker('HALT')), tradable: false },
    { ...ordinaryAsset(ticker('AAPL')), fractionable: false },
    { ...ordinaryAsset(ticker('MSFT')), shortable: false },
    { ...ordinaryAsset(ticker('F')), easyToBorrow: false },
  ],
});

const order = (fields: Readonly<Record<string, unknown>>) => (desk: RawDesk) => desk.order(fields);
const call = (method: string, path: string, body?: unknown) => (desk: RawDesk) => desk.call(method, path, body);
const configure = (desk: RawDesk, settings: unknown): Promise<RawAnswer> =>
  desk.call('PATCH', '/v2/account/configurations', settings);

const malformed = (message: string): Pick<RefusalCase, 'status' | 'body'> => ({
  status: 422,
  body: { code: 40010001, message },
});
const unprocessable = (message: string): Pick<RefusalCase, 'status' | 'body'> => ({
  status: 422,
  body: { code: 42210000, message },
});
const forbidden = (message: string, extra: object = {}): Pick<RefusalCase, 'status' | 'body'> => ({
  status: 403,
  body: { ...extra, code: 40310000, message },
});
const notFound = (message: string): Pick<RefusalCase, 'status' | 'body'> => ({
  status: 404,
  body: { code: 40410000, message },
});

export const REFUSAL_CASES: Readonly<Record<WireErrorCode, RefusalCase>> = {
  'client-order-id-taken': {
    when: 'the id is in use, also by an order that has ended',
    act: async (desk) => {
      const id = await desk.place({ client_order_id: 'mine', type: 'limit', limit_price: '1' });
      await desk.call('DELETE', `/v2/orders/${id}`);
      desk.settle();
      return desk.order({ client_order_id: 'mine' });
    },
    ...malformed('client_order_id must be unique'),
  },
  'client-order-id-too-long': {
    when: 'the id has 129 characters',
    act: order({ client_order_id: 'x'.repeat(129) }),
    ...malformed('client_order_id must be no more than 128 characters'),
  },
  'quantity-missing': {
    when: 'there is neither quantity nor notional',
    act: order({ qty: undefined }),
    ...malformed('qty or notional is required'),
  },
  'quantity-ambiguous': {
    when: 'there are quantity and notional',
    act: order({ notional: '100' }),
    ...malformed('only one of qty or notional is accepted'),
  },
  'quantity-not-positive': { when: 'the quantity is zero', act: order({ qty: 0 }), ...malformed('qty must be > 0') },
  'quantity-malformed': {
    when: 'the quantity has ten decimals',
    act: order({ qty: '1.0000000001' }),
    ...malformed('qty must be a decimal with at most 9 decimals'),
  },
  'notional-not-positive': {
    when: 'the notional is negative',
    act: order({ qty: undefined, notional: '-5' }),
    ...malformed('notional must be > 0'),
  },
  'notional-malformed': {
    when: 'the notional is no number',
    act: order({ qty: undefined, notional: 'ten' }),
    ...malformed('notional must be a decimal'),
  },
  'symbol-missing': {
    when: 'there is no symbol',
    act: order({ symbol: undefined }),
    ...malformed('symbol is required'),
  },
  'side-invalid': {
    when: 'the side is neither buy nor sell',
    act: order({ side: 'hold' }),
    ...malformed('invalid side'),
  },
  'type-invalid': { when: 'the type is none', act: order({ type: 'peg' }), ...malformed('invalid order type') },
  'time-in-force-invalid': {
    when: 'an ioc order is no market or limit order',
    act: order({ type: 'stop', stop_price: '10', time_in_force: 'ioc' }),
    ...malformed('invalid time_in_force'),
  },
  'limit-price-missing': {
    when: 'a limit order has no limit',
    act: order({ type: 'limit' }),
    ...malformed('limit orders require a limit price'),
  },
  'stop-price-missing': {
    when: 'a stop order has no stop',
    act: order({ type: 'stop' }),
    ...malformed('stop orders require a stop price'),
  },
  'stop-limit-prices-missing': {
    when: 'a stop limit order lacks one of its prices',
    act: order({ type: 'stop_limit', stop_price: '10' }),
    ...malformed('stop limit orders require both stop and limit price'),
  },
  'limit-price-not-positive': {
    when: 'the limit is zero',
    act: order({ type: 'limit', limit_price: '0' }),
    ...malformed('limit price must be > 0'),
  },
  'stop-price-not-positive': {
    when: 'the stop is negative',
    act: order({ type: 'stop', stop_price: '-1' }),
    ...malformed('stop price must be > 0'),
  },
  'price-malformed': {
    when: 'the limit is no number',
    act: order({ type: 'limit', limit_price: 'cheap' }),
    ...malformed('limit_price must be a decimal with at most 9 decimals'),
  },
  'trailing-distance-missing': {
    when: 'a trailing stop has both distances',
    act: order({ type: 'trailing_stop', trail_price: '1', trail_percent: '1' }),
    ...malformed('trailing stop orders must specify one of trail_price or trail_percent'),
  },
  'position-intent-invalid': {
    when: 'the intent is none',
    act: order({ position_intent: 'buy_to_hold' }),
    ...malformed('invalid position_intent'),
  },
  'price-below-increment': {
    when: 'a price of a dollar or more has three decimals',
    act: order({ type: 'limit', limit_price: '290.123' }),
    ...unprocessable('invalid limit_price 290.123. sub-penny increment does not fulfill minimum pricing criteria'),
  },
  'fractional-not-day': {
    when: 'a fraction is good till canceled',
    act: order({ qty: '0.5', time_in_force: 'gtc' }),
    ...unprocessable('fractional orders must be DAY orders'),
  },
  'fractional-not-simple': {
    when: 'a fraction has legs',
    act: order({ qty: '0.5', order_class: 'bracket' }),
    ...unprocessable('fractional orders must be simple orders'),
  },
  'fractional-type-invalid': {
    when: 'a fraction trails',
    act: order({ qty: '0.5', type: 'trailing_stop', trail_price: '1' }),
    ...unprocessable('fractional orders must be market, limit, stop, or stop_limit orders'),
  },
  'fractional-short': {
    when: 'a fraction is sold that is not held',
    act: order({ qty: '0.5', side: 'sell' }),
    ...unprocessable('fractional orders cannot be sold short'),
  },
  'extended-hours-invalid': {
    when: 'a market order asks for extended hours',
    act: order({ extended_hours: true }),
    ...unprocessable('extended hours order must be DAY or GTC limit orders'),
  },
  'bracket-legs-missing': {
    when: 'a bracket has no take profit',
    act: order({ order_class: 'bracket', stop_loss: { stop_price: '10' } }),
    ...unprocessable('bracket orders require take_profit.limit_price'),
  },
  'bracket-legs-crossed': {
    when: 'a bracket takes profit below its stop',
    act: order({ order_class: 'bracket', take_profit: { limit_price: '9' }, stop_loss: { stop_price: '10' } }),
    ...unprocessable('take_profit.limit_price must be > stop_loss.stop_price'),
  },
  'position-intent-mismatch': {
    when: 'nothing is there to close',
    act: order({ side: 'sell', position_intent: 'sell_to_close' }),
    ...unprocessable('position intent mismatch, inferred: sell_to_open, specified: sell_to_close'),
  },
  'not-simulated': {
    when: 'the order class comes later',
    act: order({ order_class: 'oco', type: 'limit', limit_price: '10' }),
    ...unprocessable('this simulator does not trade order class oco yet'),
  },
  'asset-unknown': {
    when: 'there is no such asset',
    act: order({ symbol: 'FACEBOOK' }),
    ...unprocessable('asset "FACEBOOK" not found'),
  },
  'asset-not-tradable': {
    when: 'the asset does not trade',
    options: { market: odd },
    act: order({ symbol: 'HALT' }),
    ...unprocessable('asset "HALT" is not tradable'),
  },
  'asset-not-fractionable': {
    when: 'the asset trades whole',
    options: { market: odd },
    act: order({ symbol: 'AAPL', qty: '0.5' }),
    ...forbidden('asset "AAPL" is not fractionable'),
  },
  'asset-not-shortable': {
    when: 'the asset cannot be borrowed',
    options: { market: odd },
    act: order({ symbol: 'MSFT', side: 'sell' }),
    ...unprocessable('asset "MSFT" cannot be sold short'),
  },
  'asset-hard-to-borrow': {
    when: 'a hard-to-borrow asset is sold short beyond the day',
    options: { market: odd },
    act: order({ symbol: 'F', side: 'sell', time_in_force: 'gtc' }),
    ...unprocessable('only day orders are allowed for hard-to-borrow asset F'),
  },
  'account-not-authorized': {
    when: 'the owner has suspended trading',
    act: async (desk) => {
      await configure(desk, { suspend_trade: true });
      return desk.order();
    },
    ...forbidden('account is not authorized to trade'),
  },
  'account-without-equities': {
    when: 'the account may not trade equities',
    options: { behaviour: { equities: false } },
    act: order({}),
    ...malformed('us_equity orders not allowed for account'),
  },
  'account-not-allowed-to-short': {
    when: 'the owner does not want to be short',
    act: async (desk) => {
      await configure(desk, { no_shorting: true });
      return desk.order({ side: 'sell' });
    },
    ...forbidden('account is not allowed to short'),
  },
  'account-without-fractions': {
    when: 'the owner does not want fractions',
    act: async (desk) => {
      await configure(desk, { fractional_trading: false });
      return desk.order({ qty: '0.5' });
    },
    ...forbidden('fractional trading is disabled for this account'),
  },
  'buying-power-insufficient': {
    when: 'the order costs more than four times the equity',
    act: order({ type: 'limit', limit_price: '48.64', qty: '10000' }),
    ...forbidden('insufficient buying power', { buying_power: '400000', cost_basis: '486400' }),
  },
  'quantity-insufficient': {
    when: 'more is sold than is held',
    act: async (desk) => {
      await desk.place({ notional: '26', qty: undefined });
      await desk.place({ side: 'sell', qty: '0.25', type: 'limit', limit_price: '900' });
      return desk.order({ side: 'sell', qty: '1.5' });
    },
    ...forbidden('insufficient qty available for order (requested: 1.5, available: 0.308299334)', {
      available: '0.308299334',
      existing_qty: '0.558299334',
      held_for_orders: '0.25',
      symbol: 'KO',
    }),
  },
  'notional-below-minimum': {
    when: 'less than a dollar is bought',
    act: order({ qty: undefined, notional: '0.99' }),
    ...forbidden('cost basis must be >= minimal amount of order 1'),
  },
  'wash-trade': {
    when: 'an own order on the other side could trade with it',
    act: async (desk) => {
      await desk.place();
      await desk.place({ side: 'sell', type: 'limit', limit_price: '900', client_order_id: 'resting' });
      return desk.order({ type: 'limit', limit_price: '900' });
    },
    ...forbidden('potential wash trade detected. use complex orders', {
      existing_order_id: expect.stringMatching(UUID),
      reject_reason: 'opposite side limit order exists',
    }),
  },
  'long-buy-against-short-sell': {
    when: 'a short sale is open',
    act: async (desk) => {
      await desk.place({ side: 'sell', type: 'limit', limit_price: '900' });
      return desk.order({ type: 'limit', limit_price: '1' });
    },
    ...forbidden('cannot open a long buy while a short sell order is open'),
  },
  'short-sell-against-long-buy': {
    when: 'a long buy is open',
    act: async (desk) => {
      await desk.place({ type: 'limit', limit_price: '1' });
      return desk.order({ side: 'sell', type: 'limit', limit_price: '900' });
    },
    ...forbidden('cannot open a short sell while a long buy order is open'),
  },
  'notional-against-closing': {
    when: 'the market is closed and another order closes the position',
    act: async (desk) => {
      await desk.place();
      desk.moveTo(parseEpochMs('2026-01-06T18:00:00-05:00'));
      await desk.place({ side: 'sell', qty: '1' });
      return desk.order({ side: 'sell', qty: undefined, notional: '50' });
    },
    ...forbidden('unable to open new notional orders while having open closing position orders'),
  },
  'order-unknown': {
    when: 'no order has the id that is asked for',
    act: call('GET', '/v2/orders:by_client_order_id?client_order_id=nobody'),
    ...notFound('order not found for nobody'),
  },
  'order-ended': {
    when: 'a filled order is to be canceled',
    act: async (desk) => desk.call('DELETE', `/v2/orders/${await desk.place()}`),
    ...unprocessable('order is already in "filled" state'),
  },
  'order-not-cancelable': {
    when: 'an order that has ended is to be canceled, in the words of an older version',
    act: async (desk) => {
      desk.broker.faults.set('older-texts');
      return desk.call('DELETE', `/v2/orders/${await desk.place()}`);
    },
    ...unprocessable('order is not cancelable'),
  },
  'position-unknown': {
    when: 'the account is flat',
    act: call('GET', '/v2/positions/KO'),
    ...notFound('position does not exist'),
  },
  'close-quantity-invalid': {
    when: 'a position is to be closed by quantity and percentage',
    act: async (desk) => {
      await desk.place();
      return desk.call('DELETE', '/v2/positions/KO?qty=1&percentage=50');
    },
    ...malformed('only one of qty or percentage is accepted, and it must be > 0'),
  },
  'credentials-missing': {
    when: 'the headers are missing',
    act: (desk) => desk.call('GET', '/v2/account', undefined, { 'APCA-API-KEY-ID': KEY }),
    status: 403,
    body: { message: 'forbidden.' },
  },
  'credentials-wrong': {
    when: 'the secret is wrong',
    act: (desk) => desk.call('GET', '/v2/account', undefined, { 'APCA-API-KEY-ID': KEY, 'APCA-API-SECRET-KEY': 'x' }),
    status: 401,
    body: { message: 'unauthorized.' },
  },
  'rate-limited': {
    when: 'there are more requests in a minute than the account has',
    options: { requestsPerMinute: 2 },
    act: async (desk) => {
      await desk.call('GET', '/v2/clock');
      await desk.call('GET', '/v2/clock');
      return desk.call('GET', '/v2/clock');
    },
    status: 429,
    body: { code: 42910000, message: 'rate limit exceeded' },
  },
  'endpoint-unknown': {
    when: 'there is no such path',
    act: call('GET', '/v2/nothing'),
    ...notFound('endpoint not found'),
  },
  'body-malformed': {
    when: 'the body is no JSON',
    act: call('POST', '/v2/orders', '{"symbol":'),
    status: 400,
    body: { code: 40010000, message: 'request body format is invalid' },
  },
  'parameter-invalid': {
    when: 'a parameter is out of its range',
    act: call('GET', '/v2/orders?limit=501'),
    ...malformed('invalid limit'),
  },
  'order-id-malformed': {
    when: 'the id in the path is no UUID',
    act: call('GET', '/v2/orders/my-order'),
    ...malformed('order_id is missing'),
  },
  'close-symbol-unknown': {
    when: 'a position of no asset is to be closed',
    act: call('DELETE', '/v2/positions/NOPE'),
    ...notFound('symbol not found: NOPE'),
  },
  'asset-path-unknown': {
    when: 'no asset has the symbol',
    act: call('GET', '/v2/assets/NOPE'),
    ...notFound('asset not found for NOPE'),
  },
  'replace-not-simulated': {
    when: 'an order is to be replaced',
    act: call('PATCH', `/v2/orders/${MISSING_ID}`, { qty: '1' }),
    ...unprocessable('this simulator does not replace orders yet: cancel and submit anew'),
  },
  'endpoint-not-simulated': {
    when: 'a stream of server-sent events is asked for',
    act: call('GET', '/v2/events/trades'),
    ...unprocessable('this simulator does not serve server-sent events yet'),
  },
  'data-parameter-invalid': {
    when: 'a data request has no time frame',
    act: call('GET', '/v2/stocks/bars?symbols=KO'),
    status: 400,
    body: { message: 'invalid timeframe: expected one such as 1Min, 1Hour, 1Day, 1Week or 1Month' },
  },
  'feed-not-subscribed': {
    when: 'the free plan asks for fresh SIP data',
    act: call('GET', '/v2/stocks/quotes/latest?symbols=KO&feed=sip'),
    status: 403,
    body: { message: 'subscription does not permit querying recent SIP data' },
  },
  'internal-error': {
    when: 'the fault of a 5xx strikes',
    act: async (desk) => {
      desk.broker.faults.set('error-before', { parameters: { status: 500 } });
      return desk.call('GET', '/v2/account');
    },
    status: 500,
    body: { code: 50010000, message: 'internal server error' },
  },
  'cancel-failed': {
    when: 'the fault of a 5xx strikes the cancel of all orders',
    act: async (desk) => {
      desk.broker.faults.set('error-before', { parameters: { route: 'cancel-orders', status: 500 } });
      return desk.call('DELETE', '/v2/orders');
    },
    status: 500,
    body: { code: 50010000, message: 'Failed to cancel order' },
  },
};
