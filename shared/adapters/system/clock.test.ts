import { channel } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addMs } from '#shared/core/kernel/instant.ts';
import { CLOCK_MOVED, CLOCK_SLEEPING, systemClock } from './clock.ts';

const NOON = Date.UTC(2026, 2, 9, 12);

beforeEach(() => {
  vi.useFakeTimers({ now: NOON });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Whether the promise settles without time passing. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = (): void => {
    settled = true;
  };
  promise.then(settle, settle);
  await vi.advanceTimersByTimeAsync(0);
  return settled;
}

describe('systemClock', () => {
  it('shows the machine time and sleeps until an instant', async () => {
    expect(systemClock.now()).toBe(NOON);
    const sleep = systemClock.sleepUntil(addMs(systemClock.now(), 1000));
    await vi.advanceTimersByTimeAsync(999);
    expect(await isSettled(sleep)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await sleep;
  });

  it('wakes when the clock was moved past the instant, and only then', async () => {
    const sleep = systemClock.sleepUntil(addMs(systemClock.now(), 60_000));
    channel(CLOCK_MOVED).publish({});
    expect(await isSettled(sleep)).toBe(false);
    vi.setSystemTime(NOON + 60_000);
    channel(CLOCK_MOVED).publish({});
    await sleep;
    expect(vi.getTimerCount()).toBe(0);
    expect(channel(CLOCK_MOVED).hasSubscribers).toBe(false);
  });

  it('says until when it sleeps, and nothing when it need not', async () => {
    const said: unknown[] = [];
    const hear = (message: unknown): void => {
      said.push(message);
    };
    channel(CLOCK_SLEEPING).subscribe(hear);
    await systemClock.sleepUntil(systemClock.now());
    const sleep = systemClock.sleepUntil(addMs(systemClock.now(), 1000));
    await vi.advanceTimersByTimeAsync(1000);
    await sleep;
    channel(CLOCK_SLEEPING).unsubscribe(hear);
    expect(said).toEqual([{ untilMs: NOON + 1000 }]);
  });

  it('sleeps on when its timer fires before the clock is there', async () => {
    const sleep = systemClock.sleepUntil(addMs(systemClock.now(), 1000));
    vi.setSystemTime(NOON - 500);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await isSettled(sleep)).toBe(false);
    await vi.advanceTimersByTimeAsync(500);
    await sleep;
  });

  it('sleeps longer than a timer can wait', async () => {
    const days = 40 * 86_400_000;
    const sleep = systemClock.sleepUntil(addMs(systemClock.now(), days));
    await vi.advanceTimersByTimeAsync(days - 1);
    expect(await isSettled(sleep)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await sleep;
  });

  it('ends with the reason of its signal, and leaves nothing behind', async () => {
    const stop = new AbortController();
    const sleep = systemClock.sleepUntil(addMs(systemClock.now(), 1000), stop.signal);
    stop.abort(new Error('enough'));
    await expect(sleep).rejects.toThrow('enough');
    await expect(systemClock.sleepUntil(systemClock.now(), stop.signal)).rejects.toThrow('enough');
    expect(vi.getTimerCount()).toBe(0);
    expect(channel(CLOCK_MOVED).hasSubscribers).toBe(false);
  });
});
