/** What every clock does for those who ask and for those who sleep: the machine's, and the one that a test moves. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { addMs, epochMs } from '#shared/core/kernel/instant.ts';
import type { Clock } from '#shared/ports/clock.ts';

const NOON = epochMs(Date.UTC(2026, 2, 9, 12));

interface Timed {
  readonly clock: Clock;
  /** Lets so much time pass, and whoever wakes do what it wakes for. */
  readonly pass: (durationMs: number) => Promise<unknown>;
}

const onMachine = (): Timed => ({ clock: systemClock, pass: (durationMs) => vi.advanceTimersByTimeAsync(durationMs) });

function byHand(): Timed {
  const clock = new ManualClock(NOON);
  const pass = async (durationMs: number): Promise<void> => {
    clock.moveBy(durationMs);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { clock, pass };
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOON });
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each<[string, () => Timed]>([
  ['the machine', onMachine],
  ['memory', byHand],
])('the clock of %s', (_, open) => {
  it('shows the time that has passed', async () => {
    const { clock, pass } = open();
    expect(clock.now()).toBe(NOON);
    await pass(1_500);
    expect(clock.now()).toBe(addMs(NOON, 1_500));
  });

  it('lets nobody wait for an instant that is there', async () => {
    const { clock } = open();
    await clock.sleepUntil(NOON);
    await clock.sleepUntil(addMs(NOON, -1));
    expect(clock.now()).toBe(NOON);
  });

  it('wakes each sleeper at its instant and not before, the earliest first', async () => {
    const { clock, pass } = open();
    const woken: string[] = [];
    const sleeps = [
      ['late', 2_000],
      ['early', 1_000],
    ] as const;
    const all = sleeps.map(async ([name, ms]) => {
      await clock.sleepUntil(addMs(NOON, ms));
      woken.push(`${name} at ${clock.now() - NOON}`);
    });
    await pass(999);
    expect(woken).toEqual([]);
    await pass(1);
    expect(woken).toEqual(['early at 1000']);
    await pass(1_000);
    await Promise.all(all);
    expect(woken).toEqual(['early at 1000', 'late at 2000']);
  });

  it('wakes all that are due when much time passes at once', async () => {
    const { clock, pass } = open();
    const woken: string[] = [];
    const all = [2_000, 1_000].map(async (ms) => {
      await clock.sleepUntil(addMs(NOON, ms));
      woken.push(String(ms));
    });
    await pass(3_600_000);
    await Promise.all(all);
    expect(woken).toEqual(['1000', '2000']);
  });

  it('ends a sleep with the reason of its signal, also of one that was given before, and lets the others sleep', async () => {
    const { clock, pass } = open();
    const stop = new AbortController();
    const stopped = clock.sleepUntil(addMs(NOON, 1_000), stop.signal).catch((thrown: unknown) => thrown);
    const other = clock.sleepUntil(addMs(NOON, 1_000));
    stop.abort(new Error('enough'));
    expect(await stopped).toMatchObject({ message: 'enough' });
    await expect(clock.sleepUntil(addMs(NOON, 1_000), stop.signal)).rejects.toThrow('enough');
    await expect(clock.sleepUntil(NOON, stop.signal)).rejects.toThrow('enough');
    await pass(1_000);
    await other;
  });

  it('does not hear a signal that comes when the sleep is over', async () => {
    const { clock, pass } = open();
    const stop = new AbortController();
    const sleep = clock.sleepUntil(addMs(NOON, 1_000), stop.signal);
    await pass(1_000);
    stop.abort(new Error('too late'));
    await expect(sleep).resolves.toBeUndefined();
  });
});
