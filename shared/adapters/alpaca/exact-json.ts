/**
 * JSON whose numbers arrive as the texts that they were written in: a quantity of twenty digits and an id of 64 bits
 * would lose their tails as JavaScript numbers.
 */

/** Strings come first, so that digits inside one are not taken for a number. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** @throws SyntaxError when the text is no JSON. */
export function parseExactJson(text: string): unknown {
  // What is no JSON is refused here; the next line could mend it by its quotes.
  JSON.parse(text);
  const value: unknown = JSON.parse(
    text.replace(STRING_OR_NUMBER, (token) => (token.startsWith('"') ? token : `"${token}"`)),
  );
  return value;
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;
const DIGITS_MAX = 60;

/**
 * A number's text without its exponent: "1.5e-7" is "0.00000015". Null when it is no number, or a longer one than any
 * price, quantity or amount of money.
 */
export function plainDecimal(text: string): string | null {
  const match = NUMBER.exec(text);
  if (match === null) return null;
  const [, sign = '', whole = '', fraction = ''] = match;
  const exponent = Number(match[4] ?? '0');
  const digits = whole + fraction;
  const point = whole.length + exponent;
  if (digits.length > DIGITS_MAX || point > DIGITS_MAX || point < -DIGITS_MAX) return null;
  const padded = point <= 0 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0');
  const cut = Math.max(point, 1);
  const wholeOut = padded.slice(0, cut).replace(/^0+(?=\d)/, '');
  const fractionOut = padded.slice(cut).replace(/0+$/, '');
  return sign + (fractionOut === '' ? wholeOut : `${wholeOut}.${fractionOut}`);
}
