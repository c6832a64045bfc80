/**
 * Kills the sender and the reconciler at every call that they make to the outside, on the real adapters: whatever the
 * moment, each decision is one order at the broker, the books are the broker's, and nothing stays reserved.
 *
 * An exit makes many calls: a test run kills it at every few of them, `npm run crash` at each.
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
import { duplicatesIn, flawsOf, soldBy } from './flaws.ts';
import { interceptFetch, type JourneyWorld, openWorld, saveMarket, WorldClock } from './journey-world.ts';
import { type Life, type LifeOptions, liveEntry, liveExit, SHARES } from './order-life.ts';
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
const EVERY_POINT = process.env['BELAY_EVERY_CRASH_POINT'] === '1';
/** The calls of an exit that a test run kills it at: a prime, so that all kinds of calls come up. */
const EXIT_STRIDE = EVERY_POINT ? 1 : 7;
const TIMEOUT_MS = EVERY_POINT ? 1_800_000 : 120_000;

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

interface Outcome {
  readonly life: Life;
  readonly flaws: readonly string[];
  readonly duplicates: number;
}

type Lead = (world: JourneyWorld, options: LifeOptions) => Promise<Pick<Outcome, 'life' | 'flaws'>>;

const buy: Lead = async (world, options) => {
  const life = await liveEntry(world, options);
  return { life, flaws: await flawsOf(world, life, { filled: [life.entry] }) };
};

/** One order sells all of it, once, after the stop has gone; the exit is over. */
const close: Lead = async (world, options) => {
  const life = await liveExit(world, options);
  const sold = soldBy(world);
  const flaws = sold.length === 1 ? [] : [`${sold.length} orders sold the ${SHARES} units`];
  const expected = { filled: [life.entry, ...sold], canceled: [life.stop] };
  return { life, flaws: [...flaws, ...(await flawsOf(world, life, expected))] };
};

/** Leads one life in a world of its own. */
async function leadOne(lead: Lead, tables: Tables, options: LifeOptions = {}): Promise<Outcome> {
  worlds += 1;
  const world = await openWorld(tables, `journey-${worlds}`);
  try {
    return { ...(await lead(world, options)), duplicates: duplicatesIn(world) };
  } finally {
    await world.close();
  }
}

/** What went wrong where, one line each; and how many orders were placed twice. */
async function leadAll(
  lead: Lead,
  tables: Tables,
  all: readonly LifeOptions[],
): Promise<{ readonly flaws: readonly string[]; readonly duplicates: number; readonly processes: number }> {
  const queue = [...all];
  const flaws: string[] = [];
  let [duplicates, processes] = [0, 0];
  const worker = async (): Promise<void> => {
    for (let options = queue.shift(); options !== undefined; options = queue.shift()) {
      const outcome = await leadOne(lead, tables, options);
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

const each = <T>(all: readonly T[], stride: number): readonly T[] => all.filter((_, index) => index % stride === 0);

/** Dies at every call, and loses the answer of every write. */
async function dieEverywhere(what: string, lead: Lead, stride: number) {
  const { calls } = (await leadOne(lead, dynamo)).life;
  // A death after a call leaves what a death before the next one does: N calls have N + 1 moments to die at.
  const last = [{ plans: [{ at: calls.length - 1, fate: 'die-after' as const }] }];
  const deaths = [
    ...each(
      lives(calls, 'die-before', () => true),
      stride,
    ),
    ...last,
  ];
  const lost = each(
    lives(calls, 'lose-answer', ({ writes }) => writes),
    stride,
  );
  const { flaws, duplicates, processes } = await leadAll(lead, dynamo, [...deaths, ...lost]);
  console.log(
    `${what}: ${calls.length} calls, ${calls.length * 2} crash points before and after each ` +
      `(${calls.length + 1} different, ${deaths.length} led), lost answers of writes: ${lost.length}, ` +
      `duplicate broker orders: ${duplicates}`,
  );
  return { flaws, duplicates, deaths: deaths.length, processes };
}

/** Lives that die twice, the second time near the first: what follows a death is the delicate part. */
function dyingTwice(count: number, runs: number): readonly LifeOptions[] {
  const drawn = (run: number, what: string): number => Number.parseInt(hexOf(`${run}:${what}`), 16) % count;
  const fates = ['die-before', 'die-after', 'lose-answer'] as const;
  return Array.from({ length: runs }, (_, run) => {
    const first = drawn(run, 'first');
    const second = first + 1 + (drawn(run, 'second') % 20);
    const fateOf = (what: string) => fates[drawn(run, what) % 3] ?? 'die-before';
    return {
      plans: [
        { at: first, fate: fateOf('first fate') },
        { at: second, fate: fateOf('second fate') },
      ],
    };
  });
}

describe.each([
  ['an entry', buy, 1, 20],
  ['an exit with a stop at the broker', close, EXIT_STRIDE, 12],
] as const)('%s', (what, lead, stride, twice) => {
  it('is placed once when nobody dies', async () => {
    const { life, flaws } = await leadOne(lead, dynamo);
    expect(flaws).toEqual([]);
    expect(life.processes).toBe(1);
    expect(life.calls.filter(({ name }) => name === 'broker: POST /v2/orders')).toHaveLength(1);
  });

  it(
    'is placed once wherever the process dies, and whichever answer is lost',
    async () => {
      const { flaws, duplicates, deaths, processes } = await dieEverywhere(what, lead, stride);
      expect(flaws).toEqual([]);
      expect(duplicates).toBe(0);
      // Each death was followed by another process.
      expect(processes).toBeGreaterThan(deaths * 2 - 2);
    },
    TIMEOUT_MS,
  );

  it(
    'is placed once when processes die twice',
    async () => {
      const { life } = await leadOne(lead, memory);
      const { flaws, duplicates } = await leadAll(lead, memory, dyingTwice(life.calls.length, twice));
      expect(flaws).toEqual([]);
      expect(duplicates).toBe(0);
    },
    TIMEOUT_MS,
  );

  it(
    'is placed once when two consumers have the same message, wherever one of them dies',
    async () => {
      const { life, flaws } = await leadOne(lead, dynamo, { consumers: 2 });
      expect(flaws).toEqual([]);
      const deaths = each(
        lives(life.calls, 'die-before', () => true),
        EVERY_POINT ? 1 : stride * 3,
      );
      const together = await leadAll(
        lead,
        memory,
        deaths.map((one) => ({ ...one, consumers: 2 })),
      );
      expect(together.flaws).toEqual([]);
      expect(together.duplicates).toBe(0);
    },
    TIMEOUT_MS,
  );
});

/** The first digits of a text's hash, as hexadecimal: chance from a seed. */
const hexOf = (text: string): string =>
  Buffer.from(contentId(['journey', text], 8))
    .toString('hex')
    .slice(0, 8);
