/** Every way in which a submit can go wrong at the broker, on the way to an entry and on the way to its exit. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FaultSetting } from '#infra/local/alpaca/embedding.ts';
import type { FaultName } from '#infra/local/alpaca/fault-catalogue.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import type { OrderState } from '#shared/core/order/order.ts';
import { duplicatesIn, flawsOf, soldBy } from './flaws.ts';
import { interceptFetch, openWorld, saveMarket, WorldClock, type WorldOptions } from './journey-world.ts';
import { liveThrough } from './order-life.ts';

interface FaultCase {
  readonly faults: Readonly<Partial<Record<FaultName, FaultSetting>>>;
  /** How often the command is delivered before it is done; the lane gives it again after three minutes. */
  readonly deliveries: number | Readonly<Record<'entry' | 'exit', number>>;
  readonly world?: WorldOptions;
}

const ONCE: FaultSetting = { count: 1 };
const submitOnly = (more: Readonly<Record<string, string | number | boolean>>, count = 1): FaultSetting => ({
  count,
  parameters: { route: 'submit-order', ...more },
});

/** The order fills once, whatever it takes. */
const FILLED: Readonly<Record<string, FaultCase>> = {
  'the answer is lost': { faults: { 'drop-answer': ONCE }, deliveries: 1 },
  'the request is lost': { faults: { 'drop-request': ONCE }, deliveries: 1 },
  // By then the circuit is open: an entry waits on the lane, an exit goes on as its probe.
  'the request is lost again and again': {
    faults: { 'drop-request': { count: 3 } },
    deliveries: { entry: 2, exit: 1 },
  },
  'a 503 comes before anything is done': { faults: { 'error-before': submitOnly({ status: 503 }) }, deliveries: 1 },
  'a 500 in JSON comes after it was done': {
    faults: { 'error-after': submitOnly({ status: 500, html: false }) },
    deliveries: 1,
  },
  "a 504 in the proxy's HTML comes after it was done": { faults: { 'error-after': ONCE }, deliveries: 1 },
  'the answer is torn': { faults: { 'torn-answer': ONCE }, deliveries: 1 },
  'it is throttled for a second': { faults: { throttle: submitOnly({ retryAfterSeconds: 1 }) }, deliveries: 1 },
  'it is throttled without a word': { faults: { throttle: submitOnly({ retryAfterSeconds: 0 }, 2) }, deliveries: 1 },
  'it is throttled for longer than a function may run': {
    faults: { throttle: submitOnly({ retryAfterSeconds: 40 }) },
    deliveries: { entry: 2, exit: 1 },
  },
  'the answer is lost and the order hidden for a while': {
    faults: { 'drop-answer': ONCE, 'hide-lookup': { parameters: { ms: 4_000 } } },
    deliveries: 1,
  },
  'the order is hidden for longer than the sender waits': {
    faults: { 'drop-answer': ONCE, 'hide-lookup': { parameters: { ms: 100_000 } } },
    deliveries: 1,
  },
  'a hidden order meets its own repetition, which is answered with 409': {
    faults: { 'drop-answer': ONCE, 'hide-lookup': { parameters: { ms: 3_500 } }, 'duplicate-409': {} },
    deliveries: 1,
  },
  'lists and look-ups lack it for a while': {
    faults: {
      'drop-answer': ONCE,
      'hide-lookup': { parameters: { ms: 30_000 } },
      'hide-orders': { parameters: { ms: 30_000 } },
    },
    deliveries: 1,
  },
  'it fills before the answer': { faults: { 'fill-before-answer': ONCE }, deliveries: 1 },
  'the answer comes after the deadline': {
    faults: { 'slow-answer': { count: 1, parameters: { route: 'submit-order', ms: 250 } } },
    deliveries: 1,
    world: { brokerDeadlineMs: 120 },
  },
  'it is taken only after the deadline': {
    faults: { 'late-accept': { count: 1, parameters: { ms: 250 } } },
    deliveries: 1,
    world: { brokerDeadlineMs: 120 },
  },
  'its execution is told late': { faults: { 'activity-lag': { parameters: { ms: 90_000 } } }, deliveries: 1 },
  'statuses and fields are new': { faults: { 'unknown-status': {}, 'unknown-field': {} }, deliveries: 1 },
};

/** The order ends at the broker without a fill, and the house follows. */
const ENDED: Readonly<Record<string, FaultCase & { readonly state: OrderState; readonly atBroker: number }>> = {
  'it is taken and rejected afterwards': {
    faults: { 'async-reject': {} },
    deliveries: 1,
    state: 'rejected',
    atBroker: 1,
  },
  'it is taken, its answer lost, and rejected afterwards': {
    faults: { 'async-reject': {}, 'drop-answer': ONCE },
    deliveries: 1,
    state: 'rejected',
    atBroker: 1,
  },
};

let restore: () => void;
let tables: MemoryTables;
let worlds = 0;

beforeAll(() => {
  restore = interceptFetch();
});
afterAll(() => restore());
beforeEach(async () => {
  tables = new MemoryTables({ clock: new WorldClock() });
  await saveMarket(tables);
});

async function live(fault: FaultCase, phase: 'entry' | 'exit') {
  worlds += 1;
  const world = await openWorld(tables, `fault-${worlds}`, fault.world ?? {});
  const life = await liveThrough(world, {
    beforeEach(now) {
      world.simulator.faults.clearAll();
      if (now !== phase) return;
      for (const [name, setting] of Object.entries(fault.faults)) world.simulator.faults.set(name, setting);
    },
  });
  return { world, life };
}

const namesOf = <T>(cases: Readonly<Record<string, T>>): readonly (readonly [string, T])[] => Object.entries(cases);

describe.each(['entry', 'exit'] as const)('an order is placed and booked once as %s', (phase) => {
  it.each(namesOf(FILLED))('when %s', async (_, fault) => {
    const { world, life } = await live(fault, phase);
    const sold = soldBy(world);
    expect([life.exit === null, sold.length]).toEqual([false, 1]);
    expect(await flawsOf(world, life, { filled: [life.entry, ...sold] })).toEqual([]);
    expect(duplicatesIn(world)).toBe(0);
    const expected = typeof fault.deliveries === 'number' ? fault.deliveries : fault.deliveries[phase];
    expect(life.deliveries[phase]).toBe(expected);
    const struck = world.simulator.faults.active().filter(({ strikes }) => strikes > 0);
    expect(phase === 'exit' ? struck.length : 1).toBeGreaterThan(0);
    await world.close();
  });
});

describe('an order ends without a fill, and gives back what it had reserved', () => {
  it.each(namesOf(ENDED))('when %s', async (_, fault) => {
    const { world, life } = await live(fault, 'entry');
    expect([life.rows.get(life.entry)?.state, life.exit]).toEqual([fault.state, null]);
    expect(world.ledger().orders).toHaveLength(fault.atBroker);
    const flaws = await flawsOf(world, life, { filled: [] });
    expect(flaws.filter((flaw) => !flaw.endsWith('orders are at the broker'))).toEqual([]);
    await world.close();
  });
});
