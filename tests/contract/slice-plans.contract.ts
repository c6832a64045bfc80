/** What the store of plans must do, whatever tables stand behind it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { aggregateOf } from '#events/fact.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { slicePlansStore } from '#shared/adapters/stores/slice-plans-store.ts';
import { formatQuantity, wholeQuantity, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import type { SlicePlan } from '#shared/core/order/slice-plan.ts';
import { decideSlice, nextStep, stopPlan } from '#shared/core/order/slice-step.ts';
import type { SlicePlans } from '#shared/ports/slice-plans.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { NOW, planFor } from '#tests/slice/slice-house.ts';

let accounts = 0;
const STOP = {
  kind: 'canceled',
  by: 'ada',
  reason: { code: 'operator', message: 'no more', context: { why: 'test' } },
  at: NOW,
} as const;

export function describeSlicePlans(name: string, open: () => Promise<Tables>): void {
  describe(`plans of slices over ${name}`, () => {
    let tables: Tables;
    let store: SlicePlans;
    let account: string;

    beforeEach(async () => {
      tables = await open();
      store = slicePlansStore(tables, 'slice');
      accounts += 1;
      account = `plans-${accounts}`;
    });

    const make = async (shares = 10): Promise<SlicePlan> => (await store.make(planFor(account, shares, 2), NOW)).plan;
    const decided = (plan: SlicePlan) =>
      decideSlice(plan, 0, {
        now: NOW,
        policyVersion: 3,
        decisionAgeMsMax: 60_000,
        basis: { position: wholeQuantity(2), openQuantity: ZERO_QUANTITY },
      });
    const factsOf = async (plan: SlicePlan) =>
      (await journalStore(tables).byAggregate(aggregateOf.slicePlan(plan.parentId))).map(({ type }) => type);

    it('make a plan once, and answer it again whatever comes under its name', async () => {
      const plan = await make();
      expect(plan.sequence).toBe(1);
      const other = { ...planFor(account, 10, 2), wishHash: 'another' };
      expect(await store.make(other, addMs(NOW, 1))).toEqual({ made: false, plan });
      expect(await factsOf(plan)).toEqual(['slice-plan.created.v1']);
    });

    it('read back what was written, to the last field', async () => {
      const plan = await make();
      const { parentId, terms } = plan;
      expect(await store.get(terms.accountId, parentId)).toEqual(plan);
      const saved = await store.save(plan, decided(plan), NOW);
      expect(saved).toEqual({ ...decided(plan).plan, version: 2, sequence: 2 });
      expect(await store.get(terms.accountId, parentId)).toEqual(saved);
      const stopped = stopPlan(saved ?? plan, STOP);
      const last = await store.save(saved ?? plan, stopped ?? decided(plan), NOW);
      expect(last?.stop).toEqual(STOP);
      expect(await store.get(terms.accountId, parentId)).toEqual(last);
    });

    it('know no plan that was not made', async () => {
      const { parentId, terms } = planFor(account, 99, 2);
      expect(await store.get(terms.accountId, parentId)).toBeNull();
      expect(await store.open(terms.accountId)).toEqual([]);
    });

    it('let one of two changes of the same plan through, with its facts', async () => {
      const plan = await make();
      const stop = stopPlan(plan, STOP) ?? decided(plan);
      const both = await Promise.all([store.save(plan, decided(plan), NOW), store.save(plan, stop, NOW)]);
      expect(both.filter((saved) => saved !== null)).toHaveLength(1);
      expect(await factsOf(plan)).toHaveLength(2);
      expect(await store.save(plan, decided(plan), NOW)).toBeNull();
    });

    it('let nobody write over a change that he has not seen, also one that tells nothing', async () => {
      const plan = await make();
      const silent = { plan: { ...plan, wakesMade: true }, news: [] };
      expect((await store.save(plan, silent, NOW))?.version).toBe(2);
      expect(await store.save(plan, silent, NOW)).toBeNull();
      expect((await store.get(plan.terms.accountId, plan.parentId))?.version).toBe(2);
    });

    it('list what is open, of one account alone, until it has ended', async () => {
      const [one, two] = [await make(10), await make(20)];
      const id = one.terms.accountId;
      const sizes = async () => (await store.open(id)).map(({ terms }) => formatQuantity(terms.size.quantity)).sort();
      expect(await sizes()).toEqual(['10', '20']);
      const step = nextStep(two, { order: null, refused: null }, addMs(NOW, 3_600_000));
      if (step.kind !== 'change') throw new Error(`expected its end, not ${step.kind}`);
      const ended = await store.save(two, step.change, addMs(NOW, 3_600_000));
      expect(ended?.end?.kind).toBe('expired');
      expect(await sizes()).toEqual(['10']);
      expect(await store.get(id, two.parentId)).toEqual(ended);
      expect(await factsOf(two)).toEqual(['slice-plan.created.v1', 'slice-plan.ended.v1']);
    });
  });
}
