/** What the facts of plans look like on the bus, for ever: a file for each version (UPDATE_GOLDENS=1 writes it). */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { aggregateOf, readFact } from '#events/fact.ts';
import type { AnyFact } from '#events/catalogue.ts';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { slicePlansStore } from '#shared/adapters/stores/slice-plans-store.ts';
import { wholeQuantity, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import type { SlicePlan } from '#shared/core/order/slice-plan.ts';
import { decideSlice, nextStep, type PlanChange, type SliceSight, stopPlan } from '#shared/core/order/slice-step.ts';
import { NOW, planFor } from './slice-house.ts';

const DIRECTORY = 'events/golden';
const TYPES = [
  'slice-plan.created.v1',
  'slice-plan.slice-sent.v1',
  'slice-plan.cancel-requested.v1',
  'slice-plan.slice-ended.v1',
  'slice-plan.ended.v1',
] as const;

const changeOf = (plan: SlicePlan, sight: SliceSight): PlanChange => {
  const step = nextStep(plan, sight, addMs(NOW, 2000));
  if (step.kind !== 'change') throw new Error(`expected a change, not ${step.kind}`);
  return step.change;
};

/** A plan whose first slice was refused while a person canceled the rest. */
async function factsOfLife(): Promise<readonly AnyFact[]> {
  const tables = new MemoryTables({ clock: new ManualClock(NOW) });
  const store = slicePlansStore(tables, 'slice');
  let { plan } = await store.make(planFor('golden-1', 10, 2), NOW);
  const save = async (change: PlanChange | null): Promise<void> => {
    if (change === null) throw new Error('nothing changed');
    const saved = await store.save(plan, change, addMs(NOW, 1000));
    if (saved === null) throw new Error('the plan moved');
    plan = saved;
  };
  const basis = { position: wholeQuantity(3), openQuantity: ZERO_QUANTITY };
  await save(decideSlice(plan, 0, { now: NOW, policyVersion: 7, decisionAgeMsMax: 60_000, basis }));
  const reason = { code: 'operator', message: 'changed my mind', context: {} };
  await save(stopPlan(plan, { kind: 'canceled', by: 'ada', reason, at: NOW }));
  const refused = { code: 'quote-stale', message: 'the quote is old', context: { actual: '9000', limit: '5000' } };
  await save(changeOf(plan, { order: null, refused }));
  await save(changeOf(plan, { order: null, refused: null }));
  return await journalStore(tables).byAggregate(aggregateOf.slicePlan(plan.parentId));
}

describe('the facts of a plan of slices', () => {
  it.each(TYPES)('look as they always did: %s', async (type) => {
    const fact = (await factsOfLife()).find((one) => one.type === type);
    const file = `${DIRECTORY}/${type}.json`;
    if (process.env['UPDATE_GOLDENS'] === '1') {
      mkdirSync(DIRECTORY, { recursive: true });
      writeFileSync(file, `${JSON.stringify(fact, null, 2)}\n`);
    }
    const golden: unknown = JSON.parse(readFileSync(file, 'utf8'));
    expect(fact).toEqual(golden);
    expect(readFact(golden)).toEqual(golden);
  });
});
