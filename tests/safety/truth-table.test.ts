/**
 * Each cell of the truth table, driven through the real workflows against the broker simulator. Over DynamoDB's emulator:
 * `BELAY_TRUTH_TABLES=emulator npx vitest run tests/safety/truth-table.test.ts`, some minutes.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BREAKAGES, LATE, NOES } from './breakages.ts';
import { interceptWire } from './broken-wire.ts';
import { BROKEN, BROKEN_LATE, CONDITIONS, DEPENDENCIES, IMPOSSIBLE, SAY_NO } from './truth-table.ts';
import type { Expected, Outcome, Row } from './truth-row.ts';
import { soundModel } from './model-breakages.ts';
import { renderTruthTable } from './truth-table-page.ts';
import { type TruthTables, truthTables } from './truth-tables.ts';
import { type Action, ACTIONS, type Breakage, TruthWorld } from './truth-world.ts';

/** A permanent refusal of the broker stops an exit until a person resumes it. */
const RESUMED_BY_A_PERSON: ReadonlySet<string> = new Set(['account blocked']);
const TIMEOUT_MS = 120_000;

let restore: () => void;
let tables: TruthTables;
let worlds = 0;
const count = { cells: 0, stopped: 0, mended: 0 };

beforeAll(async () => {
  tables = await truthTables(process.env);
  restore = interceptWire();
});
afterAll(async () => {
  restore();
  await tables.stop();
  console.log(
    `truth table over ${tables.kind}: ${count.cells} cells; ${count.stopped} stopped, of which ${count.mended} went on once mended; entries passed: 0`,
  );
});

const opened = async (action: Action): Promise<TruthWorld> => {
  worlds += 1;
  const name = `t-${worlds}`;
  return TruthWorld.open(name, action, await tables.open(name));
};

/** What is left to do once the fact is well again. */
const comesAgain = (outcome: Outcome): boolean => /^(again|waits|unknown)/.test(outcome);

/** What is wrong with a cell, a line each; nothing where it is as the table says. */
async function flawsOfEntry(world: TruthWorld, breakage: Breakage, expected: Outcome): Promise<readonly string[]> {
  const seen = await world.run(breakage);
  count.stopped += 1;
  const flaws = seen.outcome === expected ? [] : [`it came to "${seen.outcome}", not to "${expected}"`];
  if (expected !== 'unknown') return seen.reachedBroker ? [...flaws, 'it reached the broker'] : flaws;
  const another = await world.anotherEntry();
  const more = world.entriesAtBroker() - seen.ordersAtBroker;
  return [
    ...flaws,
    ...(seen.ordersAtBroker > 1 ? [`${seen.ordersAtBroker} of it are at the broker`] : []),
    ...(another === 'passes' || more > 0 ? [`another entry on its symbol came to "${another}"`] : []),
  ];
}

async function flawsOfOther(world: TruthWorld, row: Row<string>, breakage: Breakage, expected: Outcome) {
  const { outcome, reachedBroker, ordersAtBroker } = await world.run(breakage);
  const flaws = [
    ...(outcome === expected ? [] : [`it came to "${outcome}", not to "${expected}"`]),
    ...(ordersAtBroker > 1 ? [`${ordersAtBroker} orders of it are at the broker`] : []),
  ];
  if (expected === 'passes') return reachedBroker ? flaws : [...flaws, 'it did not reach the broker'];
  count.stopped += 1;
  const maybe = expected === 'unknown' || expected.startsWith('again cancel');
  if (!maybe && reachedBroker) flaws.push('it reached the broker');
  if (!comesAgain(expected) || RESUMED_BY_A_PERSON.has(row.breakage)) return flaws;
  const happened = await world.mendAndRepeat();
  count.mended += happened ? 1 : 0;
  return happened ? flaws : [...flaws, 'it did not happen although all was well again'];
}

async function flawsOf(row: Row<string>, breakage: Breakage): Promise<readonly string[]> {
  const found = await Promise.all(
    ACTIONS.map(async (action) => {
      count.cells += 1;
      const world = await opened(action);
      try {
        const flaws =
          action === 'entry'
            ? await flawsOfEntry(world, breakage, row.entry)
            : await flawsOfOther(world, row, breakage, row[action]);
        return flaws.map((flaw) => `${action}: ${flaw}`);
      } finally {
        await world.close();
      }
    }),
  );
  return found.flat();
}

describe('the table', () => {
  it('has every dependency in every condition: a row, or why there is none', () => {
    for (const of of DEPENDENCIES) {
      for (const is of CONDITIONS) {
        const rows = BROKEN.filter((row) => row.of === of && row.is === is).length;
        const none = IMPOSSIBLE.filter((row) => row.of === of && row.is === is).length;
        expect(rows > 0 ? none === 0 : none === 1, `${of}, ${is}`).toBe(true);
      }
    }
  });

  it('lets no entry pass, and no row lack its breakage', () => {
    const rows: readonly Expected[] = [...BROKEN, ...SAY_NO, ...BROKEN_LATE];
    expect(rows.filter(({ entry }) => entry === 'passes' || entry === 'waits')).toEqual([]);
    const used = (all: readonly Row<string>[]) => [...new Set(all.map(({ breakage }) => breakage))].sort();
    expect(used(BROKEN)).toEqual(Object.keys(BREAKAGES).sort());
    expect(used(SAY_NO)).toEqual(Object.keys(NOES).sort());
    expect(used(BROKEN_LATE)).toEqual(Object.keys(LATE).sort());
  });

  it('is the page in docs', async () => {
    await expect(renderTruthTable()).toMatchFileSnapshot('../../docs/concepts/fail-closed.md');
  });
});

describe('where nothing is broken', () => {
  it.each(ACTIONS)('%s passes', async (action) => {
    const world = await opened(action);
    try {
      expect(await world.run(() => undefined)).toEqual({ outcome: 'passes', reachedBroker: true, ordersAtBroker: 1 });
    } finally {
      await world.close();
    }
  });

  it('an entry of a strategy that trades by a model passes', async () => {
    const world = await opened('entry');
    try {
      expect(await world.run(soundModel)).toEqual({ outcome: 'passes', reachedBroker: true, ordersAtBroker: 1 });
    } finally {
      await world.close();
    }
  });
});

describe.concurrent('where a fact is broken', () => {
  it.each(BROKEN)(
    '$of, $is: $because',
    async (row) => {
      expect(await flawsOf(row, BREAKAGES[row.breakage])).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe.concurrent('where a fact says no', () => {
  it.each(SAY_NO)(
    '$because',
    async (row) => {
      expect(await flawsOf(row, NOES[row.breakage])).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe.concurrent('where a fact breaks or says no between claim and last look', () => {
  it.each(BROKEN_LATE)(
    '$because',
    async (row) => {
      expect(await flawsOf(row, LATE[row.breakage])).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
