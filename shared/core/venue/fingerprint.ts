/**
 * Everything that looks like chance at the venue is a hash of (seed, text, n): ids, partial fills, faults. A 128-bit
 * mix in the manner of MurmurHash3 over UTF-16 units, because a cryptographic hash would take a tenth of an order's
 * whole time; nobody here has a reason to forge a collision.
 */

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

/** Spreads every bit of a word over all of its bits. */
function avalanche(word: number): number {
  let h = word ^ (word >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

type Words = readonly [number, number, number, number];

function mix(seed: number, text: string, n: number): Words {
  let a = avalanche(seed ^ 0x9e3779b9);
  let b = avalanche(Math.trunc(seed / 4_294_967_296) ^ 0x239b961b);
  let c = avalanche(n ^ 0xab0e9789);
  let d = text.length ^ 0x38b34ae5;
  for (let index = 0; index < text.length; index += 2) {
    const pair = text.charCodeAt(index) | ((index + 1 < text.length ? text.charCodeAt(index + 1) : 0) << 16);
    const lane = (index >> 1) & 3;
    const scrambled = Math.imul(rotate(Math.imul(pair, 0x239b961b), 15), 0xab0e9789);
    if (lane === 0) a = (Math.imul(rotate(a ^ scrambled, 19) + b, 5) + 0x561ccd1b) | 0;
    else if (lane === 1) b = (Math.imul(rotate(b ^ scrambled, 17) + c, 5) + 0x0bcaa747) | 0;
    else if (lane === 2) c = (Math.imul(rotate(c ^ scrambled, 15) + d, 5) + 0x96cd1c35) | 0;
    else d = (Math.imul(rotate(d ^ scrambled, 13) + a, 5) + 0x32ac3b17) | 0;
  }
  a = (a + b + c + d) | 0;
  b = avalanche((b + a) | 0);
  c = avalanche((c + b) | 0);
  d = avalanche((d + c) | 0);
  a = avalanche((a + b + c + d) | 0);
  return [a >>> 0, (b + a) >>> 0, (c + a) >>> 0, (d + a) >>> 0];
}

/** Character codes of the sixteen digits. */
const DIGITS = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const digit = (word: number, shift: number): number => DIGITS[(word >>> shift) & 15] ?? 0;
const DASH = 45;

/**
 * A UUID (version 4 in form) of (seed, kind and text, n). Made of character codes in one call: a text joined of many
 * parts is a tree that is copied out again as soon as it becomes a key, at four times the cost.
 */
export function uuidOf(seed: number, kind: string, text: string, n: number): string {
  const [a, b, c, d] = mix(seed, kind + text, n);
  const version = 0x4000 | (b & 0x0fff);
  const variant = 0x8000 | (c & 0x3fff);
  // biome-ignore format: four digits a line
  return String.fromCharCode(
    digit(a, 28), digit(a, 24), digit(a, 20), digit(a, 16),
    digit(a, 12), digit(a, 8), digit(a, 4), digit(a, 0), DASH,
    digit(b, 28), digit(b, 24), digit(b, 20), digit(b, 16), DASH,
    digit(version, 12), digit(version, 8), digit(version, 4), digit(version, 0), DASH,
    digit(variant, 12), digit(variant, 8), digit(variant, 4), digit(variant, 0), DASH,
    digit(c, 28), digit(c, 24), digit(c, 20), digit(c, 16),
    digit(d, 28), digit(d, 24), digit(d, 20), digit(d, 16),
    digit(d, 12), digit(d, 8), digit(d, 4), digit(d, 0),
  );
}

/** 32 hex digits of (seed, kind and text, n). */
export function hexOf(seed: number, kind: string, text: string, n: number): string {
  return mix(seed, kind + text, n)
    .map((word) => word.toString(16).padStart(8, '0'))
    .join('');
}

/** A number in [0, 1) of (seed, kind and text, n). */
export function chanceOf(seed: number, kind: string, text: string, n: number): number {
  return mix(seed, kind + text, n)[0] / 4_294_967_296;
}
