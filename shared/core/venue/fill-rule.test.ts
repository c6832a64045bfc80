/** Each fill rule through a venue, from the order to its end. The market stands at 99.99 / 100.01, last 100. */
import { describe, expect, it } from 'vitest';
import { formatMoney, parsePrice } from '#shared/core/kernel/decimal.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import {
  TEN_O_CLOCK,
  at,
  cancel,
  fillsOf,
  holdingOf,
  latest,
  openTestVenue,
  settled,
  submit,
} from '#tests/venue/desk-market.ts';
import type { FillRule } from './fill-rule.ts';
import { advanceVenue } from './venue.ts';
import type { VenueRules } from './venue-state.ts';
import { NO_FEES } from './fees.ts';

const OPEN = at('2026-01-06T09:30:00-05:00');
const DECIDED = at('2026-01-06T09:35:00-05:00');
const CLOSE = at('2026-01-06T16:00:00-05:00');
const NEXT_OPEN = at('2026-01-07T09:30:00-05:00');
const NOON = at('2026-01-06T12:00:00-05:00');

const PLAIN: FillRule = { slippagePerMillion: 0, openingMs: null, limitDepth: null, volumeShare: null };
const by = (fills: Partial<FillRule>, rules: Partial<VenueRules> = {}) =>
  openTestVenue({ now: at('2026-01-06T08:00:00-05:00'), rules: { ...rules, fills: { ...PLAIN, ...fills } } });

describe('market orders at the open', () => {
  const opening = { openingMs: 360_000, slippagePerMillion: 750 };

  it('fill at the open with slippage once, whatever the quotes are since', () => {
    const { venue, market } = by(opening);
    market.quote('AAPL', addMs(OPEN, 60_000), '101', '101.02');
    expect(settled(venue, submit(venue, { qty: '10' }, DECIDED), DECIDED).status).toBe('filled');
    settled(venue, submit(venue, { qty: '4', side: 'sell' }, DECIDED), DECIDED);
    // 100 and 7.5 basis points against the order, to the cent.
    expect(fillsOf(venue)).toEqual(['10 at 100.08', '4 at 99.92']);
  });

  it('fill at the quotes with slippage once the opening is over, and so do stops in it', () => {
    const { venue, market } = by(opening);
    settled(venue, submit(venue, { qty: '10' }, DECIDED), DECIDED);
    submit(venue, { qty: '10', side: 'sell', type: 'stop', stop: '99', tif: 'gtc' }, DECIDED);
    market.quote('AAPL', addMs(DECIDED, 1_000), '98', '98.02');
    advanceVenue(venue, addMs(DECIDED, 1_000));
    settled(venue, submit(venue, { qty: '1' }, NOON), NOON);
    // 98 less 7.5 basis points is 97.9265, and 98.02 more than it 98.0935.
    expect(fillsOf(venue)).toEqual(['10 at 100.08', '10 at 97.92', '1 at 98.1']);
  });

  it('take the open of the session that they are routed in', () => {
    const evening = at('2026-01-06T18:00:00-05:00');
    const { venue, market } = by({ ...opening, slippagePerMillion: 0 });
    advanceVenue(venue, evening);
    market.quote('AAPL', addMs(evening, 1), '104.99', '105.01', '105');
    expect(settled(venue, submit(venue, {}, evening), NEXT_OPEN).status).toBe('filled');
    expect(fillsOf(venue)).toEqual(['10 at 105']);
  });
});

describe('a limit order that rests', () => {
  const resting = (limitDepth: 'touch' | 'through', last: string): readonly string[] => {
    const { venue, market } = by({ limitDepth, slippagePerMillion: 750 });
    const order = submit(venue, { limit: '99' }, TEN_O_CLOCK);
    // The ask stays above the limit: the quotes alone would never fill it.
    market.quote('AAPL', NOON, '98.9', '99.5', last);
    expect(settled(venue, order, addMs(NOON, -1)).status).toBe('new');
    return [settled(venue, order, CLOSE).status, ...fillsOf(venue)];
  };

  it('fills at its limit, without slippage, where it is touched', () => {
    expect(resting('touch', '99')).toEqual(['filled', '10 at 99']);
    expect(resting('touch', '99.01')).toEqual(['expired']);
  });

  it('fills only where it is gone through, when that is asked for', () => {
    expect(resting('through', '99')).toEqual(['expired']);
    expect(resting('through', '98.99')).toEqual(['filled', '10 at 99']);
  });

  it('does not fill by a price from before it came', () => {
    const { venue, market } = by({ limitDepth: 'touch' });
    market.quote('AAPL', addMs(OPEN, 60_000), '97', '97.02');
    market.quote('AAPL', DECIDED, '99.99', '100.01');
    advanceVenue(venue, DECIDED);
    expect(settled(venue, submit(venue, { limit: '98' }, DECIDED), CLOSE).status).toBe('expired');
  });

  it('fills at the open where the next session opens better', () => {
    const { venue, market } = by({ limitDepth: 'touch' });
    const order = submit(venue, { limit: '99', tif: 'gtc' }, TEN_O_CLOCK);
    advanceVenue(venue, CLOSE);
    market.quote('AAPL', addMs(CLOSE, 60_000), '96.9', '97.1', '97');
    expect(settled(venue, order, NEXT_OPEN).status).toBe('filled');
    expect(fillsOf(venue)).toEqual(['10 at 97']);
  });

  it('takes what the market shows when it comes to a better one, and slips no further than its limit', () => {
    const { venue } = by({ limitDepth: 'through', slippagePerMillion: 750 });
    settled(venue, submit(venue, { limit: '101' }, TEN_O_CLOCK));
    settled(venue, submit(venue, { limit: '100.02' }, TEN_O_CLOCK));
    expect(fillsOf(venue)).toEqual(['10 at 100.09', '10 at 100.02']);
  });
});

