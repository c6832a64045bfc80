import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPrice, parsePrice } from '#shared/core/kernel/decimal.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate, type EpochMs, epochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { firstInstantOnPath, highOf, lowOf, type PathBar, priceAt, pricePath } from './price-path.ts';
import type { PriceTest } from './venue-market.ts';

const SESSION = {
  date: calendarDate('2026-01-06'),
  openAt: parseEpochMs('2026-01-06T09:30:00-05:00'),
  closeAt: parseEpochMs('2026-01-06T16:00:00-05:00'),
  halfDay: false,
};
const AAPL = ticker('AAPL');
const pathOf = (bar: PathBar, seed = 1) => pricePath(bar, SESSION, seed, AAPL);
const share = (part: number): EpochMs =>
  epochMs(SESSION.openAt + Math.floor(part * (SESSION.closeAt - SESSION.openAt)));

/** A bar in hundredths of a cent, as split-adjusted data has them. */
const anyBar = fc
  .tuple(fc.integer({ min: 5_000, max: 3_000_000 }), fc.nat(20_000), fc.nat(20_000), fc.nat(1_000), fc.nat(1_000))
  .map(([low, up, more, openShare, closeShare]) => {
    const high = low + up + more;
    const between = (part: number): number => (low + Math.floor(((high - low) * part) / 1_000)) / 10_000;
    return { low: low / 10_000, high: high / 10_000, open: between(openShare), close: between(closeShare) };
  });

describe('a price through a session', () => {
  it('starts at the open, ends at the close, and reaches both extremes', () => {
    const path = pathOf({ open: 100, high: 104, low: 98, close: 103 });
    const prints = [SESSION.openAt, ...path.times.slice(1, 3).map(epochMs), SESSION.closeAt].map((at) =>
      formatPrice(priceAt(path, 'trade', at)),
    );
    expect(prints).toEqual(['100', '98', '104', '103']);
  });

  it('quotes a bid not above its ask, both within the bar, at every instant', () => {
    fc.assert(
      fc.property(anyBar, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(1_000), (bar, part, seed) => {
        const path = pathOf(bar, seed);
        const [bid, trade, ask] = (['bid', 'trade', 'ask'] as const).map((side) => priceAt(path, side, share(part)));
        const [low, high] = [lowOf(path), highOf(path)];
        expect(Number(low)).toBeGreaterThanOrEqual(Math.round(bar.low * 1e9));
        expect(Number(high)).toBeLessThanOrEqual(Math.round(bar.high * 1e9));
        for (const price of [bid, trade, ask]) {
          expect(price !== undefined && price >= low && price <= high).toBe(true);
        }
        expect(bid !== undefined && ask !== undefined && bid <= ask).toBe(true);
      }),
      { seed: 8, numRuns: 400 },
    );
  });

  it('quotes whole cents wherever the bar has room for one', () => {
    const path = pathOf({ open: 45.07, high: 45.35, low: 45, close: 45.08 });
    for (const part of [0, 0.2, 0.5, 0.8, 1]) {
      expect(priceAt(path, 'ask', share(part)) % parsePrice('0.01')).toBe(0n);
      expect(priceAt(path, 'bid', share(part)) % parsePrice('0.01')).toBe(0n);
    }
  });

  it('stays at the one price of a bar without range, on tick or not', () => {
    expect(formatPrice(priceAt(pathOf({ open: 12.5, high: 12.5, low: 12.5, close: 12.5 }), 'ask', share(0.5)))).toBe(
      '12.5',
    );
    const odd = 12.34567;
    expect(formatPrice(priceAt(pathOf({ open: odd, high: odd, low: odd, close: odd }), 'bid', share(0.5)))).toBe(
      '12.34567',
    );
  });
});

describe('the first instant at which a test holds', () => {
  it('is the one that a search through every instant finds', () => {
    const short = { ...SESSION, closeAt: epochMs(SESSION.openAt + 2_000) };
    const test = fc.record({
      of: fc.constantFrom<PriceTest['of']>('bid', 'ask', 'trade'),
      is: fc.constantFrom<PriceTest['is']>('at-most', 'at-least'),
    });
    fc.assert(
      fc.property(
        anyBar,
        test,
        fc.double({ min: -0.1, max: 1.1, noNaN: true }),
        fc.nat(1_500),
        (bar, of, part, late) => {
          const path = pricePath(bar, short, 1, AAPL);
          const limit = Math.max(1, Math.round((bar.low + (bar.high - bar.low) * part) * 10_000));
          const priceTest: PriceTest = { ...of, price: parsePrice((limit / 10_000).toFixed(4)) };
          const from = epochMs(short.openAt + late);
          const until = epochMs(short.closeAt - 1);
          let expected: EpochMs | null = null;
          for (let at: number = from; at <= until && expected === null; at += 1) {
            const price = priceAt(path, priceTest.of, epochMs(at));
            const holds = priceTest.is === 'at-most' ? price <= priceTest.price : price >= priceTest.price;
            if (holds) expected = epochMs(at);
          }
          expect(firstInstantOnPath(path, priceTest, from, until)).toBe(expected);
        },
      ),
      { seed: 21, numRuns: 120 },
    );
  });

  it('is none in a span that has ended', () => {
    const path = pathOf({ open: 100, high: 104, low: 98, close: 103 });
    const test: PriceTest = { of: 'ask', is: 'at-most', price: parsePrice('200') };
    expect(firstInstantOnPath(path, test, share(0.5), share(0.4))).toBeNull();
  });
});
