import { describe, expect, it } from 'vitest';
import { chanceOf, hexOf, uuidOf } from './fingerprint.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('fingerprints', () => {
  it('have the form of a UUID and are the same for the same', () => {
    expect(uuidOf(1, 'order:', 'one', 0)).toMatch(UUID);
    expect(uuidOf(1, 'order:', 'one', 0)).toBe(uuidOf(1, 'order:', 'one', 0));
    expect(hexOf(1, 'request:', '', 5)).toMatch(/^[0-9a-f]{32}$/);
  });

  it('differ for another seed, kind, text or number', () => {
    const ids = [
      uuidOf(1, 'order:', 'one', 0),
      uuidOf(2, 'order:', 'one', 0),
      uuidOf(2 ** 33 + 1, 'order:', 'one', 0),
      uuidOf(1, 'execution:', 'one', 0),
      uuidOf(1, 'order:', 'two', 0),
      uuidOf(1, 'order:', 'one', 1),
      uuidOf(1, 'order:', 'onẽ', 0),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('do not collide over many texts that are alike', () => {
    const ids = new Set<string>();
    for (let n = 0; n < 50_000; n += 1) ids.add(uuidOf(1, 'order:', `belay-${n}`, 0));
    for (let n = 0; n < 50_000; n += 1) ids.add(uuidOf(1, 'order:', 'belay-', n));
    expect(ids.size).toBe(100_000);
  });

  it('fall evenly into [0, 1)', () => {
    const counts = Array.from({ length: 20 }, () => 0);
    for (let n = 0; n < 20_000; n += 1) {
      const cell = Math.floor(chanceOf(3, 'partial:', `order-${n}`, n % 7) * 20);
      counts[cell] = (counts[cell] ?? 0) + 1;
    }
    // 1,000 each; the chi-squared statistic of 19 degrees lies below 43.8 in 999 of 1,000 cases.
    const chiSquared = counts.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0);
    expect(chiSquared).toBeLessThan(43.8);
  });
});
