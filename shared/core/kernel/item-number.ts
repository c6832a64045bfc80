/**
 * Arithmetic on the numbers of items: exact decimals of at most 38 significant digits, as the table service keeps
 * them. Texts come in and go out; nothing here passes through a JavaScript number.
 */
import { DecimalError, formatScaled, parseScaled } from './decimal.ts';

/** The most significant digits that a number attribute holds. */
const SIGNIFICANT_DIGITS_MAX = 38;
const SCALE = 38;

/** Nearly all numbers that there are: whole, in their shortest form, and of few enough digits that a sum has no more than 38. */
const SHORT_WHOLE = /^(?:0|-?[1-9]\d{0,17})$/;
const SHORT_FRACTION = /^-?(?:0|[1-9]\d{0,17})\.\d{0,17}[1-9]$/;

/** @throws DecimalError for a text that is no plain decimal, or that has more than 38 significant digits. */
function parseNumber(text: string): bigint {
  const scaled = parseScaled(text, SCALE);
  refuseLongNumber(scaled, text);
  return scaled;
}

function refuseLongNumber(scaled: bigint, text: string): void {
  const digits = (scaled < 0n ? -scaled : scaled).toString().replace(/0+$/, '');
  if (digits.length > SIGNIFICANT_DIGITS_MAX) {
    throw new DecimalError(text, `at most ${SIGNIFICANT_DIGITS_MAX} significant digits, not ${digits.length}`);
  }
}

/**
 * The shortest plain text of a number: "010.50" is "10.5".
 * @throws DecimalError for a text that is no plain decimal, or that has more than 38 significant digits.
 */
export const canonicalNumber = (text: string): string =>
  SHORT_WHOLE.test(text) || SHORT_FRACTION.test(text) ? text : formatScaled(parseNumber(text), SCALE);

/** -1, 0 or 1. @throws DecimalError for a text that is no such number. */
export function compareNumbers(left: string, right: string): -1 | 0 | 1 {
  const whole = SHORT_WHOLE.test(left) && SHORT_WHOLE.test(right);
  if (whole && left === right) return 0;
  const [a, b] = whole ? [BigInt(left), BigInt(right)] : [parseNumber(left), parseNumber(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The exact sum. @throws DecimalError when a text is no such number, or when the sum needs more than 38 digits. */
export function addNumbers(left: string, right: string): string {
  if (SHORT_WHOLE.test(left) && SHORT_WHOLE.test(right)) return (BigInt(left) + BigInt(right)).toString();
  const sum = parseNumber(left) + parseNumber(right);
  const text = formatScaled(sum, SCALE);
  refuseLongNumber(sum, text);
  return text;
}
