import { describe, expect, it } from 'vitest';
import { formatMoney, formatQuantity, parsePrice, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import { addMs, calendarDate } from '#shared/core/kernel/instant.ts';
import {
  TEN_O_CLOCK,
  at,
  eventsOf,
  fillsOf,
  holdingOf,
  latest,
  openTestVenue,
  refusalOf,
  settled,
  submit,
} from '#tests/venue/desk-market.ts';
import { averageEntryPrice } from './position-keeping.ts';
import { advanceVenue, cancelAtOnce, lastEquityClose, nextDueAt, openOrders, undoExecution } from './venue.ts';

const CLOSE = at('2026-01-06T16:00:00-05:00');
const NEXT_OPEN = at('2026-01-07T09:30:00-05:00');
const AAPL = ticker('AAPL');

describe('the end of a session', () => {
  it('expires day orders, also those filled in part', () => {
    const { venue } = openTestVenue();
    const resting = submit(venue, { limit: '90' });
    const partly = submit(venue, { limit: '101', qty: '100' }, TEN_O_CLOCK, 'partial-only');
    advanceVenue(venue, CLOSE);
    expect([latest(venue, resting).status, latest(venue, partly).status]).toEqual(['expired', 'expired']);
    expect(latest(venue, partly).filledQuantity > 0n).toBe(true);
    expect(formatMoney(venue.state.heldMoney)).toBe('0');
    expect(venue.state.orders.every((order) => order.expiredAt !== null)).toBe(true);
  });

  it('comes at 13:00 on a half day', () => {
    const eve = at('2026-12-24T10:00:00-05:00');
    const { venue } = openTestVenue({ now: eve });
    const order = submit(venue, { limit: '90' }, eve);
    expect(order.expiresAt).toBe(at('2026-12-24T13:00:00-05:00'));
    expect(settled(venue, order, order.expiresAt).status).toBe('expired');
  });

  it('leaves gtc orders resting, and they fill on a later day', () => {
    const { venue, market } = openTestVenue();
    const order = submit(venue, { limit: '95', tif: 'gtc' });
    expect(settled(venue, order, CLOSE).status).toBe('new');
    market.quote('AAPL', at('2026-01-06T20:00:00-05:00'), '93.9', '94');
    expect(settled(venue, order, addMs(NEXT_OPEN, -1)).status).toBe('new');
    expect(settled(venue, order, NEXT_OPEN).status).toBe('filled');
    expect(fillsOf(venue)).toEqual(['10 at 94']);
  });

  it('puts gtc orders to rest as done_for_day where the rule says so', () => {
    const { venue } = openTestVenue({ rules: { doneForDay: true } });
    const order = submit(venue, { limit: '95', tif: 'gtc' });
    expect(settled(venue, order, CLOSE).status).toBe('done_for_day');
    expect(settled(venue, order, NEXT_OPEN).status).toBe('new');
    expect(eventsOf(venue)).toEqual(['pending_new', 'new', 'done_for_day', 'new']);
  });

  it('writes down the equity, which is the last equity of the next day', () => {
    const { venue } = openTestVenue();
    settled(venue, submit(venue, {}));
    advanceVenue(venue, CLOSE);
    expect(lastEquityClose(venue, calendarDate('2026-01-06'))).toBeNull();
    const close = lastEquityClose(venue, calendarDate('2026-01-07'));
    // 98,999.90 in cash and 10 shares at 100.
    expect([close?.date, formatMoney(close?.equity ?? venue.state.cash)]).toEqual(['2026-01-06', '99999.9']);
  });

  it('expires an order that the close overtook on its way to the market', () => {
    const last = addMs(CLOSE, -1);
    const { venue } = openTestVenue({ rules: { acknowledgeMs: 5 } });
    const order = submit(venue, {}, last);
    expect(settled(venue, order, addMs(CLOSE, 10)).status).toBe('expired');
  });

  it('is always ahead, so that a host always has something to wait for', () => {
    const { venue } = openTestVenue();
    expect(nextDueAt(venue)).toBe(CLOSE);
    advanceVenue(venue, CLOSE);
    expect(nextDueAt(venue)).toBe(at('2026-01-07T00:00:00-05:00'));
  });
});

describe('a gtc order', () => {
  it('is canceled 90 days after it was made, at 16:15 in New York', () => {
    const { venue } = openTestVenue({ rules: { cancelMs: 5 } });
    const order = submit(venue, { limit: '50', tif: 'gtc' });
    const end = at('2026-04-06T16:15:00-04:00');
    expect(order.expiresAt).toBe(end);
    expect(settled(venue, order, addMs(end, -1)).status).toBe('new');
    expect(settled(venue, order, end).status).toBe('pending_cancel');
    expect(settled(venue, order, addMs(end, 5)).status).toBe('canceled');
  });
});

describe('a split', () => {
  const forward = { ticker: AAPL, date: calendarDate('2026-01-07'), to: 4, from: 1 };

  it('multiplies the shares overnight, before the session of its date, and leaves their cost', () => {
    const { venue } = openTestVenue({ splits: [forward] });
    settled(venue, submit(venue, {}));
    const midnight = at('2026-01-07T00:00:00-05:00');
    advanceVenue(venue, addMs(midnight, -1));
    expect(holdingOf(venue, 'AAPL')).toBe('10');
    advanceVenue(venue, midnight);
    const position = venue.state.positions.get(AAPL);
    expect(holdingOf(venue, 'AAPL')).toBe('40');
    expect(formatMoney(position?.cost ?? venue.state.cash)).toBe('1000.1');
    expect(position === undefined ? 0n : averageEntryPrice(position)).toBe(parsePrice('25.0025'));
    expect(venue.state.adjustments).toMatchObject([
      { kind: 'split', ticker: 'AAPL', quantityChange: wholeQuantity(30), description: 'AAPL 4-for-1 split' },
    ]);
  });

  it('in reverse cancels what rests on the symbol', () => {
    const { venue } = openTestVenue({ splits: [{ ...forward, to: 1, from: 4 }] });
    settled(venue, submit(venue, {}));
    const sell = submit(venue, { side: 'sell', limit: '150', tif: 'gtc' });
    const other = submit(venue, { symbol: 'KO', limit: '30', tif: 'gtc' });
    advanceVenue(venue, at('2026-01-07T00:00:00-05:00'));
    expect([latest(venue, sell).status, latest(venue, other).status]).toEqual(['canceled', 'new']);
    expect(holdingOf(venue, 'AAPL')).toBe('2.5');
  });
});

describe('an execution that is undone', () => {
  it('by a bust gives back shares and money, and the order stays filled with nothing filled', () => {
    const { venue } = openTestVenue();
    const order = settled(venue, submit(venue, {}));
    const [execution] = venue.state.executions;
    expect(undoExecution(venue, execution?.id ?? '', null, TEN_O_CLOCK).ok).toBe(true);
    expect(latest(venue, order)).toMatchObject({ status: 'filled', filledQuantity: 0n, filledNotional: 0n });
    expect([holdingOf(venue, 'AAPL'), formatMoney(venue.state.cash)]).toEqual(['flat', '100000']);
    expect(venue.state.executions.at(-1)).toMatchObject({ kind: 'bust', undoes: execution?.id, positionQuantity: 0n });
    expect(eventsOf(venue)).toEqual(['pending_new', 'new', 'fill', 'trade_bust']);
  });

  it('by a correction stands at another price and quantity', () => {
    const { venue } = openTestVenue();
    const order = settled(venue, submit(venue, {}));
    const restated = { quantity: wholeQuantity(8), price: parsePrice('100.5') };
    expect(undoExecution(venue, venue.state.executions[0]?.id ?? '', restated, TEN_O_CLOCK).ok).toBe(true);
    expect(formatQuantity(latest(venue, order).filledQuantity)).toBe('8');
    expect([holdingOf(venue, 'AAPL'), formatMoney(venue.state.cash)]).toEqual(['8', '99196']);
  });

  it.each([
    ['fill-then-bust', 'trade_bust', 'flat'],
    ['fill-then-correct', 'trade_correct', '10'],
  ] as const)('follows the fill where the fate is %s', (fate, event, holding) => {
    const { venue } = openTestVenue({ rules: { requoteMs: 100 } });
    submit(venue, {}, TEN_O_CLOCK, fate);
    advanceVenue(venue, addMs(TEN_O_CLOCK, 100));
    expect(eventsOf(venue)).toEqual(['pending_new', 'new', 'fill', event]);
    expect(holdingOf(venue, 'AAPL')).toBe(holding);
  });

  it('is refused when there is none, or when it was undone before', () => {
    const { venue } = openTestVenue();
    settled(venue, submit(venue, {}));
    const id = venue.state.executions[0]?.id ?? '';
    expect(undoExecution(venue, 'nobody', null, TEN_O_CLOCK).ok).toBe(false);
    expect(undoExecution(venue, id, null, TEN_O_CLOCK).ok).toBe(true);
    expect(undoExecution(venue, id, null, TEN_O_CLOCK).ok).toBe(false);
  });
});

describe('an order that is never to fill', () => {
  it('rests in a market that it could trade in', () => {
    const { venue } = openTestVenue();
    expect(settled(venue, submit(venue, {}, TEN_O_CLOCK, 'never-fill'), addMs(CLOSE, -1)).status).toBe('new');
  });
});

describe('closing everything', () => {
  it('cancels without the delay of the venue', () => {
    const { venue } = openTestVenue({ rules: { cancelMs: 1_000 } });
    settled(venue, submit(venue, {}));
    const sell = settled(venue, submit(venue, { side: 'sell', limit: '150' }));
    expect(refusalOf(venue, { side: 'sell' }).code).toBe('quantity-insufficient');
    cancelAtOnce(venue, sell.id, TEN_O_CLOCK);
    expect(openOrders(venue)).toEqual([]);
    expect(settled(venue, submit(venue, { side: 'sell' })).status).toBe('filled');
  });
});
