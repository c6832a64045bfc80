import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatPrice,
  notionalOf,
  type Price,
  parseMoney,
  parsePrice,
  parseQuantity,
} from '#shared/core/kernel/decimal.ts';
import { accountId, correlationId, decisionId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate, epochMs, epochNs } from '#shared/core/kernel/instant.ts';
import { priceTick } from '#shared/core/market/instrument-rules.ts';
import { orderClassOf } from '#shared/core/safety/order-class.ts';
import { emptyBook, emptyShare, type StrategyShare } from './book.ts';
import { protectiveStop, restingUnits, stopHit, stopOf } from './stop-rule.ts';

const RULES = { rangePercent: 300n, fallbackBps: 1000n, trailing: false };
const SEED = 4711;

const held = (quantity: string, cost: string, changes: Partial<StrategyShare> = {}): StrategyShare => ({
  ...emptyShare(strategyId('momentum')),
  quantity: parseQuantity(quantity),
  cost: parseMoney(cost),
  openedOn: calendarDate('2026-02-03'),
  ...changes,
});
const text = (price: Price | null): string | null => (price === null ? null : formatPrice(price));
const range = parsePrice('1.5');

describe('the stop of a position', () => {
  it.each([
    ['three ranges below the average entry price', held('10', '1000'), range, '95.5'],
    ['rounded down to the tick', held('3', '100'), range, '28.83'],
    ['three ranges above it for a short one', held('-10', '-1000'), range, '104.5'],
    ['rounded up to the tick for a short one', held('-3', '-100'), range, '37.84'],
    ['a tenth below where no range is known', held('10', '1000'), null, '90'],
    ['a tenth below where the range is none', held('10', '1000'), parsePrice('0'), '90'],
    ['one tick above zero at the lowest', held('10', '20'), range, '0.01'],
    ['nowhere while it is flat', held('0', '0'), range, null],
    ['nowhere while nobody knows what it cost', held('10', '0'), range, null],
  ])('lies %s', (_, share, known, at) => {
    expect(text(stopOf({ share, range: known, bestPrice: null, rules: RULES }))).toBe(at);
  });

  it('is the same whatever it was before, and whatever the best price was', () => {
    const share = held('10', '1000', { stopPrice: parsePrice('99') });
    expect(text(stopOf({ share, range, bestPrice: parsePrice('150'), rules: RULES }))).toBe('95.5');
  });

  it('follows the best price when it trails, by a tenth of its distance at least, and never goes back', () => {
    const rules = { ...RULES, trailing: true };
    const at = (bestPrice: string, stopPrice: string | null) =>
      text(
        stopOf({
          share: held('10', '1000', { stopPrice: stopPrice === null ? null : parsePrice(stopPrice) }),
          range,
          bestPrice: parsePrice(bestPrice),
          rules,
        }),
      );
    expect([at('99', null), at('110', null), at('110', '105.4'), at('110', '95.5'), at('101', '105.5')]).toEqual([
      '95.5',
      '105.5',
      '105.4',
      '105.5',
      '105.5',
    ]);
  });

  it('never lies on the wrong side of the entry, off the tick, or at zero', () => {
    const prices = fc
      .bigInt(1n, 10_000_000n)
      .map((cents) => parsePrice(`${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`));
    fc.assert(
      fc.property(prices, prices, fc.integer({ min: 1, max: 5000 }), fc.boolean(), (entry, ranged, count, isLong) => {
        fc.pre(entry > 0n);
        const quantity = parseQuantity(String(isLong ? count : -count));
        const share = held('0', '0', { quantity, cost: notionalOf(entry, quantity) });
        const stop = stopOf({ share, range: ranged, bestPrice: null, rules: RULES });
        if (stop === null) throw new Error('a share that is held has a stop');
        expect(stop > 0n).toBe(true);
        expect(stop % priceTick(stop)).toBe(0n);
        if (stop > priceTick(stop)) expect(isLong ? stop < entry : stop > entry).toBe(true);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});

describe('a stop', () => {
  const quote = (bid: string | null, ask: string | null) => ({
    ticker: ticker('KO'),
    bid: bid === null ? null : parsePrice(bid),
    bidSize: parseQuantity('1'),
    ask: ask === null ? null : parsePrice(ask),
    askSize: parseQuantity('1'),
    at: epochNs(1n),
  });
  const stop = parsePrice('95');

  it('is reached by the price that the position would be closed at', () => {
    expect([
      text(stopHit('long', stop, quote('95', '99'))),
      text(stopHit('long', stop, quote('95.01', '94'))),
      text(stopHit('short', stop, quote('90', '95'))),
      text(stopHit('short', stop, quote('96', '94.99'))),
    ]).toEqual(['95', null, '95', null]);
  });

  it('is not reached by a side that nobody quotes', () => {
    expect([stopHit('long', stop, quote(null, '90')), stopHit('long', stop, quote('0', '90'))]).toEqual([null, null]);
  });
});

describe('the order of a stop', () => {
  const book = emptyBook(accountId('paper-1'), ticker('KO'));
  const orderFor = (share: StrategyShare) =>
    protectiveStop(book, share, {
      quantity: restingUnits(share),
      stopPrice: parsePrice('95'),
      decisionId: decisionId('rest:1'),
      correlationId: correlationId('rest:1'),
      policyVersion: 1,
      now: epochMs(1_000),
    });

  it('rests till canceled, can only close, and is told apart by its purpose', () => {
    const [sell, buy] = [orderFor(held('10.5', '1000')), orderFor(held('-7', '-700'))];
    expect(sell.terms).toMatchObject({
      side: 'sell',
      positionIntent: 'sell_to_close',
      type: 'stop',
      timeInForce: 'gtc',
    });
    expect(buy.terms).toMatchObject({ side: 'buy', positionIntent: 'buy_to_close' });
    expect(sell.terms.size).toEqual({ kind: 'quantity', quantity: parseQuantity('10') });
    for (const { purpose, terms } of [sell, buy]) {
      expect(purpose).toBe('protective-stop');
      expect(orderClassOf({ purpose, positionIntent: terms.positionIntent })).toBe('reducing');
    }
  });

  it('is for whole units alone', () => {
    expect(restingUnits(held('0.99', '99'))).toBe(0n);
  });
});
