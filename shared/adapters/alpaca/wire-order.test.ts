import { describe, expect, it } from 'vitest';
import { formatMoney, formatPrice, formatQuantity, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { parseExactJson } from './exact-json.ts';
import { brokerOrder } from './wire-order.ts';

/** The order that the broker's own description shows. */
const OFFICIAL = `{"asset_class":"us_equity","asset_id":"b0b6dd9d-8b9b-48a9-ba46-b9d54906e415","canceled_at":null,
 "client_order_id":"5680c4bc-9ac1-4a12-a44c-df427ba53032","created_at":"2023-12-12T22:31:24.668464435Z",
 "expired_at":null,"extended_hours":false,"failed_at":null,"filled_at":null,"filled_avg_price":null,
 "filled_qty":"0","hwm":null,"id":"7b08df51-c1ac-453c-99f9-323a5f075f0d","legs":null,"limit_price":"150",
 "notional":null,"order_class":"","order_type":"limit","qty":"2","replaced_at":null,"replaced_by":null,
 "replaces":null,"side":"buy","source":null,"status":"accepted","stop_price":null,
 "submitted_at":"2023-12-12T22:31:24.577215743Z","subtag":null,"symbol":"AAPL","time_in_force":"gtc",
 "trail_percent":null,"trail_price":null,"type":"limit","updated_at":"2023-12-12T22:31:24.668464435Z"}`;

const MINIMAL = { id: 'o-1', symbol: 'KO', side: 'buy', status: 'new', filled_qty: '0' };

describe('brokerOrder', () => {
  it('reads the official example', () => {
    expect(brokerOrder.parse(parseExactJson(OFFICIAL))).toEqual({
      brokerOrderId: '7b08df51-c1ac-453c-99f9-323a5f075f0d',
      clientOrderId: '5680c4bc-9ac1-4a12-a44c-df427ba53032',
      ticker: 'AAPL',
      side: 'buy',
      type: 'limit',
      timeInForce: 'gtc',
      positionIntent: null,
      quantity: parseQuantity('2'),
      notional: null,
      limitPrice: parsePrice('150'),
      stopPrice: null,
      status: 'accepted',
      statusText: 'accepted',
      filledQuantity: parseQuantity('0'),
      filledAveragePrice: null,
      submittedAt: 1702420284577215743n,
      updatedAt: 1702420284668464435n,
      replacedBy: null,
    });
  });

  it('reads decimals to the last digit, as texts and as numbers', () => {
    const order = (qty: string): string =>
      `{"id":"o","symbol":"KO","side":"buy","status":"new","filled_qty":${qty},"notional":${qty}}`;
    for (const quoted of ['"12345678901.123456789"', '12345678901.123456789']) {
      const read = brokerOrder.parse(parseExactJson(order(quoted)));
      expect(formatQuantity(read.filledQuantity)).toBe('12345678901.123456789');
      expect(read.notional === null ? '' : formatMoney(read.notional)).toBe('12345678901.123456789');
    }
  });

  it('rounds an average of many digits, half to even, and no other price', () => {
    const average = (text: string): string => {
      const read = brokerOrder.parse({ ...MINIMAL, filled_avg_price: text }).filledAveragePrice;
      return read === null ? '' : formatPrice(read);
    };
    expect(average('106.73333333333333333333')).toBe('106.733333333');
    expect(average('1.0000000005')).toBe('1');
    expect(average('1.0000000015')).toBe('1.000000002');
    expect(brokerOrder.safeParse({ ...MINIMAL, limit_price: '106.7333333333' }).success).toBe(false);
  });

  it('reads times with any offset and nine digits to the nanosecond', () => {
    const read = brokerOrder.parse({
      ...MINIMAL,
      submitted_at: '2026-01-05T10:00:00.123456789-05:00',
      updated_at: '2026-01-05T15:00:00.123456789Z',
    });
    expect(read.submittedAt).toBe(1767625200123456789n);
    expect(read.updatedAt).toBe(read.submittedAt);
  });

  it('tolerates what newer and older objects lack, hold as empty, or hold besides', () => {
    const read = brokerOrder.parse({
      ...MINIMAL,
      order_type: 'stop',
      qty: '',
      limit_price: null,
      updated_at: '0001-01-01T00:00:00Z',
      replaced_by: '',
      a_new_field: { of: ['some', 'kind'] },
    });
    expect(read).toMatchObject({ type: 'stop', quantity: null, limitPrice: null, updatedAt: null, replacedBy: null });
  });

  it('keeps no word for a type, time in force or intent that this house does not place', () => {
    const strange = { type: 'trailing_stop', time_in_force: 'opg', position_intent: 'buy_to_hold' };
    expect(brokerOrder.parse({ ...MINIMAL, ...strange })).toMatchObject({
      type: null,
      timeInForce: null,
      positionIntent: null,
    });
  });

  it('writes crypto with its slash', () => {
    expect(brokerOrder.parse({ ...MINIMAL, symbol: 'BTCUSD', asset_class: 'crypto' }).ticker).toBe('BTC/USD');
    expect(brokerOrder.parse({ ...MINIMAL, symbol: 'ETH/BTC', asset_class: 'crypto' }).ticker).toBe('ETH/BTC');
    expect(brokerOrder.parse({ ...MINIMAL, symbol: 'BTCUSD' }).ticker).toBe('BTCUSD');
  });

  it.each([
    ['id', { id: '' }],
    ['filled_qty', { filled_qty: null }],
    ['filled_qty', { filled_qty: 'many' }],
    ['filled_qty', { filled_qty: '0.0000000001' }],
    ['side', { side: 'hold' }],
    ['symbol', { symbol: null }],
    ['submitted_at', { submitted_at: 'yesterday' }],
    ['status', { status: null }],
  ])('refuses an order whose %s cannot be trusted: %j', (field, change) => {
    const read = brokerOrder.safeParse({ ...MINIMAL, ...change });
    expect(read.error?.issues.map((issue) => issue.path[0])).toEqual([field]);
  });
});
