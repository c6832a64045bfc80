import { describe, expect, it } from 'vitest';
import { formatMoney, formatPrice, formatQuantity } from '#shared/core/kernel/decimal.ts';
import { formatEpochMs } from '#shared/core/kernel/instant.ts';
import {
  assetList,
  brokerAccount,
  brokerActivities,
  brokerCalendar,
  brokerClock,
  brokerPosition,
  instrument,
} from './wire-account.ts';

describe('brokerPosition', () => {
  const LONG = { symbol: 'KO', qty: '0.557436865', qty_available: '0.5', side: 'long', avg_entry_price: '86.879891' };

  it('reads a long position and what of it may be sold', () => {
    const read = brokerPosition.parse(LONG);
    expect([formatQuantity(read.quantity), formatQuantity(read.available)]).toEqual(['0.557436865', '0.5']);
    expect(formatPrice(read.averagePrice)).toBe('86.879891');
  });

  it.each([
    ['by its sign', { qty: '-3', qty_available: '-2', side: 'short' }],
    ['by its side alone', { qty: '3', qty_available: '2', side: 'short' }],
    ['without a side', { qty: '-3', qty_available: '-2', side: null }],
  ])('reads a short position %s as negative', (_how, change) => {
    const read = brokerPosition.parse({ ...LONG, ...change });
    expect([formatQuantity(read.quantity), formatQuantity(read.available)]).toEqual(['-3', '-2']);
  });

  it('reads a position of nothing as nothing', () => {
    expect(brokerPosition.parse({ ...LONG, qty: '0', qty_available: '0' }).quantity).toBe(0n);
  });

  it('refuses a position that does not say what may be sold of it', () => {
    expect(brokerPosition.safeParse({ ...LONG, qty_available: undefined }).success).toBe(false);
  });
});

describe('brokerAccount', () => {
  const ACCOUNT = {
    account_number: 'PA123',
    currency: 'USD',
    status: 'ACTIVE',
    cash: '100000.123456789012345678',
    equity: '100011.66',
    last_equity: '99999',
    buying_power: '400023.32',
    account_blocked: false,
    trading_blocked: false,
    trade_suspended_by_user: false,
    shorting_enabled: true,
  };

  it('reads balances exactly', () => {
    const read = brokerAccount.parse(ACCOUNT);
    expect(formatMoney(read.cash)).toBe('100000.123456789012345678');
    expect(formatMoney(read.buyingPower)).toBe('400023.32');
    expect(read).toMatchObject({ tradable: true, restriction: null, shortingEnabled: true });
  });

  it.each([
    [{ status: 'ACCOUNT_CLOSED' }, 'status is ACCOUNT_CLOSED'],
    [{ account_blocked: true }, 'account_blocked'],
    [{ trading_blocked: true }, 'trading_blocked'],
    [{ trade_suspended_by_user: true }, 'trade_suspended_by_user'],
  ])('is not tradable with %j', (change, restriction) => {
    expect(brokerAccount.parse({ ...ACCOUNT, ...change })).toMatchObject({ tradable: false, restriction });
  });

  it.each(['account_blocked', 'trading_blocked', 'trade_suspended_by_user', 'status', 'cash', 'last_equity'])(
    'refuses an account that does not tell %s',
    (field) => {
      expect(brokerAccount.safeParse({ ...ACCOUNT, [field]: undefined }).success).toBe(false);
    },
  );
});

describe('brokerActivities', () => {
  const FILL = {
    activity_type: 'FILL',
    cum_qty: '2',
    id: '20220202135509981::2d7be4ff-d1f3-43e9-856a-0f5cf5c5088e',
    leaves_qty: '0',
    order_id: 'b5abe576-6a8a-49f3-a353-46b72c1ccae9',
    order_status: 'filled',
    price: '174.78',
    qty: '2',
    side: 'buy',
    symbol: 'AAPL',
    transaction_time: '2022-02-02T18:55:09.981482Z',
    type: 'fill',
  };

  it('reads the official example, its id as it is', () => {
    const [read] = brokerActivities.parse([FILL]);
    expect(read).toMatchObject({
      activityId: '20220202135509981::2d7be4ff-d1f3-43e9-856a-0f5cf5c5088e',
      executionId: null,
      brokerOrderId: 'b5abe576-6a8a-49f3-a353-46b72c1ccae9',
      side: 'buy',
      kind: 'fill',
      at: 1643828109981482000n,
    });
  });

  it.each([
    [{ type: 'partial_fill', qty: '1' }, 'fill', '1'],
    [{ type: 'trade_bust', qty: '-2' }, 'bust', '-2'],
    [{ type: 'something_new', qty: '-2' }, 'bust', '-2'],
    [{ type: 'trade_correct', qty: '2' }, 'correct', '2'],
    [{ type: null, qty: '2' }, 'fill', '2'],
  ])('tells %j as a %s of %s', (change, kind, quantity) => {
    const [read] = brokerActivities.parse([{ ...FILL, ...change }]);
    expect(read?.kind).toBe(kind);
    expect(read === undefined ? '' : formatQuantity(read.quantity)).toBe(quantity);
  });

  it('reads a short sale as a sale', () => {
    expect(brokerActivities.parse([{ ...FILL, side: 'sell_short' }])[0]?.side).toBe('sell');
  });

  it('refuses a page with an activity that was not asked for: leaving it out would look like the last page', () => {
    expect(brokerActivities.safeParse([{ ...FILL, activity_type: 'DIV' }]).success).toBe(false);
  });
});

