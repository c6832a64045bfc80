import { describe, expect, it } from 'vitest';
import { formatMoney, formatQuantity, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { addMs, msOf } from '#shared/core/kernel/instant.ts';
import {
  TEN_O_CLOCK,
  at,
  cancel,
  eventsOf,
  fillsOf,
  holdingOf,
  latest,
  openTestVenue,
  settled,
  submit,
} from '#tests/venue/desk-market.ts';
import { type Venue, takeNews } from './venue-state.ts';
import { advanceVenue, nextDueAt, requestCancel } from './venue.ts';

const held = (venue: Venue): string => formatMoney(venue.state.heldMoney);

describe('an order that is taken', () => {
  it('is pending_new in a session, then new, then filled at the far side of the market', () => {
    const { venue } = openTestVenue();
    const order = submit(venue, { qty: '10' });
    expect(order.status).toBe('pending_new');
    expect(held(venue)).toBe('1000.1');
    expect(settled(venue, order)).toMatchObject({ status: 'filled', heldMoney: 0n });
    expect(eventsOf(venue)).toEqual(['pending_new', 'new', 'fill']);
    expect(fillsOf(venue)).toEqual(['10 at 100.01']);
    expect(formatMoney(venue.state.cash)).toBe('98999.9');
  });

  it('is accepted while the market is closed, is told of by nobody, and is routed at the open', () => {
    const evening = at('2026-01-06T18:00:00-05:00');
    const open = at('2026-01-07T09:30:00-05:00');
    const { venue } = openTestVenue({ now: evening });
    const order = submit(venue, { qty: '10' }, evening);
    expect(order.status).toBe('accepted');
    expect(order.expiresAt).toBe(at('2026-01-07T16:00:00-05:00'));
    advanceVenue(venue, addMs(open, -1));
    expect([latest(venue, order).status, eventsOf(venue)]).toEqual(['accepted', [null]]);
    expect(settled(venue, order, open).status).toBe('filled');
    expect(venue.state.executions[0]?.at).toBe(open);
  });

  it('takes its time when the venue has latency', () => {
    const { venue } = openTestVenue({ rules: { acknowledgeMs: 5, fillMs: 7 } });
    const order = submit(venue, {});
    expect(nextDueAt(venue)).toBe(TEN_O_CLOCK + 5);
    expect(settled(venue, order, addMs(TEN_O_CLOCK, 11)).status).toBe('new');
    expect(settled(venue, order, addMs(TEN_O_CLOCK, 12)).status).toBe('filled');
  });

  it('has the same ids and stamps whenever the same is done, and others under another seed', () => {
    const run = (seed: number): unknown => {
      const { venue } = openTestVenue({ rules: { seed } });
      const order = submit(venue, { id: 'mine' });
      submit(venue, { symbol: 'KO' });
      advanceVenue(venue, TEN_O_CLOCK);
      return [order.id, venue.state.orders[1]?.clientOrderId, venue.state.executions];
    };
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });

  it('stamps each step later than the one before, within its own millisecond', () => {
    const { venue } = openTestVenue();
    for (const id of ['a', 'b', 'c']) submit(venue, { id, qty: '1' });
    advanceVenue(venue, TEN_O_CLOCK);
    const stamps = takeNews(venue.state).map((news) => news.stamp);
    expect(stamps).toHaveLength(9);
    expect(stamps.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(stamps);
    expect(new Set(stamps).size).toBe(9);
    expect(new Set(stamps.map(msOf))).toEqual(new Set([TEN_O_CLOCK]));
  });

  it('may be rejected afterwards', () => {
    const { venue } = openTestVenue();
    const order = settled(venue, submit(venue, {}, TEN_O_CLOCK, 'reject'));
    expect(order.status).toBe('rejected');
    expect(order.failedAt).not.toBeNull();
    expect([held(venue), eventsOf(venue)]).toEqual(['0', ['pending_new', 'rejected']]);
  });

  it('buys for a sum of money as many shares as it pays for, cut off at nine decimals', () => {
    const { venue } = openTestVenue();
    const order = settled(venue, submit(venue, { notional: '5' }));
    expect(order).toMatchObject({ status: 'filled', quantity: null });
    expect(fillsOf(venue)).toEqual(['0.049995 at 100.01']);
    expect(held(venue)).toBe('0');
  });
});

describe('a limit order', () => {
  it('fills at once at the far side when its limit is within the market', () => {
    const { venue } = openTestVenue();
    settled(venue, submit(venue, { limit: '100.5' }));
    expect(fillsOf(venue)).toEqual(['10 at 100.01']);
  });

  it('rests until the market comes to it, and fills at that instant', () => {
    const { venue, market } = openTestVenue();
    const later = addMs(TEN_O_CLOCK, 60_000);
    market.quote('AAPL', later, '98.99', '99.01');
    const order = submit(venue, { limit: '99.5' });
    advanceVenue(venue, TEN_O_CLOCK);
    expect([latest(venue, order).status, nextDueAt(venue)]).toEqual(['new', later]);
    expect(settled(venue, order, later).status).toBe('filled');
    expect(fillsOf(venue)).toEqual(['10 at 99.01']);
    expect(venue.state.executions[0]?.at).toBe(later);
  });

  it('sells at the bid or better', () => {
    const { venue, market } = openTestVenue();
    settled(venue, submit(venue, {}));
    const later = addMs(TEN_O_CLOCK, 60_000);
    market.quote('AAPL', later, '101.2', '101.3');
    settled(venue, submit(venue, { side: 'sell', limit: '101' }), later);
    expect(fillsOf(venue)).toEqual(['10 at 100.01', '10 at 101.2']);
    expect([holdingOf(venue, 'AAPL'), formatMoney(venue.state.realised)]).toEqual(['flat', '11.9']);
  });
});

describe('a market order', () => {
  it('waits when the ask has run away beyond its collar', () => {
    const { venue, market } = openTestVenue({ rules: { fillMs: 10 } });
    market.quote('AAPL', addMs(TEN_O_CLOCK, 5), '102.5', '102.51');
    const back = addMs(TEN_O_CLOCK, 60_000);
    market.quote('AAPL', back, '102.4', '102.5');
    const order = submit(venue, {});
    expect(settled(venue, order, addMs(back, 9)).status).toBe('new');
    expect(settled(venue, order, addMs(back, 10)).status).toBe('filled');
    expect(fillsOf(venue)).toEqual(['10 at 102.5']);
  });

  it('waits while nobody quotes', () => {
    const { venue, market } = openTestVenue({ rules: { fillMs: 10 } });
    const { quoteAt, firstInstant } = market;
    const dark = addMs(TEN_O_CLOCK, 5);
    const light = addMs(TEN_O_CLOCK, 500);
    market.quoteAt = (symbol, instant) => {
      const quote = quoteAt(symbol, instant);
      return quote === null || instant < dark || instant >= light ? quote : { ...quote, bid: null, ask: null };
    };
    market.firstInstant = (symbol, test, from, until) => firstInstant(symbol, test, from < light ? light : from, until);
    const order = submit(venue, {});
    expect(settled(venue, order, addMs(light, 9)).status).toBe('new');
    expect(settled(venue, order, addMs(light, 10)).status).toBe('filled');
  });
});

describe('a stop order', () => {
  it('to buy goes on as a limit order at its collar once a print reaches it', () => {
    const { venue, market } = openTestVenue();
    const later = addMs(TEN_O_CLOCK, 60_000);
    const calm = addMs(TEN_O_CLOCK, 120_000);
    market.quote('AAPL', later, '108', '108.2', '108.1');
    market.quote('AAPL', calm, '107', '107.6', '107.3');
    const order = settled(venue, submit(venue, { type: 'stop', stop: '105' }));
    expect(order).toMatchObject({ status: 'new', triggered: false });
    // 105 and 2.5 % is 107.625, floored to the cent.
    expect(settled(venue, order, later)).toMatchObject({
      status: 'new',
      triggered: true,
      workingLimit: 107_620_000_000n,
    });
    expect(settled(venue, order, calm).status).toBe('filled');
    expect(fillsOf(venue)).toEqual(['10 at 107.6']);
  });

  it('to sell goes on as a market order', () => {
    const { venue, market } = openTestVenue();
    settled(venue, submit(venue, {}));
    const later = addMs(TEN_O_CLOCK, 60_000);
    market.quote('AAPL', later, '80', '80.5', '90');
    const order = settled(venue, submit(venue, { side: 'sell', type: 'stop', stop: '95', tif: 'gtc' }), later);
    expect(order.status).toBe('filled');
    expect(fillsOf(venue)).toEqual(['10 at 100.01', '10 at 80']);
  });

  it('with a limit waits for both', () => {
    const { venue, market } = openTestVenue();
    const [up, down] = [addMs(TEN_O_CLOCK, 60_000), addMs(TEN_O_CLOCK, 120_000)];
    market.quote('AAPL', up, '106', '106.2', '106');
    market.quote('AAPL', down, '104', '104.2', '104');
    const order = submit(venue, { type: 'stop_limit', stop: '105', limit: '105.5' });
    expect(settled(venue, order, up)).toMatchObject({ status: 'new', triggered: true });
    expect(settled(venue, order, down).status).toBe('filled');
    expect(fillsOf(venue)).toEqual(['10 at 104.2']);
  });
});

describe('an immediate order', () => {
  it('ioc is canceled when the market is away', () => {
    const { venue } = openTestVenue();
    const order = settled(venue, submit(venue, { limit: '99', tif: 'ioc' }));
    expect(order).toMatchObject({ status: 'canceled', filledQuantity: 0n });
    expect(eventsOf(venue)).toEqual(['pending_new', 'new', 'canceled']);
  });

  it('ioc keeps what it got and cancels the rest', () => {
    const { venue } = openTestVenue();
    const order = settled(venue, submit(venue, { limit: '101', tif: 'ioc', qty: '100' }, TEN_O_CLOCK, 'partial-only'));
    expect(order.status).toBe('canceled');
    expect(order.filledQuantity > 0n && order.filledQuantity < 100_000_000_000n).toBe(true);
    expect([held(venue), holdingOf(venue, 'AAPL')]).toEqual(['0', formatQuantity(order.filledQuantity)]);
    expect(eventsOf(venue)).toEqual(['pending_new', 'new', 'partial_fill', 'canceled']);
  });

  it('fok fills whole or not at all', () => {
    const { venue } = openTestVenue({ rules: { partialFillOneIn: 1 } });
    expect(settled(venue, submit(venue, { limit: '101', tif: 'fok', qty: '100' })).status).toBe('filled');
    expect(settled(venue, submit(venue, { limit: '99', tif: 'fok', qty: '100' })).status).toBe('canceled');
    expect(fillsOf(venue)).toEqual(['100 at 100.01']);
  });
});

describe('partial fills', () => {
  it('come in one fill of ten, and the rest follows later', () => {
    const { venue } = openTestVenue({ rules: { partialFillOneIn: 10, requoteMs: 1_000 }, cash: '100000000' });
    for (let order = 0; order < 1_000; order += 1) submit(venue, { id: `order-${order}`, qty: '10' });
    advanceVenue(venue, TEN_O_CLOCK);
    const partial = venue.state.orders.filter((order) => order.status === 'partially_filled');
    expect(partial.length).toBeGreaterThan(70);
    expect(partial.length).toBeLessThan(130);
    expect(partial.every((order) => order.filledQuantity % 1_000_000_000n === 0n)).toBe(true);
    advanceVenue(venue, addMs(TEN_O_CLOCK, 20_000));
    expect(venue.state.orders.every((order) => order.status === 'filled')).toBe(true);
    expect(holdingOf(venue, 'AAPL')).toBe('10000');
  });

  it('come in executions no larger than the rule lets one be', () => {
    const { venue } = openTestVenue({ rules: { executionQuantityMax: wholeQuantity(4), requoteMs: 0 } });
    settled(venue, submit(venue, { qty: '10' }));
    expect(fillsOf(venue).map((fill) => fill.split(' at ')[0])).toEqual(['4', '4', '2']);
    expect(settled(venue, submit(venue, { id: 'fok', limit: '101', tif: 'fok', qty: '10' })).status).toBe('filled');
    expect(fillsOf(venue).at(-1)).toBe('10 at 100.01');
  });

  it('free what was held back by and by', () => {
    const { venue } = openTestVenue();
    const order = settled(venue, submit(venue, { limit: '101', qty: '100' }, TEN_O_CLOCK, 'partial-only'));
    expect(order.status).toBe('partially_filled');
    const open = 100n - order.filledQuantity / 1_000_000_000n;
    expect(held(venue)).toBe(String(open * 101n));
    cancel(venue, order);
    expect(settled(venue, order)).toMatchObject({ status: 'canceled', filledQuantity: order.filledQuantity });
    expect(held(venue)).toBe('0');
  });

  it('hold back the shares that a sell has still to sell', () => {
    const { venue } = openTestVenue();
    settled(venue, submit(venue, { qty: '100' }));
    const sell = settled(venue, submit(venue, { side: 'sell', qty: '100' }, TEN_O_CLOCK, 'partial-only'));
    const left = 100_000_000_000n - sell.filledQuantity;
    expect(venue.state.books.get(sell.ticker)?.heldQuantity).toBe(left);
    expect(venue.state.positions.get(sell.ticker)?.quantity).toBe(left);
  });
});

describe('a request to cancel', () => {
  it('makes a working order pending_cancel, then canceled', () => {
    const { venue } = openTestVenue({ rules: { cancelMs: 5 } });
    const order = settled(venue, submit(venue, { limit: '90' }));
    cancel(venue, order);
    expect(latest(venue, order).status).toBe('pending_cancel');
    expect(settled(venue, order, addMs(TEN_O_CLOCK, 5)).status).toBe('canceled');
    expect(eventsOf(venue)).toEqual(['pending_new', 'new', 'pending_cancel', 'canceled']);
    expect(held(venue)).toBe('0');
  });

  it('loses against a fill that comes first', () => {
    const { venue, market } = openTestVenue({ rules: { cancelMs: 50 } });
    market.quote('AAPL', addMs(TEN_O_CLOCK, 20), '89.9', '90');
    const order = settled(venue, submit(venue, { limit: '90' }));
    cancel(venue, order);
    expect(settled(venue, order, addMs(TEN_O_CLOCK, 50)).status).toBe('filled');
    expect(eventsOf(venue)).toEqual(['pending_new', 'new', 'pending_cancel', 'fill']);
  });

  it('ends an order that was not routed yet without pending_cancel', () => {
    const evening = at('2026-01-06T18:00:00-05:00');
    const { venue } = openTestVenue({ now: evening });
    const order = submit(venue, {}, evening);
    cancel(venue, order, evening);
    expect(settled(venue, order, evening).status).toBe('canceled');
  });

  it('is taken again while it is pending, and asks for nothing twice', () => {
    const { venue } = openTestVenue({ rules: { cancelMs: 5 } });
    const order = settled(venue, submit(venue, { limit: '90' }));
    cancel(venue, order);
    cancel(venue, order);
    advanceVenue(venue, addMs(TEN_O_CLOCK, 5));
    expect(eventsOf(venue)).toEqual(['pending_new', 'new', 'pending_cancel', 'canceled']);
  });

  it.each(['refuse', 'accept'] as const)('of a canceled order is answered as the rule says: %s', (repeatCancel) => {
    const { venue } = openTestVenue({ rules: { repeatCancel } });
    const order = settled(venue, submit(venue, { limit: '90' }));
    cancel(venue, order);
    advanceVenue(venue, TEN_O_CLOCK);
    expect(requestCancel(venue, order.id, TEN_O_CLOCK).ok).toBe(repeatCancel === 'accept');
  });

  it('fills after all where its fate is so, within the bar', () => {
    const { venue } = openTestVenue();
    const order = settled(venue, submit(venue, { limit: '100' }));
    cancel(venue, order, TEN_O_CLOCK, 'fill-first');
    expect(settled(venue, order).status).toBe('filled');
    expect(fillsOf(venue)).toEqual(['10 at 100']);
  });

  it('does not fill outside the bar whatever its fate', () => {
    const { venue } = openTestVenue();
    const order = settled(venue, submit(venue, { limit: '90' }));
    cancel(venue, order, TEN_O_CLOCK, 'fill-first');
    expect(settled(venue, order)).toMatchObject({ status: 'canceled', filledQuantity: 0n });
  });

  it('fills in part first where its fate is so', () => {
    const { venue } = openTestVenue();
    const order = settled(venue, submit(venue, { limit: '100', qty: '10' }));
    cancel(venue, order, TEN_O_CLOCK, 'partial-first');
    expect(settled(venue, order)).toMatchObject({ status: 'canceled', filledQuantity: 5_000_000_000n });
    expect(eventsOf(venue)).toEqual(['pending_new', 'new', 'pending_cancel', 'partial_fill', 'canceled']);
  });

  it('stays pending until the close where its fate is so', () => {
    const { venue } = openTestVenue();
    const order = settled(venue, submit(venue, { limit: '90' }));
    cancel(venue, order, TEN_O_CLOCK, 'stuck');
    expect(settled(venue, order, at('2026-01-06T15:59:59-05:00')).status).toBe('pending_cancel');
    expect(settled(venue, order, at('2026-01-06T16:00:00-05:00')).status).toBe('expired');
  });

  it('is taken back by the venue where its fate is so, and may be asked for again', () => {
    const { venue } = openTestVenue();
    const order = settled(venue, submit(venue, { limit: '90' }));
    cancel(venue, order, TEN_O_CLOCK, 'refuse');
    expect(settled(venue, order)).toMatchObject({ status: 'new', cancelRequestedAt: null });
    cancel(venue, order);
    expect(settled(venue, order).status).toBe('canceled');
    expect(eventsOf(venue)).toContain('order_cancel_rejected');
  });
});
