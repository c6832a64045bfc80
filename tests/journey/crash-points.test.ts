/**
 * Kills the sender and the reconciler at every call that they make to the outside, on the real adapters: whatever the
 * moment, each decision is one order at the broker, the books are the broker's, and nothing stays reserved.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTables, startDynamoDb } from '#infra/local/emulators/dynamodb.ts';
import type { Emulator } from '#infra/local/emulators/emulator-process.ts';
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { contentId } from '#shared/core/kernel/hash.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { duplicatesIn, flawsOf } from './flaws.ts';
import { interceptFetch, openWorld, saveMarket, WorldClock } from './journey-world.ts';
import { type Life, type LifeOptions, liveThrough } from './order-life.ts';
import type { CrashPlan, OutsideCall } from './outside-calls.ts';

const NAMES = {
  safety: 'journey-safety',
  orders: 'journey-orders',
  books: 'journey-books',
  market: 'journey-market',
  journal: 'journey-journal',
} as const;
const CLIENT = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
/** Lives that are led side by side: they wait for the same emulator, and know nothing of each other. */
const SIDE_BY_SIDE = 4;

interface Outcome {
  readonly life: Life;
  readonly flaws: readonly string[];
  readonly duplicates: number;
}

let emulator: Emulator;
let dynamo: Tables;
let memory: Tables;
let restore: () => void;
let worlds = 0;

beforeAll(async () => {
  restore = interceptFetch();
  emulator = await startDynamoDb();
  const client = { ...CLIENT, endpoint: emulator.endpoint };
  await createTables(new DynamoDBClient(client), NAMES);
  dynamo = openDynamoTables({ physicalNames: NAMES, pacing: systemPacing, client });
  memory = new MemoryTables({ clock: new WorldClock() });
  await Promise.all([saveMarket(dynamo), saveMarket(memory)]);
});

afterAll(async () => {
  restore();
  await emulator.stop();
});

/** Leads one life in a world of its own. */
async function lead(tables: Tables, options: LifeOptions = {}): Promise<Outcome> {
  worlds += 1;
  const world = await openWorld(tables, `journey-${worlds}`);
  try {
    const life = await liveThrough(world, options);
    const unsold = life.exit === null ? ['nothing was bought, so that nothing could be sold'] : [];
    const filled = life.exit === null ? [life.entry] : [life.entry, life.exit];
    const flaws = await flawsOf(world, life, { filled });
    return { life, flaws: [...unsold, ...flaws], duplicates: duplicatesIn(world) };
  } finally {
    await world.close();
  }
}

/** What went wrong where, one line each; and how many orders were placed twice. */
async function leadAll(
  tables: Tables,
  all: readonly LifeOptions[],
): Promise<{ readonly flaws: readonly string[]; readonly duplicates: number; readonly processes: number }> {
  const queue = [...all];
  const flaws: string[] = [];
  let [duplicates, processes] = [0, 0];
  const worker = async (): Promise<void> => {
    for (let options = queue.shift(); options !== undefined; options = queue.shift()) {
      const outcome = await lead(tables, options);
      const where = (options.plans ?? []).map(
        ({ at, fate }) => `${fate} ${at} (${outcome.life.calls[at]?.name ?? ''})`,
      );
      flaws.push(...outcome.flaws.map((flaw) => `${where.join(', ')}: ${flaw}`));
      duplicates += outcome.duplicates;
      processes += outcome.life.processes;
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  return { flaws, duplicates, processes };
}

const lives = (calls: readonly OutsideCall[], fate: CrashPlan['fate'], where: (call: OutsideCall) => boolean) =>
  calls.flatMap((call, at) => (where(call) ? [{ plans: [{ at, fate }] }] : []));

describe('an entry and its exit', () => {
  it('are placed once each when nobody dies', async () => {
    const { life, flaws } = await lead(dynamo);
    expect(flaws).toEqual([]);
    expect(life.processes).toBe(1);
    expect(life.calls.filter(({ name }) => name === 'broker: POST /v2/orders')).toHaveLength(2);
  });

  it('are placed once each wherever the process dies, and whichever answer is lost', async () => {
    const { life } = await lead(dynamo);
    const { calls } = life;
    // A death after a call leaves what a death before the next one does: N calls have N + 1 moments to die at.
    const last = [{ plans: [{ at: calls.length - 1, fate: 'die-after' as const }] }];
    const deaths = [...lives(calls, 'die-before', () => true), ...last];
    const lost = lives(calls, 'lose-answer', ({ writes }) => writes);
    const { flaws, duplicates, processes } = await leadAll(dynamo, [...deaths, ...lost]);
    expect(flaws).toEqual([]);
    expect(duplicates).toBe(0);
    expect(processes).toBeGreaterThan(deaths.length * 2 - 2);
    console.log(
      `crash points: ${calls.length * 2} (before and after each of ${calls.length} calls, ` +
        `${deaths.length} different), lost answers of writes: ${lost.length}, duplicate broker orders: ${duplicates}`,
    );
  }, 120_000);

  it('are placed once each when processes die twice', async () => {
    const { life } = await lead(memory);
    const count = life.calls.length;
    const drawn = (run: number, what: string): number => Number.parseInt(hexOf(`${run}:${what}`), 16) % count;
    const twice = Array.from({ length: 60 }, (_, run) => {
      const first = drawn(run, 'first');
      // Near the first: what follows a death is the delicate part.
      const second = first + 1 + (drawn(run, 'second') % 20);
      const fates = ['die-before', 'die-after', 'lose-answer'] as const;
      const fateOf = (what: string) => fates[drawn(run, what) % 3] ?? 'die-before';
      return {
        plans: [
          { at: first, fate: fateOf('first fate') },
          { at: second, fate: fateOf('second fate') },
        ],
      };
    });
    const { flaws, duplicates } = await leadAll(memory, twice);
    expect(flaws).toEqual([]);
    expect(duplicates).toBe(0);
  }, 60_000);

  it('are placed once each when two consumers have the same message, wherever one of them dies', async () => {
    const { life, flaws } = await lead(dynamo, { consumers: 2 });
    expect(flaws).toEqual([]);
    const together = await leadAll(
      memory,
      lives(life.calls, 'die-before', ({ name }) => name !== 'tables: query books').map((one) => ({
        ...one,
        consumers: 2,
      })),
    );
    expect(together.flaws).toEqual([]);
    expect(together.duplicates).toBe(0);
  }, 60_000);
});

/** The first digits of a text's hash, as hexadecimal: chance from a seed. */
const hexOf = (text: string): string =>
  Buffer.from(contentId(['journey', text], 8))
    .toString('hex')
    .slice(0, 8);
