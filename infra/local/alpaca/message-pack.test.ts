import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMessagePack, encodeMessagePack } from './message-pack.ts';

describe('MessagePack', () => {
  it('reads back whatever JSON it wrote', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value));
        expect(decodeMessagePack(encodeMessagePack(plain))).toEqual(plain);
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  it.each([
    [
      [0x93, 0x01, 0x02, 0x03],
      [1, 2, 3],
    ],
    [[0x81, 0xa1, 0x61, 0xff], { a: -1 }],
    [[0xcd, 0x01, 0x00], 256],
    [[0xd0, 0x80], -128],
    [[0xcf, 0, 0, 0, 1, 0, 0, 0, 0], 4_294_967_296],
    [[0xca, 0x3f, 0xc0, 0, 0], 1.5],
    [[0xd9, 0x01, 0x41], 'A'],
    [[0xdc, 0x00, 0x01, 0xc3], [true]],
    [[0xde, 0x00, 0x01, 0xa1, 0x61, 0xc0], { a: null }],
  ] as const)('reads %j', (bytes, value) => {
    expect(decodeMessagePack(Uint8Array.from(bytes))).toEqual(value);
  });

  it.each([
    [[0xa5, 0x41], 'it ends early'],
    [[0xc1], 'type 0xc1'],
    [[0x81, 0x01, 0x02], 'a key that is no text'],
  ] as const)('refuses %j: %s', (bytes, why) => {
    expect(() => decodeMessagePack(Uint8Array.from(bytes))).toThrow(why);
  });

  it('writes times to the nanosecond as timestamps', () => {
    const bytes = encodeMessagePack(1_767_711_600_123_456_789n);
    expect(bytes.subarray(0, 2)).toEqual(Uint8Array.of(0xd7, 0xff));
    expect(decodeMessagePack(bytes)).toBe(1_767_711_600_123_456_789n);
  });

  it('writes long texts, lists and maps', () => {
    const value = {
      text: 'ä'.repeat(70_000),
      list: Array.from({ length: 70_000 }, (_, n) => n),
      few: Array(20).fill('x'),
    };
    expect(decodeMessagePack(encodeMessagePack(value))).toEqual(value);
  });
});
