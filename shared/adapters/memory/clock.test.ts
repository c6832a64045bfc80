import { describe, expect, it } from 'vitest';
import { Bug } from '#shared/core/kernel/fault.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import { ManualClock } from './clock.ts';

describe('ManualClock', () => {
  it('stands still until it is moved, and wakes sleepers the earliest first', async () => {
    const clock = new ManualClock(epochMs(1000));
    const woken: string[] = [];
    const sleepers = [
      clock.sleepUntil(epochMs(3000)).then(() => woken.push('late')),
      clock.sleepUntil(epochMs(2000)).then(() => woken.push('early')),
      clock.sleepUntil(epochMs(2000)).then(() => woken.push('early too')),
    ];
    expect(clock.nextWake()).toBe(2000);
    clock.moveTo(epochMs(1999));
    await Promise.resolve();
    expect(woken).toEqual([]);
    clock.moveBy(10_000);
    await Promise.all(sleepers);
    expect(woken).toEqual(['early', 'early too', 'late']);
    expect(clock.nextWake()).toBeNull();
    expect(clock.now()).toBe(11_999);
  });

  it('does not sleep for an instant that has come', async () => {
    await expect(new ManualClock(epochMs(5)).sleepUntil(epochMs(5))).resolves.toBeUndefined();
  });

  it('ends a sleep with the reason of its signal, before and while it sleeps', async () => {
    const clock = new ManualClock(epochMs(0));
    const stop = new AbortController();
    const sleep = clock.sleepUntil(epochMs(1), stop.signal);
    stop.abort(new Error('enough'));
    await expect(sleep).rejects.toThrow('enough');
    expect(clock.nextWake()).toBeNull();
    await expect(clock.sleepUntil(epochMs(1), stop.signal)).rejects.toThrow('enough');
  });

  it('never runs back', () => {
    expect(() => new ManualClock(epochMs(5)).moveTo(epochMs(4))).toThrow(Bug);
  });
});
