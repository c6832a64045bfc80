import Big from 'big.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  absoluteMoney,
  absoluteQuantity,
  addMoney,
  addPrice,
  addQuantity,
  approximateMoney,
  approximatePrice,
  approximateQuantity,
  averagePrice,
  basisPointsOf,
  DecimalError,
  divideRounded,
  formatMoney,
  formatPrice,
  formatQuantity,
  formatScaled,
  maxMoney,
  maxPrice,
  maxQuantity,
  minMoney,
  minPrice,
  minQuantity,
  negateMoney,
  negateQuantity,
  notionalOf,
  parseMoney,
  parsePrice,
  parseQuantity,
  parseScaled,
  prorateMoney,
  proratePrice,
  prorateQuantity,
  type Rounding,
  roundMoney,
  roundPrice,
  roundQuantity,
  subtractMoney,
  subtractPrice,
  subtractQuantity,
  unitsFor,
  wholeQuantity,
  ZERO_MONEY,
  ZERO_PRICE,
  ZERO_QUANTITY,
} from './decimal.ts';

const ROUNDINGS: readonly Rounding[] = ['toward-zero', 'away-from-zero', 'floor', 'ceiling', 'half-even'];
const SEED = 20_260_309;
function assertProperty(property: fc.IRawProperty<unknown, false>): void {
  fc.assert(property, { seed: SEED, numRuns: 2_000 });
}

/** big.js names four roundings; down and up follow from the sign. */
function oracleMode(rounding: Rounding, negative: boolean): 0 | 2 | 3 {
  if (rounding === 'half-even') return 2;
  const isAway =
    rounding === 'away-from-zero' || (rounding === 'floor' && negative) || (rounding === 'ceiling' && !negative);
  return isAway ? 3 : 0;
}

/** The quotient of two integers, rounded, worked by big.js to enough digits that the rest is only a sign. */
function oracleQuotient(dividend: bigint, divisor: bigint, rounding: Rounding): string {
  Big.DP = 60;
  Big.RM = 0;
  const negative = dividend < 0n !== divisor < 0n;
  const quotient = new Big(dividend.toString()).div(divisor.toString());
  return quotient.round(0, oracleMode(rounding, negative)).toFixed();
}

const integers = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n });
const divisors = fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }).filter((value) => value !== 0n);
const roundings = fc.constantFrom(...ROUNDINGS);
const decimalText = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.stringMatching(/^\d{0,9}$/))
  .map(([negative, whole, fraction]) => `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`);

describe('reading a decimal', () => {
  it.each([
    ['0', 0n],
    ['-0', 0n],
    ['0.000000000', 0n],
    ['12.5', 12_500_000_000n],
    ['-12.5', -12_500_000_000n],
    ['0.29', 290_000_000n],
    ['0.000000001', 1n],
    ['100.0000000000000', 100_000_000_000n],
    ['007', 7_000_000_000n],
  ])('reads %s exactly', (text, scaled) => {
    expect(parsePrice(text)).toBe(scaled);
  });

  it.each(['', ' ', '1 ', ' 1', '+1', '1.', '.5', '1,5', '1e3', '0x1', 'NaN', 'Infinity', '1.2.3', '--1', '١', '1\n'])(
    'refuses %j and says what is right',
    (text) => {
      expect(() => parsePrice(text)).toThrow(DecimalError);
      expect(() => parsePrice(text)).toThrow(/expected digits with an optional fraction, such as "12.5"/);
    },
  );

  it('refuses digits beyond its scale, and takes zeros there', () => {
    expect(() => parsePrice('1.0000000001')).toThrow('"1.0000000001" is not a decimal: at most 9 decimals');
    expect(() => parseMoney('1.0000000000000000001')).toThrow(/at most 18 decimals/);
    expect(parseMoney('0.000000000000000001')).toBe(1n);
    expect(parseQuantity('1.0000000000')).toBe(1_000_000_000n);
  });

  it('keeps the text that it refused, and quotes no more than its beginning', () => {
    const text = 'x'.repeat(500);
    expect(() => parsePrice(text)).toThrow(
      expect.objectContaining({ text, message: expect.not.stringContaining(text) }),
    );
    expect(() => parsePrice('1'.repeat(39))).toThrow(DecimalError);
  });

  it('agrees with big.js on any decimal', () => {
    assertProperty(
      fc.property(decimalText, (text) => parsePrice(text).toString() === new Big(text).times(1e9).toFixed(0)),
    );
  });
});

