/** Content hashes. The one place in core that touches a Node module, and only its pure function. */
import { hash } from 'node:crypto';

export type Canonical =
  | string
  | number
  | boolean
  | null
  | bigint
  | readonly Canonical[]
  | { readonly [key: string]: Canonical | undefined };

/** How a big integer is told from a text of the same digits. */
const BIG_INTEGER_KEY = '$int';

/**
 * One text for one value: keys sorted, absent keys left out, big integers marked, so that equal values hash equally
 * whatever order they were built in, and no two values alike.
 * @throws RangeError for NaN, an infinity, and the key "$int", which marks big integers.
 */
export function canonicalJson(value: Canonical): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError(`${value} has no canonical text`);
    return JSON.stringify(value);
  }
  if (typeof value === 'bigint') return `{"${BIG_INTEGER_KEY}":"${value}"}`;
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (Object.hasOwn(value, BIG_INTEGER_KEY)) throw new RangeError(`the key "${BIG_INTEGER_KEY}" marks big integers`);
  let text = '';
  for (const key of Object.keys(value).sort()) {
    const item = value[key];
    if (item !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(item)}`;
  }
  return `{${text}}`;
}

const isList = (value: object): value is readonly Canonical[] => Array.isArray(value);

/** SHA-256 of a text, as 64 hex digits. */
export const sha256Hex = (text: string): string => hash('sha256', text, 'hex');

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * The first `length` base-32 digits (Crockford's alphabet, 5 bits each) of the SHA-256 of a value's canonical text.
 * @throws RangeError unless the length is whole and 1 to 51.
 */
export function contentId(value: Canonical, length: number): string {
  if (!Number.isInteger(length) || length < 1 || length > 51) {
    throw new RangeError(`a content id has 1 to 51 digits, not ${length}`);
  }
  // One character for each byte, at less than half the price of a buffer.
  const bytes = hash('sha256', canonicalJson(value), 'binary');
  let text = '';
  let [bits, held, next] = [0, 0, 0];
  for (let digit = 0; digit < length; digit += 1) {
    if (held < 5) {
      bits = (bits << 8) | bytes.charCodeAt(next);
      held += 8;
      next += 1;
    }
    held -= 5;
    text += ALPHABET[(bits >> held) & 31] ?? '';
    bits &= (1 << held) - 1;
  }
  return text;
}
