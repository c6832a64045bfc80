/** How every pacing draws and waits: the machine's, and the one that waits no time. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryPacing } from '#shared/adapters/memory/pacing.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import type { Pacing } from '#shared/ports/pacing.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each<[string, () => Pacing]>([
  ['the machine', () => systemPacing],
  ['memory', () => memoryPacing()],
  ['memory, at the least', () => memoryPacing(0)],
])('the pacing of %s', (_, open) => {
  it('draws fractions from 0 up to, but not including, 1', () => {
    const pacing = open();
    const drawn = Array.from({ length: 1_000 }, () => pacing.fraction());
    expect(drawn.filter((fraction) => !(fraction >= 0 && fraction < 1))).toEqual([]);
  });

  it('ends each of its waits, however many there are at once', async () => {
    const pacing = open();
    const waits = Promise.all([pacing.sleepMs(0), pacing.sleepMs(20), pacing.sleepMs(5)]);
    await vi.advanceTimersByTimeAsync(20);
    expect(await waits).toHaveLength(3);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the pacing of the machine', () => {
  it('spreads those who draw, and wakes nobody before the time', async () => {
    expect(new Set(Array.from({ length: 100 }, () => systemPacing.fraction())).size).toBeGreaterThan(90);
    let awake = false;
    const slept = systemPacing.sleepMs(1_000).then(() => {
      awake = true;
    });
    await vi.advanceTimersByTimeAsync(999);
    expect(awake).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await slept;
  });
});

describe('the pacing of memory', () => {
  it('keeps what it was asked to wait', async () => {
    const pacing = memoryPacing();
    for (const ms of [100, 50]) await pacing.sleepMs(ms);
    expect(pacing.waitsMs).toEqual([100, 50]);
  });
});
