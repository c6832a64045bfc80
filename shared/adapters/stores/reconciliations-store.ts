/** Marks and reports of reconciliation over the tables. */
import type { Fact, Room } from '#events/envelope.ts';
import { aggregateOf, makeFact } from '#events/fact.ts';
import { ItemReader, text, whole } from '#shared/adapters/stores/attributes.ts';
import { journalPut } from '#shared/adapters/stores/journal-item.ts';
import { markKey } from '#shared/adapters/stores/keys.ts';
import { formatQuantity } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { AccountId } from '#shared/core/kernel/identity.ts';
import { type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import type { Condition, Item } from '#shared/core/kernel/item.ts';
import type { PassReport, ReconciliationMark, Reconciliations } from '#shared/ports/reconciliations.ts';
import type { Tables } from '#shared/ports/tables.ts';

const SWAP_ROUNDS_MAX = 20;
const MARK = 'RECONCILIATION';

function readMark(item: Item): ReconciliationMark {
  const reader = new ItemReader(item, 'reconciliation mark');
  return {
    ordersSeenTo: reader.instant('ordersSeenTo'),
    activitiesSeenTo: reader.instant('activitiesSeenTo'),
    version: reader.whole('version'),
    sequence: reader.whole('sequence'),
  };
}

const asSeen = (seen: ReconciliationMark | null): Condition =>
  seen === null
    ? { name: 'mark-absent', test: { op: 'absent' } }
    : { name: 'mark-version-changed', test: { op: 'equals', attribute: 'version', value: whole(seen.version) } };

function reportFact(room: Room, accountId: AccountId, report: PassReport, sequence: number, now: EpochMs): Fact {
  const place = {
    room,
    aggregateId: aggregateOf.reconciliation(accountId),
    sequence,
    occurredAt: now,
    correlationId: `reconcile:${accountId}:${report.startedAt}`,
    causationId: null,
  };
  return makeFact('reconciliation.checked.v1', place, {
    accountId,
    session: report.session,
    build: report.build,
    startedAt: formatEpochMs(report.startedAt),
    complete: report.complete,
    ordersSettled: report.ordersSettled,
    fillsBooked: report.fillsBooked,
    orphans: report.orphans,
    mismatches: report.differences.map((difference) => ({
      symbol: difference.ticker,
      ours: formatQuantity(difference.ours),
      broker: formatQuantity(difference.broker),
      cause: difference.cause,
    })),
  });
}

/** A mark that a pass which was not whole leaves behind, where there is none: everything is still to be seen. */
const NOTHING_SEEN = { ordersSeenTo: 0, activitiesSeenTo: 0 } as const;

export function reconciliationsStore(tables: Tables, room: Room): Reconciliations {
  const mark = async (accountId: AccountId): Promise<ReconciliationMark | null> => {
    const item = await tables.get('books', markKey(accountId, MARK));
    return item === null ? null : readMark(item);
  };

  return {
    mark,

    async record(accountId, report, now) {
      for (let round = 0; round < SWAP_ROUNDS_MAX; round += 1) {
        const seen = await mark(accountId);
        const sequence = (seen?.sequence ?? 0) + 1;
        const from = seen ?? NOTHING_SEEN;
        const seenTo = (known: number): number => (report.complete ? Math.max(known, report.startedAt) : known);
        const outcome = await tables.transact([
          {
            kind: 'update',
            table: 'books',
            key: markKey(accountId, MARK),
            set: {
              accountId: text(accountId),
              ordersSeenTo: whole(seenTo(from.ordersSeenTo)),
              activitiesSeenTo: whole(seenTo(from.activitiesSeenTo)),
              version: whole((seen?.version ?? 0) + 1),
              sequence: whole(sequence),
            },
            conditions: [asSeen(seen)],
          },
          journalPut(reportFact(room, accountId, report, sequence, now)),
        ]);
        if (outcome.ok) return;
      }
      throw new Fault('transient', 'mark-contended', `other passes over ${accountId} won every round`);
    },
  };
}
