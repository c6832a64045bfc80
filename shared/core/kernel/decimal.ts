/**
 * Fixed-point decimals over big integers. Money, prices and quantities are never JavaScript numbers.
 *
 * A price and a quantity carry 9 decimals, the most that a broker accepts; a money amount carries 18, so that
 * price times quantity is exact and a weighted average loses nothing until somebody asks for it rounded.
 */

declare const brand: unique symbol;

/** Price of one unit, scaled by 10^9. */
export type Price = bigint & { readonly [brand]: 'Price' };
/** Number of shares or coins, scaled by 10^9; negative for a short position. */
export type Quantity = bigint & { readonly [brand]: 'Quantity' };
/** Amount of the account's currency, scaled by 10^18. */
export type Money = bigint & { readonly [brand]: 'Money' };

export const PRICE_SCALE = 9;
export const QUANTITY_SCALE = 9;
const MONEY_SCALE = 18;

/** How a digit that does not fit is dealt with: toward zero, away from zero, down, up, or to the nearest even. */
export type Rounding = 'toward-zero' | 'away-from-zero' | 'floor' | 'ceiling' | 'half-even';

/** A decimal text that cannot be read exactly. `reason` says what would be right. */
export class DecimalError extends Error {
  override readonly name = 'DecimalError';
  readonly text: string;
  constructor(text: string, reason: string) {
    super(`${JSON.stringify(text.slice(0, 60))} is not a decimal: ${reason}`);
    this.text = text;
  }
}

const DECIMAL = /^-?\d{1,38}(?:\.\d{1,38})?$/;
const ZERO_DIGIT = '0'.charCodeAt(0);

const POWERS_OF_TEN: readonly bigint[] = Array.from({ length: 39 }, (_, exponent) => 10n ** BigInt(exponent));
const powerOfTen = (exponent: number): bigint => POWERS_OF_TEN[exponent] ?? 10n ** BigInt(exponent);

/** Where the zeros at the end of a text begin, looked for no further back than `from`. */
function trailingZeros(text: string, from: number): number {
  let end = text.length;
  while (end > from && text.charCodeAt(end - 1) === ZERO_DIGIT) end -= 1;
  return end;
}

/**
 * Reads a plain decimal text into an integer scaled by 10^scale, exactly.
 * @throws DecimalError for exponents, blanks, a leading plus, or non-zero digits beyond the scale.
 */
export function parseScaled(text: string, scale: number): bigint {
  if (!DECIMAL.test(text)) throw new DecimalError(text, 'expected digits with an optional fraction, such as "12.5"');
  const point = text.indexOf('.');
  if (point === -1) return BigInt(text) * powerOfTen(scale);
  const end = trailingZeros(text, point + 1);
  const decimals = end - point - 1;
  if (decimals > scale) throw new DecimalError(text, `at most ${scale} decimals`);
  return BigInt(text.slice(0, point) + text.slice(point + 1, end)) * powerOfTen(scale - decimals);
}

/** Writes an integer scaled by 10^scale as the shortest plain decimal text. */
export function formatScaled(value: bigint, scale: number): string {
  const negative = value < 0n;
  const digits = (negative ? -value : value).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  const end = trailingZeros(digits, point);
  const text = end === point ? digits.slice(0, point) : `${digits.slice(0, point)}.${digits.slice(point, end)}`;
  return negative ? `-${text}` : text;
}

/** Divides two integers with the rounding named. @throws RangeError when the divisor is zero. */
export function divideRounded(dividend: bigint, divisor: bigint, rounding: Rounding): bigint {
  if (divisor === 0n) throw new RangeError('division by zero');
  if (divisor === 1n) return dividend;
  const quotient = dividend / divisor;
  const remainder = dividend % divisor;
  if (remainder === 0n) return quotient;
  const negative = dividend < 0n !== divisor < 0n;
  const away = negative ? quotient - 1n : quotient + 1n;
  switch (rounding) {
    case 'toward-zero':
      return quotient;
    case 'away-from-zero':
      return away;
    case 'floor':
      return negative ? away : quotient;
    case 'ceiling':
      return negative ? quotient : away;
    case 'half-even': {
      const twice = (remainder < 0n ? -remainder : remainder) * 2n;
      const size = divisor < 0n ? -divisor : divisor;
      if (twice !== size) return twice > size ? away : quotient;
      return quotient % 2n === 0n ? quotient : away;
    }
  }
}

const asPrice = (scaled: bigint): Price => scaled as Price;
const asQuantity = (scaled: bigint): Quantity => scaled as Quantity;
const asMoney = (scaled: bigint): Money => scaled as Money;

export const ZERO_QUANTITY: Quantity = asQuantity(0n);
export const ZERO_MONEY: Money = asMoney(0n);
export const ZERO_PRICE: Price = asPrice(0n);

/** @throws DecimalError when the text is no decimal with at most 9 decimals. */
export const parsePrice = (text: string): Price => asPrice(parseScaled(text, PRICE_SCALE));
/** @throws DecimalError when the text is no decimal with at most 9 decimals. */
export const parseQuantity = (text: string): Quantity => asQuantity(parseScaled(text, QUANTITY_SCALE));
/** @throws DecimalError when the text is no decimal with at most 18 decimals. */
export const parseMoney = (text: string): Money => asMoney(parseScaled(text, MONEY_SCALE));

