import { describe, expect, it } from 'vitest';
import { formatMoney, formatQuantity } from '#shared/core/kernel/decimal.ts';
import {
  TEN_O_CLOCK,
  at,
  openTestVenue,
  ordinaryShare,
  orderOf,
  refusalOf,
  settled,
  submit,
} from '#tests/venue/desk-market.ts';
import { submitOrder } from './venue.ts';
import type { Venue } from './venue-state.ts';

const EVENING = at('2026-01-06T18:00:00-05:00');
const held = (venue: Venue): string => formatMoney(venue.state.heldMoney);

describe('what an order that opens holds back of the buying power', () => {
  it.each([
    ['market', {}, '1000.1'],
    ['limit', { limit: '120' }, '1200'],
    ['stop', { type: 'stop', stop: '105' }, '1076.2'],
    ['stop_limit', { type: 'stop_limit', stop: '105', limit: '106' }, '1060'],
    ['notional', { notional: '250' }, '250'],
  ] as const)('for a %s order', (_, text, money) => {
    const { venue } = openTestVenue();
    submit(venue, { qty: '10', ...text });
    expect(held(venue)).toBe(money);
  });

  it('is by the last print while the market is closed', () => {
    const { venue } = openTestVenue({ now: EVENING });
    submit(venue, {}, EVENING);
    expect(held(venue)).toBe('1000');
  });

  it('is 3 % above the ask for a short sale, or its limit where that is higher', () => {
    const { venue } = openTestVenue();
    submit(venue, { side: 'sell', limit: '101' });
    expect(held(venue)).toBe('1030.103');
    submit(venue, { side: 'sell', limit: '110' });
    expect(held(venue)).toBe('2130.103');
  });

  it('is all that may be spent: one cent more is refused', () => {
    const { venue } = openTestVenue();
    submit(venue, { limit: '40000', qty: '10' });
    expect(refusalOf(venue, { limit: '0.01', qty: '1' })).toMatchObject({
      code: 'buying-power-insufficient',
      facts: { buying_power: '0', cost_basis: '0.01' },
    });
  });
});

describe('what an order that closes holds back', () => {
  it('is shares and no money, and no order goes through zero', () => {
    const { venue } = openTestVenue();
    settled(venue, submit(venue, {}));
    submit(venue, { side: 'sell', qty: '6', limit: '150' });
    expect(held(venue)).toBe('0');
    expect(refusalOf(venue, { side: 'sell', qty: '5', limit: '150' }).facts).toMatchObject({
      requested: '5',
      available: '4',
      existing_qty: '10',
      held_for_orders: '6',
    });
  });

  it('is the same for a short position', () => {
    const { venue } = openTestVenue();
    settled(venue, submit(venue, { side: 'sell' }));
    expect(refusalOf(venue, { side: 'buy', qty: '11' }).code).toBe('quantity-insufficient');
    expect(settled(venue, submit(venue, { side: 'buy' })).status).toBe('filled');
  });

  it('is as many shares as a sum of money sells at the last print', () => {
    const { venue } = openTestVenue();
    settled(venue, submit(venue, {}));
    const order = submit(venue, { side: 'sell', notional: '250' });
    expect(formatQuantity(order.heldQuantity)).toBe('2.5');
    expect(refusalOf(venue, { side: 'sell', notional: '751' }).code).toBe('quantity-insufficient');
  });
});

describe('prices', () => {
  it.each([
    ['1', true],
    ['1.01', true],
    ['1.001', false],
    ['0.9999', true],
    ['0.99999', false],
    ['100.5', true],
  ])('of a limit at %s are on their increment: %s', (limit, taken) => {
    const { venue } = openTestVenue();
    const answer = submitOrder(venue, orderOf({ limit, qty: '1' }), TEN_O_CLOCK);
    expect(answer.ok).toBe(taken);
    if (!answer.ok) expect(answer.error.code).toBe('price-below-increment');
  });

  it('of a stop are held to the same', () => {
    const { venue } = openTestVenue();
    expect(refusalOf(venue, { type: 'stop', stop: '105.125' })).toEqual({
      code: 'price-below-increment',
      facts: { field: 'stop_price', price: '105.125' },
    });
  });
});

describe('short sales', () => {
  it('are taken of what can be borrowed, with 2,000 dollars of equity', () => {
    const { venue } = openTestVenue({ cash: '2000' });
    expect(settled(venue, submit(venue, { side: 'sell' })).positionIntent).toBe('sell_to_open');
    const poor = openTestVenue({ cash: '1999.99' }).venue;
    expect(refusalOf(poor, { side: 'sell', qty: '1' }).code).toBe('account-not-allowed-to-short');
  });

  it('are not taken from an account that is not enabled for them', () => {
    const { venue } = openTestVenue();
    venue.state.flags.shortingEnabled = false;
    expect(refusalOf(venue, { side: 'sell' }).code).toBe('account-not-allowed-to-short');
  });

  it('of what is hard to borrow are day orders', () => {
    const { venue, market } = openTestVenue();
    market.list({ ...ordinaryShare('AAPL'), easyToBorrow: false });
    expect(refusalOf(venue, { side: 'sell', limit: '101', tif: 'gtc' }).code).toBe('asset-hard-to-borrow');
    submit(venue, { side: 'sell', limit: '101' });
  });
});

describe('an account', () => {
  it.each(['accountBlocked', 'tradingBlocked', 'tradeSuspended'] as const)('with %s takes no orders', (flag) => {
    const { venue } = openTestVenue();
    venue.state.flags[flag] = true;
    expect(refusalOf(venue, {}).code).toBe('account-not-authorized');
  });

  it('of positions without margin buys less', () => {
    const { venue, market } = openTestVenue();
    market.list({ ...ordinaryShare('AAPL'), marginable: false });
    settled(venue, submit(venue, { qty: '900' }));
    // Equity is 99,991; 90,000 of it has no margin, so four times 9,991 is left.
    expect(refusalOf(venue, { symbol: 'KO', qty: '1000' }).facts['buying_power']).toBe('39964');
  });
});

describe('an asset', () => {
  it('without any price takes no order that opens', () => {
    const { venue, market } = openTestVenue();
    market.list(ordinaryShare('NEW'));
    expect(refusalOf(venue, { symbol: 'NEW' }).code).toBe('asset-not-tradable');
  });

  it('that was delisted is known and not tradable', () => {
    const { venue, market } = openTestVenue();
    market.list({ ...ordinaryShare('AAPL'), active: false });
    expect(refusalOf(venue, {}).code).toBe('asset-not-tradable');
  });
});

describe('the intent of an order', () => {
  it('is taken where it fits what the order would do', () => {
    const { venue } = openTestVenue();
    const open = submitOrder(venue, { ...orderOf(), positionIntent: 'buy_to_open' }, TEN_O_CLOCK);
    expect(open.ok).toBe(true);
    const close = submitOrder(venue, { ...orderOf({ side: 'buy' }), positionIntent: 'buy_to_close' }, TEN_O_CLOCK);
    expect(close.ok ? null : close.error).toEqual({
      code: 'position-intent-mismatch',
      facts: { inferred: 'buy_to_open', specified: 'buy_to_close' },
    });
  });
});
