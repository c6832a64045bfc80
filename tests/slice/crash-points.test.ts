/**
 * Kills the room that works slices at every call that it makes to the outside, and has its wakes come late, twice and
 * never: each slice is at the broker at most once, their sum is never above the parent, and the plan ends.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aggregateOf } from '#events/fact.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { slicePlansStore } from '#shared/adapters/stores/slice-plans-store.ts';
import { formatQuantity, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { countedOf, type SlicePlan } from '#shared/core/order/slice-plan.ts';
import { stopPlan, sumsOf } from '#shared/core/order/slice-step.ts';
import { interceptFetch, type JourneyWorld, openWorld, saveMarket, WorldClock } from '#tests/journey/journey-world.ts';
import type { CrashPlan } from '#tests/journey/outside-calls.ts';
import { leadPlan, type PlanLife, type PlanLifeOptions, SHARES } from './plan-life.ts';

let tables: MemoryTables;
let restore: () => void;
let worlds = 0;

beforeAll(async () => {
  restore = interceptFetch();
  tables = new MemoryTables({ clock: new WorldClock() });
  await saveMarket(tables);
});
afterAll(() => restore());

interface Lived extends PlanLife {
  readonly flaws: readonly string[];
  readonly atBroker: readonly { readonly id: string; readonly filled: number }[];
}

/** What is wrong with a life, whatever happened in it. */
async function flawsOf(world: JourneyWorld, { plan }: PlanLife): Promise<readonly string[]> {
  const flaws: string[] = [];
  const { orders } = world.ledger();
  const ids = orders.map(({ clientOrderId }) => clientOrderId);
  if (new Set(ids).size !== ids.length)
    flaws.push(`${ids.length} orders of ${new Set(ids).size} ids are at the broker`);
  const known = new Set<string>(plan.slices.flatMap(({ clientOrderId }) => clientOrderId ?? []));
  for (const id of ids) if (!known.has(id)) flaws.push(`order ${id} is of no slice`);
  const filled = orders.reduce((sum, order) => sum + Number(order.filledQuantity), 0);
  if (filled > SHARES) flaws.push(`${filled} shares were bought for a parent of ${SHARES}`);
  if (plan.end === null) flaws.push('the plan has not ended');
  if (formatQuantity(sumsOf(plan).filled) !== String(filled))
    flaws.push(`the plan counts ${formatQuantity(sumsOf(plan).filled)} of ${filled}`);
  const facts = await journalStore(world.tables).byAggregate(aggregateOf.slicePlan(plan.parentId));
  const gapless = facts.every(({ meta }, index) => meta.sequence === index + 1);
  if (!gapless || facts.length !== plan.sequence) flaws.push(`${facts.length} facts of ${plan.sequence} are told`);
  if (facts.filter(({ type }) => type === 'slice-plan.ended.v1').length !== 1) flaws.push('its end is not told once');
  const left = world.lane.counts();
  if (left.waiting + left.inFlight > 0) flaws.push('messages are left on the lane');
  return flaws;
}

async function live(options: PlanLifeOptions = {}, prepare?: (world: JourneyWorld) => PlanLifeOptions): Promise<Lived> {
  worlds += 1;
  const world = await openWorld(tables, `plans-${worlds}`);
  try {
    const life = await leadPlan(world, { ...options, ...prepare?.(world) });
    const atBroker = world.ledger().orders.map((order) => ({
      id: order.clientOrderId,
      filled: Number(order.filledQuantity),
    }));
    return { ...life, atBroker, flaws: await flawsOf(world, life) };
  } finally {
    await world.close();
  }
}

const statesOf = (plan: SlicePlan): readonly string[] => plan.slices.map(({ state }) => state);
const COMPLETED = { end: { kind: 'completed' } };

