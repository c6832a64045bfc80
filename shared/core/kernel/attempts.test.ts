import { describe, expect, it } from 'vitest';
import { attempt } from './attempts.ts';
import { Bug, Fault, type FaultKind } from './fault.ts';

const LIMITS = { attemptsMax: 4, waitMsBase: 10, waitMsMax: 25 };

/** Fails as told, then answers; tells how often it was called and how long was waited in between. */
function scene(...kinds: readonly FaultKind[]) {
  const waitsMs: number[] = [];
  let calls = 0;
  const run = (sameEffect: boolean): Promise<string> =>
    attempt(
      {
        fraction: () => 0.99,
        sleepMs: (durationMs) => {
          waitsMs.push(durationMs);
          return Promise.resolve();
        },
      },
      LIMITS,
      sameEffect,
      () => {
        const kind = kinds[calls];
        calls += 1;
        return kind === undefined ? Promise.resolve('done') : Promise.reject(new Fault(kind, `call-${calls}`, kind));
      },
    );
  return { run, waitsMs, calls: () => calls };
}

describe('attempt', () => {
  it('tries a transient fault again, waiting longer up to a ceiling', async () => {
    const { run, waitsMs } = scene('transient', 'transient', 'transient');
    expect(await run(false)).toBe('done');
    expect(waitsMs).toEqual([9, 19, 24]);
  });

  it('gives up with the last fault when the attempts are used up', async () => {
    const { run, calls } = scene('transient', 'transient', 'transient', 'transient');
    await expect(run(false)).rejects.toMatchObject({ kind: 'transient', code: 'call-4' });
    expect(calls()).toBe(4);
  });

  it('never repeats what is permanent, nor what may have had its effect', async () => {
    for (const kind of ['permanent', 'uncertain'] as const) {
      const { run, calls } = scene(kind);
      await expect(run(false)).rejects.toMatchObject({ kind });
      expect(calls()).toBe(1);
    }
  });

  it('repeats an uncertain call that has the same effect, and never forgets that it was uncertain', async () => {
    expect(await scene('uncertain', 'transient').run(true)).toBe('done');
    const transientAfter = scene('uncertain', 'transient', 'transient', 'transient');
    await expect(transientAfter.run(true)).rejects.toMatchObject({ kind: 'uncertain', code: 'call-1' });
    await expect(scene('uncertain', 'permanent').run(true)).rejects.toMatchObject({
      kind: 'uncertain',
      code: 'call-1',
    });
  });

  it('lets a bug pass at once', async () => {
    const pacing = { fraction: () => 0, sleepMs: () => Promise.resolve() };
    await expect(attempt(pacing, LIMITS, true, () => Promise.reject(new Bug('broken')))).rejects.toBeInstanceOf(Bug);
  });
});
