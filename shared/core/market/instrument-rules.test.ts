import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPrice, formatQuantity, parsePrice } from '#shared/core/kernel/decimal.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import { equityInstrument, priceTick, QuantizeError, quantize } from './instrument-rules.ts';

const stock = equityInstrument(ticker('AAA'), 'Triple A');
const door = quantize(stock);
const price = (value: number, rounding: Parameters<typeof door.price>[1]): string =>
  formatPrice(door.price(value, rounding));

describe('quantize', () => {
  it('keeps every price that is on its tick, in every direction', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 100_000_000 }),
        fc.constantFrom('floor', 'ceiling', 'half-even'),
        (cents, rounding) => {
          const text = (cents / 100).toFixed(2);
          expect(door.price(Number(text), rounding)).toBe(parsePrice(text));
        },
      ),
      { seed: 29, numRuns: 2000 },
    );
  });

  it('moves in cents from one dollar on and in hundredths of a cent below', () => {
    expect([price(0.29, 'floor'), price(1.005, 'floor'), price(1.001, 'ceiling'), price(0.12345, 'floor')]).toEqual([
      '0.29',
      '1',
      '1.01',
      '0.1234',
    ]);
    expect(price(0.99999, 'ceiling')).toBe('1');
    expect([formatPrice(priceTick(parsePrice('1'))), formatPrice(priceTick(parsePrice('0.9999')))]).toEqual([
      '0.01',
      '0.0001',
    ]);
  });

  it('rounds as it was told', () => {
    expect([
      price(10.125, 'half-even'),
      price(10.135, 'half-even'),
      price(10.121, 'toward-zero'),
      price(10.121, 'away-from-zero'),
    ]).toEqual(['10.12', '10.14', '10.12', '10.13']);
    expect([price(1e-7, 'floor'), price(1e-7, 'ceiling'), price(0.1 + 0.2, 'floor')]).toEqual(['0', '0.0001', '0.3']);
  });

  it('gives whole shares, or fractions where they are asked for and allowed', () => {
    expect(formatQuantity(door.quantity(12.9, 'floor'))).toBe('12');
    expect(formatQuantity(door.quantity(12.123456789123, 'floor', 'fractional'))).toBe('12.123456789');
    expect(formatQuantity(quantize({ ...stock, fractionable: false }).quantity(12.9, 'floor', 'fractional'))).toBe(
      '12',
    );
    expect(formatQuantity(door.quantity(-12.9, 'toward-zero'))).toBe('-12');
  });

  it('refuses what is no number and a negative price', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e15]) {
      expect(() => door.price(value, 'floor')).toThrow(QuantizeError);
      expect(() => door.quantity(value, 'floor')).toThrow(/expected a finite number/);
    }
    expect(() => door.price(-0.01, 'floor')).toThrow(/zero or more/);
  });
});