describe('a plan of slices', () => {
  it.each(['on-time', 'late', 'twice', 'never'] as const)(
    'is worked to its end when its wakes come %s',
    async (wakes) => {
      const { plan, flaws, atBroker } = await live({ wakes });
      expect(flaws).toEqual([]);
      expect(plan).toMatchObject(COMPLETED);
      expect(atBroker.map(({ filled }) => filled)).toEqual([3, 3, 4]);
    },
  );

  it('is worked to its end wherever the room dies, and whichever answer is lost', async () => {
    const { calls } = await live({ count: 2 });
    // A death after a call leaves what a death before the next one does: N calls have N + 1 moments to die at.
    const fates = calls.flatMap(({ writes }, at): readonly CrashPlan[] => [
      { at, fate: 'die-before' },
      ...(writes ? [{ at, fate: 'lose-answer' } as const] : []),
    ]);
    fates.push({ at: calls.length - 1, fate: 'die-after' });
    const flaws: string[] = [];
    let died = 0;
    for (const one of fates) {
      const life = await live({ plans: [one], count: 2 });
      const where = `${one.fate} ${one.at} (${life.calls[one.at]?.name ?? ''})`;
      const short = life.plan.end?.kind === 'completed' ? [] : [`ended ${life.plan.end?.kind ?? 'not at all'}`];
      flaws.push(...[...life.flaws, ...short].map((flaw) => `${where}: ${flaw}`));
      died += one.fate === 'lose-answer' ? 0 : 1;
    }
    expect(flaws).toEqual([]);
    expect(died).toBe(calls.length + 1);
    console.log(`plan: ${calls.length} outside calls, ${died} deaths, ${fates.length - died} lost answers`);
  }, 180_000);

  /** Lives in which the room dies before each call that changes something, and in which the answer of each is lost. */
  async function leadAll(options: PlanLifeOptions, isRight: (life: Lived) => boolean): Promise<readonly string[]> {
    const { calls } = await live(options);
    const points = calls.flatMap(({ writes }, at) => (writes ? [at] : []));
    const flaws: string[] = [];
    for (const one of points.flatMap((at): readonly CrashPlan[] => [
      { at, fate: 'die-before' },
      { at, fate: 'lose-answer' },
    ])) {
      const life = await live({ ...options, plans: [one] });
      const wrong = isRight(life)
        ? []
        : [`came to ${life.plan.end?.kind ?? 'no end'}, ${statesOf(life.plan).join(' ')}`];
      flaws.push(
        ...[...life.flaws, ...wrong].map((flaw) => `${one.fate} ${one.at} (${calls[one.at]?.name ?? ''}): ${flaw}`),
      );
    }
    console.log(`plan: ${points.length * 2} deaths and lost answers at ${points.length} writes`);
    return flaws;
  }

  it('cancels a slice that rests and makes up for it, wherever the room dies', async () => {
    const options = { count: 2, limitPrice: 'rests' };
    const { plan, atBroker } = await live(options);
    expect(plan.end?.kind).toBe('expired');
    expect(plan.slices.map(({ state, asked }) => [state, formatQuantity(asked)])).toEqual([
      ['ended', '5'],
      ['ended', '10'],
    ]);
    expect(atBroker.map(({ filled }) => filled)).toEqual([0, 0]);
    const isRight = (life: Lived): boolean => life.plan.end?.kind === 'expired' && life.atBroker.length <= 2;
    expect(await leadAll(options, isRight)).toEqual([]);
  }, 120_000);

  it('closes a slice whose command comes too late, which then is never sent, wherever the room dies', async () => {
    const options = { count: 2, deliversFrom: 6 };
    const { plan, atBroker } = await live(options);
    expect(plan.slices.map(({ state, reason }) => [state, reason?.code ?? null])).toEqual([
      ['refused', 'decision-stale'],
      ['ended', null],
    ]);
    expect(atBroker).toEqual([{ id: plan.slices[1]?.clientOrderId, filled: SHARES }]);
    const isRight = (life: Lived): boolean => life.atBroker.length === 1 && life.plan.end?.kind === 'completed';
    expect(await leadAll(options, isRight)).toEqual([]);
  }, 120_000);

  it('sends each slice once when two functions are woken at once', async () => {
    const { plan, flaws, atBroker } = await live({ together: 3, wakes: 'twice' });
    expect(flaws).toEqual([]);
    expect(plan).toMatchObject(COMPLETED);
    expect(atBroker).toHaveLength(3);
  });

  it('ends with its first slice when it is canceled after it', async () => {
    const { plan, flaws, atBroker } = await live({}, (world) => ({
      at: async (step, current) => {
        if (step !== 2) return;
        const reason = { code: 'operator', message: 'a test changed its mind', context: {} };
        const stop = stopPlan(current, { kind: 'canceled', by: 'ada', reason, at: world.clock.now() });
        if (stop === null) throw new Error('the plan had stopped already');
        await slicePlansStore(world.tables, 'control').save(current, stop, world.clock.now());
      },
    }));
    expect(flaws).toEqual([]);
    expect(plan.end).toMatchObject({ kind: 'canceled', reason: { code: 'operator' } });
    expect(statesOf(plan)).toEqual(['ended', 'missed', 'missed']);
    expect(atBroker.map(({ filled }) => filled)).toEqual([3]);
  });

  it('ends when a kill switch is engaged, also when no slice is due, and stays so when it is disengaged', async () => {
    const { plan, flaws, atBroker } = await live({}, (world) => ({
      at: async (step) => {
        const change = { scope: { kind: 'account' }, by: 'ada', reason: 'a test', correlationId: 'kill' } as const;
        const safety = safetyStore(world.tables, 'control');
        const now = world.clock.now();
        if (step === 2) await safety.engageKillSwitch(world.account, { ...change, now, cancels: 'all' });
        if (step === 3) await safety.disengageKillSwitch(world.account, { ...change, now });
      },
    }));
    expect(flaws).toEqual([]);
    expect(plan.end).toMatchObject({ kind: 'stopped', reason: { code: 'kill-switch-engaged' } });
    expect(atBroker).toHaveLength(1);
  });

  it('makes up for what a gate refuses, and drops what nobody can make up for', async () => {
    const { plan, flaws, atBroker } = await live({ limitPrice: '0.01' });
    expect(flaws).toEqual([]);
    // Far off the market: the collar refuses each slice at its own time.
    expect(plan.end?.kind).toBe('expired');
    expect(statesOf(plan)).toEqual(['refused', 'refused', 'refused']);
    expect(plan.slices.map(({ asked }) => formatQuantity(asked))).toEqual(['3', '6', '8']);
    expect(countedOf(plan)).toBe(0n);
    expect(sumsOf(plan).left).toBe(wholeQuantity(SHARES));
    expect(atBroker).toEqual([]);
  });
});
