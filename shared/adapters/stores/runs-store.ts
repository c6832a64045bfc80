/** Run rows over the tables. */
import * as z from 'zod';
import { readCommand } from '#events/command.ts';
import { readFact } from '#events/fact.ts';
import { ItemReader, text, whole } from '#shared/adapters/stores/attributes.ts';
import { accountPartition, pendingSignalsKey, runKey, RUN_PREFIX } from '#shared/adapters/stores/keys.ts';
import { packRecords, unpackRecords } from '#shared/adapters/stores/signal-document.ts';
import { type AccountId, runId } from '#shared/core/kernel/identity.ts';
import { calendarDate, type EpochMs } from '#shared/core/kernel/instant.ts';
import { Bug } from '#shared/core/kernel/fault.ts';
import type { Condition, Item } from '#shared/core/kernel/item.ts';
import type { RunDecision, Runs, RunSlot, RunStart, UnfinishedRun } from '#shared/ports/runs.ts';
import type { Tables } from '#shared/ports/tables.ts';

/** More than a day has, and days without a run are none. */
const RUNS_LOOKED_AT = 20;
const RUN_STATES = ['leased', 'committed', 'completed'] as const;

const absent: Condition = { name: 'run-absent', test: { op: 'absent' } };
const leased: Condition = {
  name: 'run-leased',
  test: { op: 'equals', attribute: 'state', value: text('leased') },
};
const heldBy = (holder: string): Condition => ({
  name: 'lease-mine',
  test: { op: 'equals', attribute: 'leaseHolder', value: text(holder) },
});
const leaseOver = (now: number): Condition => ({
  name: 'lease-over',
  test: { op: 'below', attribute: 'leaseUntil', value: whole(now) },
});

const document = z.strictObject({ commands: z.array(z.unknown()), facts: z.array(z.unknown()) });

function readDecision(stored: string): RunDecision {
  const parsed = document.parse(JSON.parse(stored));
  return { commands: parsed.commands.map(readCommand), facts: parsed.facts.map(readFact) };
}

function rowOf(slot: RunSlot, lease: { readonly holder: string; readonly until: number }): Item {
  const key = runKey(slot.accountId, slot.runId);
  return {
    pk: text(key.pk),
    sk: text(key.sk),
    runId: text(slot.runId),
    slot: whole(slot.slot),
    session: text(slot.session),
    state: text('leased'),
    leaseHolder: text(lease.holder),
    leaseUntil: whole(lease.until),
  };
}

function unfinishedOf(accountId: AccountId, item: Item, now: EpochMs): readonly UnfinishedRun[] {
  const row = new ItemReader(item, 'run');
  if (row.oneOf('state', RUN_STATES) !== 'committed' || row.instant('leaseUntil') > now) return [];
  const slot = {
    accountId,
    runId: row.named('runId', runId),
    slot: row.instant('slot'),
    session: row.named('session', calendarDate),
  };
  return [{ slot, decision: readDecision(row.text('decision')) }];
}

export function runsStore(tables: Tables): Runs {
  return {
    async start(slot, lease): Promise<RunStart> {
      const item = rowOf(slot, lease);
      const taken = await tables.write({ kind: 'put', table: 'safety', item, conditions: [absent] });
      if (taken.ok) return { kind: 'decide' };
      const found = taken.failures[0]?.item ?? null;
      if (found === null) throw new Bug('a run row was refused though it is absent');
      const reader = new ItemReader(found, `run ${slot.runId}`);
      switch (reader.oneOf('state', RUN_STATES)) {
        case 'completed':
          return { kind: 'completed' };
        case 'committed':
          return { kind: 'resend', decision: readDecision(reader.text('decision')) };
        case 'leased': {
          const conditions = [leased, leaseOver(lease.now)];
          const over = await tables.write({ kind: 'put', table: 'safety', item, conditions });
          return over.ok ? { kind: 'decide' } : { kind: 'held' };
        }
      }
    },

    async pendingSignals(accountId) {
      const item = await tables.get('safety', pendingSignalsKey(accountId));
      return item === null ? [] : unpackRecords(new ItemReader(item, 'pending signals').bytes('records'));
    },

    async commit(slot, holder, decision, pending) {
      const { pk, sk } = pendingSignalsKey(slot.accountId);
      const outcome = await tables.transact([
        {
          kind: 'update',
          table: 'safety',
          key: runKey(slot.accountId, slot.runId),
          set: { state: text('committed'), decision: text(JSON.stringify(decision)) },
          conditions: [leased, heldBy(holder)],
        },
        {
          kind: 'put',
          table: 'safety',
          item: { pk: text(pk), sk: text(sk), runId: text(slot.runId), records: { B: packRecords(pending) } },
          conditions: [],
        },
      ]);
      return outcome.ok;
    },

    async unfinished(accountId, now) {
      const page = await tables.query({
        table: 'safety',
        partition: accountPartition(accountId),
        prefix: RUN_PREFIX,
        newestFirst: true,
        limit: RUNS_LOOKED_AT,
      });
      return page.items.flatMap((item) => unfinishedOf(accountId, item, now)).reverse();
    },

    async complete(slot) {
      const outcome = await tables.write({
        kind: 'update',
        table: 'safety',
        key: runKey(slot.accountId, slot.runId),
        set: { state: text('completed') },
        conditions: [{ name: 'run-exists', test: { op: 'exists' } }],
      });
      if (!outcome.ok) throw new Bug(`run ${slot.runId} has no row to complete`);
    },
  };
}
