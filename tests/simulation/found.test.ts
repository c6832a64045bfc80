/** What the simulation has found in the product, each held by the world that found it. */
import { describe, expect, it } from 'vitest';
import { type Plan, commonPlanOf } from './plan.ts';
import { withoutStop } from './protected.ts';
import { planOf } from './rare.ts';
import { runWorld } from './run-world.ts';
import { acts, buy, onceAt, quietPlan } from './scenario.ts';
import type { World } from './world.ts';

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
    expect((await runWorld(commonPlanOf(1266))).violation).toBeNull();
  });

  // The answer of the stop's last look was lost, and then a cancel was asked for: nobody ever sends it.
  it('does not wait for its own stop of unknown fate that can no longer arrive (seed 1334)', async () => {
    expect((await runWorld(commonPlanOf(1334))).violation).toBeNull();
  });

  // Two sends of its order are ambiguous, and the broker, flat by then, refuses each later one.
  it('gives its order of unknown fate up once the broker refuses to take it again (seed 100269)', async () => {
    expect((await runWorld(commonPlanOf(100269))).violation).toBeNull();
  });
});

describe('an exit that an own order is in the way of', () => {
  // The broker takes the cancel and brings it about at the close only; the exit sells when it opens again.
  it.each([103555, 106194])('ends after the next open, where the order was for the day (seed %i)', async (seed) => {
    expect((await runWorld(commonPlanOf(seed))).violation).toBeNull();
  });

  // The stop could rest for ever, and the broker never lets go of its units.
  it.each([101382, 102856, 104677, 107541])(
    'waits, and a person has been told so, where it is a stop (seed %i)',
    async (seed) => {
      expect((await runWorld(commonPlanOf(seed))).violation).toBeNull();
    },
  );
});

describe('a position', () => {
  const operations = acts([5, buy(10)]);
  /** Whether the broker holds it at the end, and what does not hold. */
  const endOf = async (plan: Plan): Promise<{ readonly held: boolean; readonly broken: readonly string[] }> => {
    let held = false;
    const judge = (world: World): readonly string[] => {
      held = world.ledger().positions.length > 0;
      return withoutStop(world).map(({ what }) => what);
    };
    const { violation, flaws } = await runWorld(plan, { judge });
    return { held, broken: [...(violation === null ? [] : [violation.what]), ...flaws] };
  };

  it('has its stop at the broker in the end, whatever dies in its storm', async () => {
    const faults = [
      { kind: 'crash-before', strength: 2 },
      { kind: 'crash-after', strength: 2 },
    ] as const;
    const ends = [];
    for (let seed = 1; seed <= 20; seed += 1) ends.push(await endOf(quietPlan({ seed, operations, faults })));
    expect(ends.flatMap(({ broken }) => broken)).toEqual([]);
    expect(ends.filter(({ held }) => held).length).toBeGreaterThan(4);
  }, 60_000);

  it('has its stop at the broker in the end, after whichever call a function dies', async () => {
    const ends = [];
    for (let step = 40; step < 240; step += 8) {
      ends.push(await endOf(quietPlan({ operations, stormMs: 120_000, ...onceAt('crash-after', step) })));
    }
    expect(ends.flatMap(({ broken }) => broken)).toEqual([]);
    expect(ends.filter(({ held }) => held).length).toBeGreaterThan(20);
  }, 60_000);
});

describe('an execution that is restated', () => {
  // By the stream alone, which never told it; its activity comes behind that of its correction.
  it('is known when its activity comes (seed 410835)', async () => {
    expect((await runWorld(planOf(410835))).violation).toBeNull();
  });

  // To the same price once more, and then taken back.
  it('leaves nothing open (seed 412058)', async () => {
    expect((await runWorld(planOf(412058))).violation).toBeNull();
  });
});

describe('a world', () => {
  // Somebody sold by hand what an exit should sell; an execution is corrected late; no pass was whole yet.
  it.each([807501, 803743, 4046])(
    'rests once there is nothing left to do for anybody but a person (seed %i)',
    async (seed) => {
      expect((await runWorld(planOf(seed))).violation).toBeNull();
    },
  );
});

describe('one of two executions that look alike', () => {
  // The activities tell that one was corrected; the stream says of which more than a minute later.
  it('is the only one that is restated, however late that is said (seed 725923)', async () => {
    expect((await runWorld(planOf(725923))).violation).toBeNull();
  });
});

describe('an order under our mark that has no row', () => {
  it('is told of in the journal by its own id (seed 21)', async () => {
    const act = { kind: 'marked-order', symbol: 'F', side: 'buy', units: 8, price: null } as const;
    expect((await runWorld(quietPlan({ operations: acts([65, act]), stormMs: 180_000 }))).violation).toBeNull();
  });
});

describe('an execution', () => {
  // The activities tell a correction first, the execution that it restates later, and a correction of both after that.
  it('is restated by a correction that was told before it (seed 20008)', async () => {
    expect((await runWorld(commonPlanOf(20008))).violation).toBeNull();
  });
});

describe('a command', () => {
  // Its message is seen twice; one consumer claims the order and dies, the other looked for the row before.
  it('is not ended by the consumer that takes its own order for a twin (seed 30656)', async () => {
    expect((await runWorld(planOf(30656))).violation).toBeNull();
  });
});