export const formatPrice = (value: Price): string => formatScaled(value, PRICE_SCALE);
export const formatQuantity = (value: Quantity): string => formatScaled(value, QUANTITY_SCALE);
export const formatMoney = (value: Money): string => formatScaled(value, MONEY_SCALE);

const WHOLE_UNIT = 10n ** BigInt(QUANTITY_SCALE);

/** Whole units as a quantity. @throws RangeError when the count is no safe integer. */
export function wholeQuantity(count: number): Quantity {
  if (!Number.isSafeInteger(count)) throw new RangeError(`${count} is not a whole number of units`);
  return asQuantity(BigInt(count) * WHOLE_UNIT);
}

export const addQuantity = (a: Quantity, b: Quantity): Quantity => asQuantity(a + b);
export const subtractQuantity = (a: Quantity, b: Quantity): Quantity => asQuantity(a - b);
export const negateQuantity = (a: Quantity): Quantity => asQuantity(-a);
export const absoluteQuantity = (a: Quantity): Quantity => (a < 0n ? asQuantity(-a) : a);
export const minQuantity = (a: Quantity, b: Quantity): Quantity => (a < b ? a : b);
export const maxQuantity = (a: Quantity, b: Quantity): Quantity => (a > b ? a : b);

export const addMoney = (a: Money, b: Money): Money => asMoney(a + b);
export const subtractMoney = (a: Money, b: Money): Money => asMoney(a - b);
export const negateMoney = (a: Money): Money => asMoney(-a);
export const absoluteMoney = (a: Money): Money => (a < 0n ? asMoney(-a) : a);
export const minMoney = (a: Money, b: Money): Money => (a < b ? a : b);
export const maxMoney = (a: Money, b: Money): Money => (a > b ? a : b);

export const addPrice = (a: Price, b: Price): Price => asPrice(a + b);
export const subtractPrice = (a: Price, b: Price): Price => asPrice(a - b);
export const minPrice = (a: Price, b: Price): Price => (a < b ? a : b);
export const maxPrice = (a: Price, b: Price): Price => (a > b ? a : b);

/** Price times quantity, exact. */
export const notionalOf = (price: Price, quantity: Quantity): Money => asMoney(price * quantity);

/** Money per unit, rounded to a price. @throws RangeError when the quantity is zero. */
export const averagePrice = (amount: Money, quantity: Quantity, rounding: Rounding): Price =>
  asPrice(divideRounded(amount, quantity, rounding));

/** How many units the money buys, rounded. @throws RangeError when the price is zero. */
export const unitsFor = (amount: Money, price: Price, rounding: Rounding): Quantity =>
  asQuantity(divideRounded(amount, price, rounding));

/** value * numerator / denominator, rounded; for pro-rata shares of money. */
export const prorateMoney = (value: Money, numerator: bigint, denominator: bigint, rounding: Rounding): Money =>
  asMoney(divideRounded(value * numerator, denominator, rounding));

/** value * numerator / denominator, rounded; for pro-rata shares of a quantity. */
export const prorateQuantity = (
  value: Quantity,
  numerator: bigint,
  denominator: bigint,
  rounding: Rounding,
): Quantity => asQuantity(divideRounded(value * numerator, denominator, rounding));

/** value * numerator / denominator, rounded; for collars, bands and slippage on a price. */
export const proratePrice = (value: Price, numerator: bigint, denominator: bigint, rounding: Rounding): Price =>
  asPrice(divideRounded(value * numerator, denominator, rounding));

/** Rounds to a multiple of the tick. @throws RangeError when the tick is not positive. */
export function roundPrice(value: Price, tick: Price, rounding: Rounding): Price {
  if (tick <= 0n) throw new RangeError('a tick must be positive');
  return asPrice(divideRounded(value, tick, rounding) * tick);
}

/** Rounds to a multiple of the step. @throws RangeError when the step is not positive. */
export function roundQuantity(value: Quantity, step: Quantity, rounding: Rounding): Quantity {
  if (step <= 0n) throw new RangeError('a step must be positive');
  return asQuantity(divideRounded(value, step, rounding) * step);
}

/**
 * Rounds to a number of decimals, for display and for wires that take fewer digits.
 * @throws RangeError unless the number of decimals is whole and 0 to 18.
 */
export function roundMoney(value: Money, decimals: number, rounding: Rounding): Money {
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > MONEY_SCALE) {
    throw new RangeError(`money is rounded to 0 to ${MONEY_SCALE} decimals, not ${decimals}`);
  }
  const unit = 10n ** BigInt(MONEY_SCALE - decimals);
  return asMoney(divideRounded(value, unit, rounding) * unit);
}

/** A basis-point fraction of money, rounded half-even. 1 bp = 1/10,000. */
export const basisPointsOf = (value: Money, basisPoints: bigint): Money =>
  prorateMoney(value, basisPoints, 10_000n, 'half-even');

/** For statistics and display only: never turn the result back into money. */
export const approximatePrice = (value: Price): number => Number(value) / 1e9;
/** For statistics and display only: never turn the result back into money. */
export const approximateQuantity = (value: Quantity): number => Number(value) / 1e9;
/** For statistics and display only: never turn the result back into money. */
export const approximateMoney = (value: Money): number => Number(value) / 1e18;
