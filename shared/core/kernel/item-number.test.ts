import { Big } from 'big.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecimalError, formatScaled, parseScaled } from './decimal.ts';
import { addNumbers, canonicalNumber, compareNumbers } from './item-number.ts';

const NINES = '9'.repeat(38);

describe('numbers of items', () => {
  it('writes a number without needless digits', () => {
    expect(canonicalNumber('010.500')).toBe('10.5');
    expect(canonicalNumber('-0')).toBe('0');
    expect(canonicalNumber(NINES)).toBe(NINES);
    expect(canonicalNumber('0.00000000000000000000000000000000000001')).toBe(`0.${'0'.repeat(37)}1`);
  });

  it('refuses a text that is no plain decimal, and more than 38 significant digits', () => {
    for (const text of ['', '1e3', '+1', 'NaN', '.5', '1.', ' 1'])
      expect(() => canonicalNumber(text)).toThrow(DecimalError);
    expect(() => canonicalNumber(`${NINES}.9`)).toThrow('at most 38 significant digits, not 39');
  });

  it('compares by value', () => {
    expect(compareNumbers('10', '9')).toBe(1);
    expect(compareNumbers('-10', '-9')).toBe(-1);
    expect(compareNumbers('1.10', '1.1')).toBe(0);
  });

  it('adds exactly to the last of 38 digits, and refuses a sum that needs more', () => {
    expect(addNumbers('12345678901234567890.123456789012345678', '0.000000000000000001')).toBe(
      '12345678901234567890.123456789012345679',
    );
    expect(addNumbers(NINES, '1')).toBe(`1${'0'.repeat(38)}`);
    expect(() => addNumbers(NINES, '0.1')).toThrow(DecimalError);
  });

  it('writes, compares and adds texts of any form as the numbers that they stand for', () => {
    const digits = fc.stringMatching(/^[0-9]{1,19}$/);
    const number = fc
      .tuple(fc.constantFrom('', '-'), digits, fc.oneof(fc.constant(''), digits))
      .map(([sign, whole, fraction]) => `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`);
    fc.assert(
      fc.property(number, number, (left, right) => {
        const [a, b] = [parseScaled(left, 38), parseScaled(right, 38)];
        expect(canonicalNumber(left)).toBe(formatScaled(a, 38));
        expect(compareNumbers(left, right)).toBe(a < b ? -1 : a > b ? 1 : 0);
        expect(addNumbers(left, right)).toBe(formatScaled(a + b, 38));
      }),
      { seed: 3 },
    );
  });

  it('adds as an independent decimal library does', () => {
    const scaled = fc.bigInt({ min: -(10n ** 36n), max: 10n ** 36n });
    fc.assert(
      fc.property(scaled, scaled, (a, b) => {
        const [left, right] = [formatScaled(a, 18), formatScaled(b, 18)];
        return new Big(left).plus(right).eq(addNumbers(left, right));
      }),
      { seed: 2 },
    );
  });
});
