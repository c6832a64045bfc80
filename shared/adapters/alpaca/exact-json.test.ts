import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseScaled } from '#shared/core/kernel/decimal.ts';
import { parseExactJson, plainDecimal } from './exact-json.ts';

/** The value with each number in the text that JSON gives it. */
const withTexts = (value: unknown): unknown => {
  if (typeof value === 'number') return JSON.stringify(value);
  if (Array.isArray(value)) return value.map(withTexts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withTexts(inner)]));
};

describe('parseExactJson', () => {
  it('keeps every digit that a number was written with', () => {
    const text = '{"qty": 123456789012345678.123456789, "id": 18446744073709551615, "tiny": 1.50e-7, "s": "1.0"}';
    expect(parseExactJson(text)).toEqual({
      qty: '123456789012345678.123456789',
      id: '18446744073709551615',
      tiny: '1.50e-7',
      s: '1.0',
    });
  });

  it('takes no digits inside a string for a number', () => {
    const value = { 'a 1': 'x\\" 2, "3": [4]', b: '\\', c: ['5"'] };
    expect(parseExactJson(JSON.stringify(value))).toEqual(value);
  });

  it('reads any JSON as the language does, but for its numbers', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(parseExactJson(JSON.stringify(value))).toEqual(withTexts(value));
      }),
      { seed: 20260105, numRuns: 500 },
    );
  });

  it.each(['', '{"a":1', '{"a":01}', '[1,]', '<html>1</html>', '{"a":1}}'])('refuses %j, which is no JSON', (text) => {
    expect(() => parseExactJson(text)).toThrow(SyntaxError);
  });
});

describe('plainDecimal', () => {
  it.each([
    ['0', '0'],
    ['-0.50', '-0.5'],
    ['1e3', '1000'],
    ['1.5e-7', '0.00000015'],
    ['12e-1', '1.2'],
    ['123.456e2', '12345.6'],
    ['0.00e5', '0'],
    ['1E+2', '100'],
  ])('writes %s as %s', (text, plain) => {
    expect(plainDecimal(text)).toBe(plain);
  });

  it.each(['', 'x', '1.', '.5', '+1', '0x10', 'NaN', '1e99', '1e-99', '1'.repeat(61)])('refuses %j', (text) => {
    expect(plainDecimal(text)).toBeNull();
  });

  it('moves the point by the exponent and changes nothing else', () => {
    const digits = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n });
    fc.assert(
      fc.property(digits, fc.integer({ min: -18, max: 18 }), (mantissa, exponent) => {
        const plain = plainDecimal(`${mantissa}e${exponent}`);
        expect(plain).not.toBeNull();
        const expected =
          exponent >= 0 ? mantissa * 10n ** BigInt(exponent + 18) : mantissa * 10n ** BigInt(18 + exponent);
        expect(parseScaled(plain ?? '', 18)).toBe(expected);
      }),
      { seed: 20260106, numRuns: 500 },
    );
  });
});
