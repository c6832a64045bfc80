import { describe, expect, it } from 'vitest';
import { refusalStage, type RefusalCode } from '#shared/core/kernel/refusal.ts';
import { brokerErrorOf } from './error-body.ts';
import { brokerRefusal, DUPLICATE_TEXT, REFUSAL_TEXTS, refusalCodeOf } from './refusal-texts.ts';

/** Every text that the broker is known to refuse with: its status, its own number, the text, and the house's code. */
const KNOWN: readonly (readonly [status: number, number: number, text: string, code: RefusalCode])[] = [
  [403, 40310000, 'insufficient buying power', 'broker-insufficient-buying-power'],
  [
    403,
    40310000,
    'insufficient qty available for order (requested: 1.057436865, available: 0.557436865)',
    'broker-insufficient-quantity',
  ],
  [
    403,
    40310000,
    'insufficient balance for ETH (requested: 13.338989, available: 13.33898895)',
    'broker-insufficient-quantity',
  ],
  [403, 40310000, 'insufficient balance for USD (requested: 120, available: 100)', 'broker-insufficient-buying-power'],
  [403, 40310000, 'potential wash trade detected. use complex orders', 'broker-wash-trade'],
  [422, 42210000, 'potential wash trade detected. use complex orders', 'broker-wash-trade'],
  [403, 40310000, 'asset "OCGN" is not fractionable', 'broker-not-fractionable'],
  [403, 40310000, 'requested asset is not fractionable', 'broker-not-fractionable'],
  [403, 40310000, 'account is not allowed to short', 'broker-account-permission'],
  [403, 40310000, 'account is not authorized to trade', 'broker-account-blocked'],
  [403, 40310000, 'cost basis must be >= minimal amount of order 10', 'broker-notional-minimum'],
  [403, 40310000, 'opg orders must be submitted after 7:00pm and before 9:28am', 'broker-time-window'],
  [403, 40310000, 'cls orders must be submitted after 7:00pm and before 3:55pm', 'broker-time-window'],
  [403, 40310000, 'order parameters are not changed', 'broker-replace-refused'],
  [403, 40310000, 'cannot open a long buy while a short sell order is open', 'broker-opposing-order'],
  [403, 40310000, 'cannot open a short sell while a long buy order is open', 'broker-opposing-order'],
  [
    403,
    40310000,
    'unable to open new notional orders while having open closing position orders',
    'broker-opposing-order',
  ],
  [403, 40310000, 'fractional trading is disabled for this account', 'broker-account-permission'],
  [403, 40310000, 'crypto trading is not available in your jurisdiction', 'broker-account-permission'],
  [403, 40310100, 'trade denied due to pattern day trading protection', 'broker-day-trading'],
  [403, 0, 'forbidden.', 'broker-credentials'],
  [401, 0, 'unauthorized.', 'broker-credentials'],
  [404, 40410000, 'order not found for 61e69015-8549-4bfd-b9c3-01e75843f47d', 'order-not-found'],
  [404, 40410000, 'order not found', 'order-not-found'],
  [404, 40410000, 'position does not exist', 'no-position-to-close'],
  [404, 40410000, 'symbol not found: ZZZZ', 'broker-instrument-unknown'],
  [404, 40410000, 'endpoint not found', 'broker-endpoint-unknown'],
  [422, 40010001, 'client_order_id must be no more than 128 characters', 'broker-order-malformed'],
  [422, 40010001, 'qty or notional is required', 'broker-order-malformed'],
  [422, 40010001, 'only one of qty or notional is accepted', 'broker-order-malformed'],
  [422, 40010001, 'qty must be > 0', 'broker-order-malformed'],
  [422, 40010001, 'qty must be integer', 'broker-order-malformed'],
  [422, 40010001, 'order_id is missing', 'broker-order-malformed'],
  [422, 40010001, 'limit orders require a limit price', 'broker-order-malformed'],
  [422, 40010001, 'stop orders require a stop price', 'broker-order-malformed'],
  [422, 40010001, 'stop limit orders require both stop and limit price', 'broker-order-malformed'],
  [422, 40010001, 'trailing stop orders must specify one of trail_price or trail_percent', 'broker-order-malformed'],
  [422, 40010001, 'limit price must be > 0', 'broker-order-malformed'],
  [422, 40010001, 'invalid side', 'broker-order-malformed'],
  [422, 40010001, 'invalid order type', 'broker-order-malformed'],
  [422, 40010001, 'invalid time_in_force', 'broker-time-in-force'],
  [422, 40010001, 'could not find asset "FACEBOOK"', 'broker-instrument-unknown'],
  [422, 42210000, 'asset "XXX" not found', 'broker-instrument-unknown'],
  [422, 40010001, 'us_equity orders not allowed for account', 'broker-account-permission'],
  [422, 40010001, "unable to replace order, order isn't sent to exchange yet", 'broker-replace-refused'],
  [
    422,
    42210000,
    'invalid limit_price 290.123. sub-penny increment does not fulfill minimum pricing criteria',
    'broker-price-increment',
  ],
  [
    422,
    42210000,
    'invalid stop_price 290.123. sub-penny increment does not fulfill minimum pricing criteria',
    'broker-price-increment',
  ],
  [422, 42210000, 'fractional orders must be DAY orders', 'broker-fractional-rule'],
  [422, 42210000, 'fractional orders must be simple orders', 'broker-fractional-rule'],
  [422, 42210000, 'fractional orders must be market, limit, stop, or stop_limit orders', 'broker-fractional-rule'],
  [422, 42210000, 'fractional orders cannot be sold short', 'broker-fractional-rule'],
  [422, 42210000, 'asset "EIDO" cannot be sold short', 'broker-not-shortable'],
  [422, 42210000, 'only day orders are allowed for hard-to-borrow asset USO', 'broker-time-in-force'],
  [422, 42210000, 'asset "RGC" is not tradable', 'broker-not-tradable'],
  [422, 42210000, 'invalid crypto time_in_force', 'broker-time-in-force'],
  [422, 42210000, 'invalid order type for crypto order', 'broker-order-malformed'],
  [422, 42210000, 'extended hours order must be DAY limit orders', 'broker-time-in-force'],
  [422, 42210000, 'extended hours order must be DAY or GTC limit orders', 'broker-time-in-force'],
  [422, 42210000, 'bracket orders require take_profit.limit_price', 'broker-order-malformed'],
  [422, 42210000, 'take_profit.limit_price must be > stop_loss.stop_price', 'broker-order-malformed'],
  [
    422,
    42210000,
    'position intent mismatch, inferred: sell_to_open, specified: sell_to_close',
    'broker-position-intent',
  ],
  [422, 42210000, 'order is already in "filled" state', 'order-already-ended'],
  [422, 42210000, 'order is not cancelable', 'order-already-ended'],
  [422, 42210000, 'unable to replace order, order is not open', 'broker-replace-refused'],
  [422, 42210000, 'unable to replace order, qty must be > filled_qty', 'broker-replace-refused'],
  [422, 40010001, 'symbol is required', 'broker-order-malformed'],
];