describe('writing a decimal', () => {
  it.each([
    [0n, '0'],
    [1n, '0.000000001'],
    [-1n, '-0.000000001'],
    [1_500_000_000n, '1.5'],
    [-10_000_000_000n, '-10'],
    [999_999_999n, '0.999999999'],
  ])('writes %s as %s', (scaled, text) => {
    expect(formatScaled(scaled, 9)).toBe(text);
  });

  it('writes whole numbers at scale 0', () => {
    expect(formatScaled(120n, 0)).toBe('120');
    expect(parseScaled('120', 0)).toBe(120n);
  });

  it('gives back what it reads', () => {
    assertProperty(
      fc.property(integers, fc.integer({ min: 0, max: 30 }), (scaled, scale) => {
        return parseScaled(formatScaled(scaled, scale), scale) === scaled;
      }),
    );
  });

  it('writes the shortest text', () => {
    assertProperty(
      fc.property(integers, (scaled) => {
        const text = formatScaled(scaled, 9);
        return !/\.\d*0$|\.$|^-?0\d|^-0$/.test(text) && new Big(text).times(1e9).toFixed(0) === scaled.toString();
      }),
    );
  });
});

describe('dividing', () => {
  it.each([
    ['toward-zero', [2n, -2n, 2n, -2n, 3n]],
    ['away-from-zero', [3n, -3n, 3n, -3n, 4n]],
    ['floor', [2n, -3n, 2n, -3n, 3n]],
    ['ceiling', [3n, -2n, 3n, -2n, 4n]],
    ['half-even', [2n, -2n, 2n, -2n, 4n]],
  ] as const)('rounds 5/2, -5/2, -5/-2, 5/-2 and 7/2 %s', (rounding, [a, b, c, d, e]) => {
    expect(divideRounded(5n, 2n, rounding)).toBe(a);
    expect(divideRounded(-5n, 2n, rounding)).toBe(b);
    expect(divideRounded(-5n, -2n, rounding)).toBe(c);
    expect(divideRounded(5n, -2n, rounding)).toBe(d);
    expect(divideRounded(7n, 2n, rounding)).toBe(e);
  });

  it('agrees with big.js for any two integers and every rounding', () => {
    assertProperty(
      fc.property(integers, divisors, roundings, (dividend, divisor, rounding) => {
        const quotient = divideRounded(dividend, divisor, rounding);
        expect(quotient.toString()).toBe(oracleQuotient(dividend, divisor, rounding));
      }),
    );
  });

  it('agrees with big.js on exact halves, where the even neighbour wins', () => {
    assertProperty(
      fc.property(integers, divisors, roundings, (half, divisor, rounding) => {
        const dividend = (2n * half + 1n) * divisor;
        expect(divideRounded(dividend, 2n * divisor, rounding).toString()).toBe(
          oracleQuotient(dividend, 2n * divisor, rounding),
        );
      }),
    );
  });

  it('refuses to divide by zero', () => {
    expect(() => divideRounded(1n, 0n, 'floor')).toThrow('division by zero');
    expect(() => averagePrice(parseMoney('1'), ZERO_QUANTITY, 'floor')).toThrow(RangeError);
    expect(() => unitsFor(parseMoney('1'), ZERO_PRICE, 'floor')).toThrow(RangeError);
  });
});