describe('a share of the volume', () => {
  const volumeShare = { perMilleMax: 100, impactPerMillion: 100_000 };

  it('bounds an order, whose rest expires with its day and is held back no longer', () => {
    const { venue, market } = by({ volumeShare });
    market.trade('AAPL', 1_000);
    const order = submit(venue, { qty: '150' }, TEN_O_CLOCK);
    expect(settled(venue, order).status).toBe('partially_filled');
    // A tenth of the volume moves the price by 0.1 * 0.1^2 = 0.1 %: from 100.01 to 100.11001, against the order to the cent.
    expect([fillsOf(venue), formatMoney(venue.state.heldMoney)]).toEqual([['100 at 100.12'], '5000.5']);
    expect(settled(venue, order, addMs(CLOSE, -1)).status).toBe('partially_filled');
    expect(settled(venue, order, CLOSE).status).toBe('expired');
    expect([fillsOf(venue).length, holdingOf(venue, 'AAPL'), venue.state.heldMoney]).toEqual([1, '100', 0n]);
  });

  it('lets the rest of an order that stays fill on the next session, of its own volume', () => {
    const { venue, market } = by({ volumeShare });
    market.trade('AAPL', 1_000);
    const order = submit(venue, { qty: '150', limit: '101', tif: 'gtc' }, TEN_O_CLOCK);
    expect(settled(venue, order, addMs(NEXT_OPEN, -1)).status).toBe('partially_filled');
    expect(settled(venue, order, NEXT_OPEN).status).toBe('filled');
    // 5 % of the next session's volume moves the price by 0.1 * 0.05^2 = 0.025 %.
    expect(fillsOf(venue)).toEqual(['100 at 100.12', '50 at 100.04']);
  });

  it('is one for the whole session, however many parts an order fills in, and a cancel frees the rest', () => {
    const { venue, market } = by({ volumeShare }, { partialFillOneIn: 1, requoteMs: 1_000 });
    market.trade('AAPL', 1_000);
    const order = submit(venue, { qty: '150' }, TEN_O_CLOCK);
    settled(venue, order, NOON);
    expect(fillsOf(venue).length).toBeGreaterThan(1);
    expect([latest(venue, order).status, holdingOf(venue, 'AAPL')]).toEqual(['partially_filled', '100']);
    cancel(venue, order, NOON);
    expect([settled(venue, order, NOON).status, venue.state.heldMoney]).toEqual(['canceled', 0n]);
  });

  it('is one for all orders of a symbol, and none of another symbol', () => {
    const { venue, market } = by({ volumeShare });
    for (const symbol of ['AAPL', 'KO']) market.trade(symbol, 1_000);
    settled(venue, submit(venue, { qty: '80' }, TEN_O_CLOCK));
    const second = submit(venue, { qty: '80' }, TEN_O_CLOCK);
    expect([settled(venue, second).status, holdingOf(venue, 'AAPL')]).toEqual(['partially_filled', '100']);
    const third = submit(venue, { qty: '80' }, TEN_O_CLOCK);
    expect([settled(venue, third, NOON).status, holdingOf(venue, 'AAPL')]).toEqual(['new', '100']);
    expect(settled(venue, submit(venue, { qty: '80', symbol: 'KO' }, NOON), NOON).status).toBe('filled');
  });

  it('cancels what fok or ioc asks beyond it, and fills nothing of a session that trades nothing', () => {
    const { venue, market } = by({ volumeShare });
    market.trade('AAPL', 1_000);
    expect(settled(venue, submit(venue, { qty: '101', tif: 'fok' }, TEN_O_CLOCK)).status).toBe('canceled');
    expect(fillsOf(venue)).toEqual([]);
    expect(settled(venue, submit(venue, { qty: '101', tif: 'ioc' }, TEN_O_CLOCK)).status).toBe('canceled');
    expect(holdingOf(venue, 'AAPL')).toBe('100');
    market.trade('KO', 0);
    expect(settled(venue, submit(venue, { symbol: 'KO' }, TEN_O_CLOCK), CLOSE).status).toBe('expired');
  });

  it('spends no more than a sum of money at the price that is paid', () => {
    const { venue, market } = by({ volumeShare: { perMilleMax: 1_000, impactPerMillion: 1_000_000 } });
    market.trade('AAPL', 1_000);
    const order = settled(venue, submit(venue, { notional: '10000' }, TEN_O_CLOCK));
    expect([order.status, order.filledNotional <= (order.notional ?? 0n)]).toEqual(['filled', true]);
    expect(venue.state.executions[0]?.price).toBeGreaterThan(parsePrice('100.9'));
  });

  it('goes with the open: its price, moved by the impact and slipped in one', () => {
    const fees = { ...NO_FEES, commissionPerShare: parsePrice('0.005') };
    const { venue, market } = by({ volumeShare, openingMs: 360_000, slippagePerMillion: 750 }, { fees });
    market.trade('AAPL', 1_000);
    market.quote('AAPL', addMs(OPEN, 60_000), '101', '101.02');
    const order = settled(venue, submit(venue, { qty: '150' }, DECIDED), DECIDED);
    // 100 and 1,000 + 750 millionths is 100.175.
    expect([fillsOf(venue), formatMoney(order.commission)]).toEqual([['100 at 100.18'], '0.5']);
  });
});
