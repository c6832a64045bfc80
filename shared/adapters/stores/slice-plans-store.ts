/** Plans of slices over the tables: one row a plan, changed by version together with its facts. */
import type { Room } from '#events/envelope.ts';
import { ItemReader, text, whole } from '#shared/adapters/stores/attributes.ts';
import { journalPuts } from '#shared/adapters/stores/journal-item.ts';
import { OPEN_PLAN_PREFIX, openSlicePlanKey, slicePlanKey, slicePlansPartition } from '#shared/adapters/stores/keys.ts';
import { slicePlanFacts } from '#shared/adapters/stores/slice-plan-facts.ts';
import { readSlicePlan, writeSlicePlan } from '#shared/adapters/stores/slice-plan-record.ts';
import { Bug, Fault } from '#shared/core/kernel/fault.ts';
import { type AccountId, type DecisionId, decisionId } from '#shared/core/kernel/identity.ts';
import type { Condition, Item } from '#shared/core/kernel/item.ts';
import { accountOf, type SlicePlan } from '#shared/core/order/slice-plan.ts';
import type { SlicePlans } from '#shared/ports/slice-plans.ts';
import type { Tables, TransactWrite } from '#shared/ports/tables.ts';

const absent: Condition = { name: 'plan-absent', test: { op: 'absent' } };
const versionIs = (version: number): Condition => ({
  name: 'plan-version-changed',
  test: { op: 'equals', attribute: 'version', value: whole(version) },
});

function planItem(plan: SlicePlan): Item {
  const key = slicePlanKey(accountOf(plan), plan.parentId);
  return {
    pk: text(key.pk),
    sk: text(key.sk),
    parentId: text(plan.parentId),
    version: whole(plan.version),
    plan: text(writeSlicePlan(plan)),
  };
}

function readPlan(item: Item): SlicePlan {
  const reader = new ItemReader(item, 'plan of slices');
  return reader.parsed('plan', reader.text('plan'), readSlicePlan);
}

/** @param room names who speaks in the facts. */
export function slicePlansStore(tables: Tables, room: Room): SlicePlans {
  const get = async (accountId: AccountId, parentId: DecisionId): Promise<SlicePlan | null> => {
    const item = await tables.get('safety', slicePlanKey(accountId, parentId));
    return item === null ? null : readPlan(item);
  };

  return {
    get,

    async make(plan, now) {
      const facts = slicePlanFacts(room, { plan, news: [{ kind: 'created' }] }, now);
      const made = { ...plan, sequence: plan.sequence + facts.length };
      const pointer = openSlicePlanKey(accountOf(plan), plan.parentId);
      const outcome = await tables.transact([
        { kind: 'put', table: 'safety', item: planItem(made), conditions: [absent] },
        {
          kind: 'put',
          table: 'safety',
          item: { pk: text(pointer.pk), sk: text(pointer.sk), parentId: text(plan.parentId) },
          conditions: [],
        },
        ...journalPuts(facts),
      ]);
      if (outcome.ok) return { made: true, plan: made };
      const found = await get(accountOf(plan), plan.parentId);
      if (found === null) throw new Bug(`plan ${plan.parentId} was refused though it is absent`);
      return { made: false, plan: found };
    },

    async open(accountId) {
      const ids: DecisionId[] = [];
      const partition = slicePlansPartition(accountId);
      let cursor: string | null = null;
      do {
        const page = await tables.query({
          table: 'safety',
          partition,
          prefix: OPEN_PLAN_PREFIX,
          ...(cursor === null ? {} : { cursor }),
        });
        ids.push(...page.items.map((item) => new ItemReader(item, 'open plan').named('parentId', decisionId)));
        cursor = page.cursor;
      } while (cursor !== null);
      const plans: SlicePlan[] = [];
      for (const id of ids) {
        const plan = await get(accountId, id);
        if (plan === null) throw new Fault('permanent', 'plan-missing', `plan ${id} is marked open and has no row`);
        if (plan.end === null) plans.push(plan);
      }
      return plans;
    },

    async save(before, change, now) {
      const facts = slicePlanFacts(room, change, now);
      const plan = { ...change.plan, version: before.version + 1, sequence: before.sequence + facts.length };
      const writes: TransactWrite[] = [
        { kind: 'put', table: 'safety', item: planItem(plan), conditions: [versionIs(before.version)] },
        ...journalPuts(facts),
      ];
      if (plan.end !== null) {
        const key = openSlicePlanKey(accountOf(plan), plan.parentId);
        writes.push({ kind: 'delete', table: 'safety', key, conditions: [] });
      }
      const outcome = await tables.transact(writes);
      return outcome.ok ? plan : null;
    },
  };
}
