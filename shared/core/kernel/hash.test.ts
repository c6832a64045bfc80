import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Canonical, canonicalJson, contentId, sha256Hex } from './hash.ts';

const SEED = 20_260_309;

const scalars = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.string(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt(),
);
const values = fc.letrec<{ value: Canonical }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalars,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

const isObject = (value: Canonical): value is Readonly<Record<string, Canonical | undefined>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The same value with the keys of every object put in the other way round. */
function reversed(value: Canonical): Canonical {
  if (Array.isArray(value)) return value.map((item: Canonical) => reversed(item));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).flatMap(([key, item]) =>
    item === undefined ? [] : [[key, reversed(item)] as const],
  );
  return Object.fromEntries(entries.toReversed());
}

describe('canonical JSON', () => {
  it.each<[Canonical, string]>([
    [null, 'null'],
    [true, 'true'],
    ['a"b', '"a\\"b"'],
    [1.5, '1.5'],
    [-0, '0'],
    [12n, '{"$int":"12"}'],
    [[], '[]'],
    [{}, '{}'],
    [{ b: 1, a: [2n, { d: null, c: '' }] }, '{"a":[{"$int":"2"},{"c":"","d":null}],"b":1}'],
    [{ a: undefined, b: 1 }, '{"b":1}'],
    [{ a10: 1, a2: 2, A: 3 }, '{"A":3,"a10":1,"a2":2}'],
  ])('is one text for one value', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it('is the same in whatever order the keys were put', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      }),
      { seed: SEED },
    );
  });

  it('tells a big integer from a number and from a text', () => {
    expect(new Set([1n, 1, '1', [1], { 1: 1 }].map((value: Canonical) => canonicalJson(value))).size).toBe(5);
  });

  it.each([Number.NaN, Infinity, -Infinity])('refuses %s', (value) => {
    expect(() => canonicalJson({ deep: [value] })).toThrow(`${value} has no canonical text`);
  });

  it('refuses the key that marks big integers', () => {
    expect(() => canonicalJson({ $int: '1' })).toThrow('the key "$int" marks big integers');
  });
});

describe('SHA-256', () => {
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('of %j is the published digest', (text, digest) => {
    expect(sha256Hex(text)).toBe(digest);
  });
});

describe('a content id', () => {
  /** The digest of the text `"abc"` in base 32, worked by hand from its bits with the whole alphabet. */
  function workedByHand(text: string, length: number): string {
    const bits = [...sha256Hex(text)].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0')).join('');
    const digits = Array.from({ length }, (_, at) => Number.parseInt(bits.slice(at * 5, at * 5 + 5), 2));
    return digits.map((digit) => '0123456789abcdefghjkmnpqrstvwxyz'.charAt(digit)).join('');
  }

  it('is the first digits of the hash in base 32', () => {
    for (const length of [1, 26, 51]) expect(contentId('abc', length)).toBe(workedByHand('"abc"', length));
  });

  it('has the length asked for and no letter that reads like another', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 51 }), (value, length) => {
        expect(contentId(value, length)).toMatch(new RegExp(`^[0-9a-hjkmnp-tv-z]{${length}}$`));
        expect(contentId(value, 51).startsWith(contentId(value, length))).toBe(true);
      }),
      { seed: SEED },
    );
  });

  it('differs for values that differ in anything but the order of keys', () => {
    expect(contentId({ side: 'buy', n: 1 }, 26)).toBe(contentId({ n: 1, side: 'buy' }, 26));
    expect(contentId({ side: 'buy', n: 1 }, 26)).not.toBe(contentId({ side: 'buy', n: 2 }, 26));
    expect(contentId(['a', 'b'], 26)).not.toBe(contentId(['b', 'a'], 26));
  });

  it.each([0, 52, 1.5, Number.NaN])('refuses %s digits', (length) => {
    expect(() => contentId('abc', length)).toThrow(`a content id has 1 to 51 digits, not ${length}`);
  });
});
