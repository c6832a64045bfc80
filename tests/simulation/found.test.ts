/** What the simulation has found in the product, each held by the world that found it. */
import { describe, expect, it } from 'vitest';
import { planOf } from './plan.ts';
import { runWorld } from './run-world.ts';
import { onceAt, quietPlan } from './scenario.ts';

/** As many calls as a run makes from its start to its end, and some more. */
const CALLS_OF_A_RUN = 45;

describe('a run', () => {
  it('is sent to its end by the next minute, wherever its sender died', async () => {
    const operations = [{ afterMs: 61_000, act: { kind: 'run', againAfterMs: null } as const }];
    const plain = await runWorld(quietPlan({ operations, stormMs: 120_000 }), { keepTrace: true });
    expect(plain.violation).toBeNull();
    const died: number[] = [];
    const broken: string[] = [];
    for (let step = 0; step < CALLS_OF_A_RUN; step += 1) {
      // The calls of the first minute's guards come before it.
      const at = step + 45;
      const { violation, lines } = await runWorld(
        quietPlan({ operations, stormMs: 120_000, ...onceAt('crash-after', at) }),
        {
          keepTrace: true,
        },
      );
      if (lines.some((line) => /orchestrate-\d+ dies/.test(line))) died.push(at);
      if (violation !== null) broken.push(`${at}: ${violation.invariant} ${violation.what}`);
    }
    expect(broken).toEqual([]);
    expect(died.length).toBeGreaterThan(20);
  }, 60_000);
});

describe('an exit', () => {
  // An execution is taken back after it was sold on: the position goes through zero, and is closed from the other side.
  it('goes on with its next generation when its side has changed (seed 1266)', async () => {
    expect((await runWorld(planOf(1266))).violation).toBeNull();
  });
});

describe('an execution', () => {
  // The activities tell a correction first, the execution that it restates later, and a correction of both after that.
  it('is restated by a correction that was told before it (seed 20008)', async () => {
    expect((await runWorld(planOf(20008))).violation).toBeNull();
  });
});