describe('prices, quantities and money', () => {
  const price = parsePrice;
  const quantity = parseQuantity;
  const money = parseMoney;

  it('multiply exactly: price times quantity loses no digit', () => {
    expect(formatMoney(notionalOf(price('0.000000001'), quantity('0.000000001')))).toBe('0.000000000000000001');
    assertProperty(
      fc.property(decimalText, decimalText, (a, b) => {
        expect(formatMoney(notionalOf(price(a), quantity(b)))).toBe(new Big(a).times(b).toFixed().replace(/^-0$/, '0'));
      }),
    );
  });

  it('divide with the rounding named: average price and units', () => {
    expect(formatPrice(averagePrice(money('10'), quantity('3'), 'toward-zero'))).toBe('3.333333333');
    expect(formatPrice(averagePrice(money('10'), quantity('3'), 'ceiling'))).toBe('3.333333334');
    expect(formatPrice(averagePrice(money('-10'), quantity('-3'), 'half-even'))).toBe('3.333333333');
    expect(formatQuantity(unitsFor(money('1000'), price('0.29'), 'floor'))).toBe('3448.275862068');
  });

  it('round to a tick or a step; a price on its tick stays', () => {
    expect(formatPrice(roundPrice(price('0.29'), price('0.01'), 'floor'))).toBe('0.29');
    expect(formatPrice(roundPrice(price('10.126'), price('0.01'), 'floor'))).toBe('10.12');
    expect(formatPrice(roundPrice(price('10.126'), price('0.01'), 'ceiling'))).toBe('10.13');
    expect(formatPrice(roundPrice(price('10.125'), price('0.01'), 'half-even'))).toBe('10.12');
    expect(formatQuantity(roundQuantity(quantity('1.2399'), quantity('0.01'), 'toward-zero'))).toBe('1.23');
    expect(() => roundPrice(price('1'), ZERO_PRICE, 'floor')).toThrow('a tick must be positive');
    expect(() => roundQuantity(quantity('1'), quantity('-1'), 'floor')).toThrow('a step must be positive');
    const onTick = fc.bigInt({ min: 1n, max: 10_000_000n });
    assertProperty(
      fc.property(onTick, roundings, (cents, rounding) => {
        const exact = price(formatScaled(cents, 2));
        return roundPrice(exact, price('0.01'), rounding) === exact;
      }),
    );
  });

  it('round money to decimals, and refuse a number of decimals that is none', () => {
    expect(formatMoney(roundMoney(money('1.005'), 2, 'half-even'))).toBe('1');
    expect(formatMoney(roundMoney(money('1.015'), 2, 'half-even'))).toBe('1.02');
    expect(formatMoney(roundMoney(money('-1.001'), 2, 'floor'))).toBe('-1.01');
    expect(formatMoney(roundMoney(money('1.5'), 0, 'ceiling'))).toBe('2');
    expect(roundMoney(money('0.000000000000000001'), 18, 'floor')).toBe(1n);
    for (const decimals of [-1, 19, 1.5, Number.NaN]) {
      expect(() => roundMoney(money('1'), decimals, 'floor')).toThrow(/rounded to 0 to 18 decimals/);
    }
  });

  it('share pro rata; the parts of one whole never exceed it', () => {
    expect(formatMoney(prorateMoney(money('100'), 1n, 3n, 'floor'))).toBe('33.333333333333333333');
    expect(formatQuantity(prorateQuantity(quantity('1'), 2n, 3n, 'ceiling'))).toBe('0.666666667');
    expect(formatPrice(proratePrice(price('100'), 10_050n, 10_000n, 'half-even'))).toBe('100.5');
    expect(formatMoney(basisPointsOf(money('12345.67'), 25n))).toBe('30.864175');
    const share = fc.bigInt({ min: 0n, max: 1_000n });
    assertProperty(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), share, share, (whole, a, b) => {
        const total = money(formatScaled(whole, 18));
        const parts = addMoney(
          prorateMoney(total, a, a + b + 1n, 'floor'),
          prorateMoney(total, b, a + b + 1n, 'floor'),
        );
        return parts <= total;
      }),
    );
  });

  it('add, subtract, negate and compare', () => {
    expect(formatPrice(addPrice(price('0.1'), price('0.2')))).toBe('0.3');
    expect(formatPrice(subtractPrice(price('0.3'), price('0.1')))).toBe('0.2');
    expect(formatQuantity(addQuantity(quantity('0.1'), quantity('0.2')))).toBe('0.3');
    expect(formatQuantity(subtractQuantity(quantity('1'), quantity('3')))).toBe('-2');
    expect(formatQuantity(negateQuantity(quantity('1.5')))).toBe('-1.5');
    expect(formatMoney(addMoney(money('0.1'), money('0.2')))).toBe('0.3');
    expect(formatMoney(subtractMoney(ZERO_MONEY, money('0.1')))).toBe('-0.1');
    expect(formatMoney(negateMoney(money('-2')))).toBe('2');
    expect([absoluteQuantity(quantity('-1')), absoluteQuantity(quantity('1'))]).toEqual([10n ** 9n, 10n ** 9n]);
    expect([absoluteMoney(money('-1')), absoluteMoney(money('1'))]).toEqual([10n ** 18n, 10n ** 18n]);
    const [one, two] = [price('1'), price('2')];
    expect([minPrice(one, two), maxPrice(one, two), minPrice(two, one), maxPrice(two, one)]).toEqual([
      one,
      two,
      one,
      two,
    ]);
    const [few, many] = [quantity('-2'), quantity('1')];
    expect([minQuantity(few, many), maxQuantity(few, many)]).toEqual([few, many]);
    const [owed, owned] = [money('-2'), money('1')];
    expect([minMoney(owed, owned), maxMoney(owed, owned)]).toEqual([owed, owned]);
  });

  it('make whole quantities of whole numbers only', () => {
    expect(formatQuantity(wholeQuantity(250))).toBe('250');
    expect(formatQuantity(wholeQuantity(-1))).toBe('-1');
    for (const count of [0.5, Number.NaN, Infinity, 2 ** 53]) {
      expect(() => wholeQuantity(count)).toThrow(/is not a whole number of units/);
    }
  });

  it('become plain numbers for display', () => {
    expect(approximatePrice(price('0.29'))).toBe(0.29);
    expect(approximateQuantity(quantity('-1.5'))).toBe(-1.5);
    expect(approximateMoney(money('1234.56'))).toBe(1234.56);
  });
});