describe('brokerClock', () => {
  it('reads its times with their offsets', () => {
    const read = brokerClock.parse({
      timestamp: '2025-06-24T14:15:22.123456789-04:00',
      is_open: true,
      next_open: '2025-06-25T09:30:00-04:00',
      next_close: '2025-06-24T16:00:00-04:00',
    });
    expect(formatEpochMs(read.at)).toBe('2025-06-24T18:15:22.123Z');
    expect(formatEpochMs(read.nextOpenAt)).toBe('2025-06-25T13:30:00.000Z');
    expect(formatEpochMs(read.nextCloseAt)).toBe('2025-06-24T20:00:00.000Z');
  });
});

describe('brokerCalendar', () => {
  it('reads wall times of both formats, in winter and in summer, and knows half days', () => {
    const read = brokerCalendar.parse([
      { date: '2025-01-02', open: '09:30', close: '16:00', session_open: '0400', session_close: '2000' },
      { date: '2025-07-03', open: '0930', close: '1300' },
    ]);
    expect(read.map((day) => [formatEpochMs(day.openAt), formatEpochMs(day.closeAt), day.halfDay])).toEqual([
      ['2025-01-02T14:30:00.000Z', '2025-01-02T21:00:00.000Z', false],
      ['2025-07-03T13:30:00.000Z', '2025-07-03T17:00:00.000Z', true],
    ]);
  });

  it.each(['9:30', '24:00', '09:60', '', '093'])('refuses the time %j', (open) => {
    expect(brokerCalendar.safeParse([{ date: '2025-01-02', open, close: '16:00' }]).success).toBe(false);
  });
});

describe('instrument', () => {
  const ASSET = { class: 'us_equity', symbol: 'KO', name: 'Coca-Cola', status: 'active', tradable: true };

  it('reads a fractionable share with the smallest step that an order may carry', () => {
    const read = instrument.parse({ ...ASSET, fractionable: true, shortable: true, borrow_status: 'easy_to_borrow' });
    expect(read).toMatchObject({ fractionable: true, shortable: true, assetClass: 'equity' });
    expect(read === null ? '' : formatQuantity(read.quantityStep)).toBe('0.000000001');
  });

  it('grants nothing that the asset does not tell', () => {
    const read = instrument.parse(ASSET);
    expect(read).toMatchObject({ fractionable: false, shortable: false, marginable: false });
    expect(read === null ? '' : formatQuantity(read.quantityMin)).toBe('1');
  });

  it.each([
    [{ borrow_status: 'hard_to_borrow', easy_to_borrow: true }, false],
    [{ easy_to_borrow: true }, true],
    [{ easy_to_borrow: false }, false],
    [{}, false],
  ])('lends a shortable share with %j: %s', (change, shortable) => {
    expect(instrument.parse({ ...ASSET, shortable: true, ...change })?.shortable).toBe(shortable);
  });

  it('reads steps of crypto from the asset', () => {
    const coin = { ...ASSET, class: 'crypto', symbol: 'BTC/USD', fractionable: true };
    const read = instrument.parse({ ...coin, min_order_size: '0.000043', min_trade_increment: '1e-9' });
    expect(read === null ? [] : [formatQuantity(read.quantityMin), formatQuantity(read.quantityStep)]).toEqual([
      '0.000043',
      '0.000000001',
    ]);
  });

  it.each([{ status: 'inactive' }, { class: 'us_option' }])('is none with %j', (change) => {
    expect(instrument.parse({ ...ASSET, ...change })).toBeNull();
  });

  it('reads of a whole list only what is wanted', () => {
    const list = [ASSET, { symbol: 'a strange symbol' }, { symbol: 'F', nothing: 'else' }];
    expect(
      assetList(new Set(['KO']))
        .parse(list)
        .map((item) => item?.ticker),
    ).toEqual(['KO']);
    expect(assetList(new Set(['F'])).safeParse(list).success).toBe(false);
  });
});
