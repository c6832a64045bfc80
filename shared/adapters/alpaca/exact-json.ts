/**
 * JSON whose numbers arrive as the texts that they were written in: a quantity of twenty digits and an id of 64 bits
 * would lose their tails as JavaScript numbers.
 */

/** Characters of JSON by their codes. */
const [QUOTE, PLUS, MINUS, POINT, ZERO, NINE, BACKSLASH, LARGE_E, SMALL_E] = [34, 43, 45, 46, 48, 57, 92, 69, 101];

/** @throws SyntaxError when the text is no JSON. */
export function parseExactJson(text: string): unknown {
  // What is no JSON is refused here; the next line could mend it by its quotes.
  const rounded: unknown = JSON.parse(text);
  const quoted = quoteNumbers(text);
  if (quoted === text) return rounded;
  const value: unknown = JSON.parse(quoted);
  return value;
}

const beginsNumber = (code: number): boolean => code === MINUS || (code >= ZERO && code <= NINE);
const goesOn = (code: number): boolean =>
  beginsNumber(code) || code === POINT || code === SMALL_E || code === LARGE_E || code === PLUS;

/** A text that is JSON, with its numbers in quotes. */
function quoteNumbers(text: string): string {
  let quoted = '';
  let copied = 0;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = behindString(text, at);
    else if (beginsNumber(code)) {
      let end = at + 1;
      while (goesOn(text.charCodeAt(end))) end += 1;
      quoted += `${text.slice(copied, at)}"${text.slice(at, end)}"`;
      copied = end;
      at = end;
    } else at += 1;
  }
  return copied === 0 ? text : quoted + text.slice(copied);
}

/** The place behind a string that begins here, and ends in any text that is JSON; digits inside one are no number. */
function behindString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return end + 1;
  }
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
