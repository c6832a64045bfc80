import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPrice, parsePrice, parseQuantity, type Quantity, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import { epochNs } from '#shared/core/kernel/instant.ts';
import { buyCollar, fillPrice, partOf } from './marketability.ts';

const quote = (bid: string | null, ask: string | null) => ({
  ticker: ticker('AAPL'),
  bid: bid === null ? null : parsePrice(bid),
  bidSize: wholeQuantity(1),
  ask: ask === null ? null : parsePrice(ask),
  askSize: wholeQuantity(1),
  at: epochNs(0n),
});

describe('the price of a fill', () => {
  it.each([
    ['buy', null, '10', '10.1', '10.1'],
    ['sell', null, '10', '10.1', '10'],
    ['buy', '10.1', '10', '10.1', '10.1'],
    ['buy', '10.09', '10', '10.1', null],
    ['sell', '10', '10', '10.1', '10'],
    ['sell', '10.01', '10', '10.1', null],
    ['buy', '11', '10', null, null],
    ['sell', '9', null, '10.1', null],
  ] as const)('of a %s limited to %s at %s / %s is %s', (side, limit, bid, ask, expected) => {
    const price = fillPrice(side, limit === null ? null : parsePrice(limit), quote(bid, ask));
    expect(price === null ? null : formatPrice(price)).toBe(expected);
  });

  it('is none without a quote', () => {
    expect(fillPrice('buy', null, null)).toBeNull();
  });
});

describe('the collar of a market buy', () => {
  it.each([
    ['49.99', '51.98'],
    ['50', '51.25'],
    ['200', '205'],
    ['0.5', '0.52'],
  ])('at %s is %s', (reference, collar) => {
    expect(formatPrice(buyCollar(parsePrice(reference)))).toBe(collar);
  });
});

describe('a part of an open quantity', () => {
  const part = (open: Quantity, share: number): Quantity => partOf(open, share);

  it('is at least a step and less than all, in whole shares where the order is whole', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 13n }), fc.double({ min: 0, max: 1, noNaN: true }), (raw, share) => {
        const open = parseQuantity(`0.${String(raw % 10n ** 9n).padStart(9, '0')}`);
        const whole = wholeQuantity(Number(raw % 10_000n) + 2);
        expect(part(whole, share) > 0n && part(whole, share) < whole).toBe(true);
        expect(part(whole, share) % 1_000_000_000n).toBe(0n);
        if (open > 1n) expect(part(open, share) > 0n && part(open, share) < open).toBe(true);
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it('is all of what cannot be divided', () => {
    expect(part(wholeQuantity(1), 0.5)).toBe(wholeQuantity(1));
  });
});