describe('refusalCodeOf', () => {
  it.each(KNOWN)('names %i/%i "%s" %s', (status, _number, text, code) => {
    expect(refusalCodeOf(status, text)).toBe(code);
  });

  it('reads the text in any case', () => {
    expect(refusalCodeOf(403, 'Insufficient Buying Power')).toBe('broker-insufficient-buying-power');
  });

  it('keeps no row that no known text needs', () => {
    const needed = KNOWN.map(([, , text]) => REFUSAL_TEXTS.find(([pattern]) => pattern.test(text)));
    expect(REFUSAL_TEXTS.filter((row) => !needed.includes(row))).toEqual([]);
  });

  it('names a text that it does not know, or none, broker-refused', () => {
    expect(refusalCodeOf(403, 'the moon is in the wrong house')).toBe('broker-refused');
    expect(refusalCodeOf(422, null)).toBe('broker-refused');
  });

  it('names every 401 a matter of credentials, whatever its text', () => {
    expect(refusalCodeOf(401, 'insufficient buying power')).toBe('broker-credentials');
    expect(refusalCodeOf(401, null)).toBe('broker-credentials');
  });

  it('takes no known refusal for a duplicate, and the duplicate for no refusal', () => {
    expect(KNOWN.filter(([, , text]) => DUPLICATE_TEXT.test(text))).toEqual([]);
    expect(refusalCodeOf(422, 'client_order_id must be unique')).toBe('broker-refused');
  });
});

describe('brokerRefusal', () => {
  it('keeps the broker’s text and the facts beside it', () => {
    const error = brokerErrorOf({
      available: '0.557436865',
      code: '40310000',
      existing_qty: '0.557436865',
      message: 'insufficient qty available for order (requested: 1, available: 0.557436865)',
    });
    const refused = brokerRefusal(403, error, 'req-9');
    expect(refused.code).toBe('broker-insufficient-quantity');
    expect(refusalStage(refused.code)).toBe('broker');
    expect(refused.context).toEqual({
      available: '0.557436865',
      existing_qty: '0.557436865',
      httpStatus: '403',
      brokerCode: '40310000',
      requestId: 'req-9',
      brokerMessage: 'insufficient qty available for order (requested: 1, available: 0.557436865)',
    });
  });

  it('keeps an unknown text within bounds', () => {
    const refused = brokerRefusal(422, brokerErrorOf({ message: 'x'.repeat(5000) }), null);
    expect(refused.code).toBe('broker-refused');
    expect(refused.message.length).toBeLessThan(400);
  });
});
