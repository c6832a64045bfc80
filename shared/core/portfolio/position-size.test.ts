import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatMoney,
  formatPrice,
  formatQuantity,
  notionalOf,
  parseMoney,
  parsePrice,
} from '#shared/core/kernel/decimal.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import { equityInstrument } from '#shared/core/market/instrument-rules.ts';
import {
  DEFAULT_SIZING_RULES as RULES,
  type SizingRequest,
  sizePosition,
  stopDistance,
  stopReached,
  trailStop,
} from './position-size.ts';

const base: SizingRequest = {
  instrument: equityInstrument(ticker('AAA'), 'Triple A'),
  side: 'long',
  price: parsePrice('50'),
  atr: 1.25,
  equity: parseMoney('100000'),
  scalesBps: [],
  notionalMax: parseMoney('1000000'),
  fractions: 'whole',
};

const sized = (change: Partial<SizingRequest>) => {
  const size = sizePosition({ ...base, ...change }, RULES);
  if (!size.ok) return { refused: size.error };
  const { quantity, stopPrice, risk, boundBy } = size.value;
  return { quantity: formatQuantity(quantity), stopPrice: formatPrice(stopPrice), risk: formatMoney(risk), boundBy };
};

describe('sizePosition', () => {
  it('stakes one percent of equity on the way to a stop two ranges away', () => {
    expect(sized({})).toEqual({ quantity: '400', stopPrice: '47.5', risk: '1000', boundBy: 'risk' });
    expect(sized({ side: 'short' })).toEqual({ quantity: '400', stopPrice: '52.5', risk: '1000', boundBy: 'risk' });
    expect(sized({ atr: 2.5 })).toMatchObject({ quantity: '200', stopPrice: '45' });
  });

  it('applies regime and correlation one after the other', () => {
    expect(sized({ scalesBps: [12_000n] })).toMatchObject({ quantity: '480' });
    expect(sized({ scalesBps: [8000n, 2500n] })).toMatchObject({ quantity: '80', risk: '200' });
    expect(sized({ scalesBps: [0n] }).refused?.code).toBe('size-below-minimum');
  });

  it('is bounded by what it may be worth', () => {
    expect(sized({ notionalMax: parseMoney('4999.99') })).toMatchObject({ quantity: '99', boundBy: 'notional' });
    expect(sized({ notionalMax: parseMoney('49.99') }).refused).toMatchObject({
      code: 'size-below-minimum',
      context: { bound: 'notional', actual: '50', limit: '49.99', wouldPassAt: '50' },
    });
  });

  it('gives fractions where they are asked for', () => {
    expect(sized({ atr: 3, fractions: 'fractional' })).toMatchObject({ quantity: '166.666666666' });
    expect(sized({ atr: 3 })).toMatchObject({ quantity: '166' });
  });

  it('names the risk that one share would need', () => {
    expect(sized({ equity: parseMoney('200') }).refused).toMatchObject({
      context: { bound: 'risk', actual: '2.5', limit: '2', wouldPassAt: '2.5' },
    });
  });

  it('refuses to size without a range', () => {
    for (const atr of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(sized({ atr }).refused?.code).toBe('size-below-minimum');
  });

  it('stakes the whole price where the stop would lie below zero', () => {
    expect(sized({ price: parsePrice('2'), atr: 1.25 })).toMatchObject({
      quantity: '500',
      stopPrice: '0',
      risk: '1000',
    });
  });

  it('never risks more than its budget, and keeps the stop on its tick', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 1_000_000 }),
        fc.double({ min: 0.001, max: 500, noNaN: true }),
        fc.integer({ min: 1000, max: 10_000_000 }),
        fc.constantFrom('long', 'short'),
        (cents, atr, dollars, side) => {
          const price = parsePrice((cents / 100).toFixed(2));
          const equity = parseMoney(String(dollars));
          const size = sizePosition({ ...base, price, atr, equity, side }, RULES);
          if (!size.ok) return;
          expect(size.value.risk * 100n <= equity).toBe(true);
          expect(size.value.stopPrice % parsePrice('0.01')).toBe(0n);
          expect(size.value.notional).toBe(notionalOf(price, size.value.quantity));
        },
      ),
      { seed: 17, numRuns: 300 },
    );
  });
});

describe('stopDistance', () => {
  it('is a multiple of the range, rounded up to the tick of the price', () => {
    const of = (price: string, atr: number, stopRangePercent: bigint): string =>
      formatPrice(stopDistance(base.instrument, parsePrice(price), atr, { ...RULES, stopRangePercent }));
    expect([of('50', 1.25, 200n), of('50', 1.2501, 200n), of('50', 1.01, 150n), of('0.5', 0.01234, 150n)]).toEqual([
      '2.5',
      '2.52',
      '1.52',
      '0.0186',
    ]);
  });
});

describe('trailStop', () => {
  const price = parsePrice;
  it('follows the best price, and never gives way', () => {
    expect(trailStop('long', price('47.5'), price('52'), price('2.5'))).toBe(price('49.5'));
    expect(trailStop('long', price('49.5'), price('51'), price('2.5'))).toBe(price('49.5'));
    expect(trailStop('short', price('52.5'), price('48'), price('2.5'))).toBe(price('50.5'));
    expect(trailStop('short', price('50.5'), price('49'), price('2.5'))).toBe(price('50.5'));
  });

  it('is reached at its price', () => {
    expect([stopReached('long', price('10'), price('10.01')), stopReached('long', price('10'), price('10'))]).toEqual([
      false,
      true,
    ]);
    expect([stopReached('short', price('10'), price('9.99')), stopReached('short', price('10'), price('10'))]).toEqual([
      false,
      true,
    ]);
  });
});
