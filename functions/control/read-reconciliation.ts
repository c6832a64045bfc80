/** How far reconciliation has come: its gate, its last pass, and what people asked of it. */
import type { FactData } from '#events/catalogue.ts';
import { aggregateOf } from '#events/fact.ts';
import { type EpochMs, formatEpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { type ControlDependencies, done, operation } from './operation.ts';
import { gateReference, reasonView } from './gate-view.ts';
import { SAFETY_SCHEMAS } from './safety-schemas.ts';

/** A pass as its report tells it. */
export interface LastPass {
  readonly data: FactData<'reconciliation.checked.v1'>;
  readonly startedAt: EpochMs;
  readonly endedAt: EpochMs;
}

/** Between two reports there are at most the requests and decisions of people. */
const FACTS_LOOKED_AT = 10;

/** The last pass, whole or not. */
export async function lastPassOf({
  journal,
  accountId,
}: Pick<ControlDependencies, 'journal' | 'accountId'>): Promise<LastPass | null> {
  const facts = await journal.latest(aggregateOf.reconciliation(accountId), FACTS_LOOKED_AT);
  const found = facts.find((fact) => fact.type === 'reconciliation.checked.v1');
  if (found === undefined || found.type !== 'reconciliation.checked.v1') return null;
  const { data, meta } = found;
  return { data, startedAt: parseEpochMs(data.startedAt), endedAt: parseEpochMs(meta.occurredAt) };
}

const timeOrNone = (at: EpochMs | null): string | null => (at === null ? null : formatEpochMs(at));

const passView = ({ data, startedAt, endedAt }: LastPass) => ({
  started_at: formatEpochMs(startedAt),
  ended_at: formatEpochMs(endedAt),
  duration_ms: endedAt - startedAt,
  complete: data.complete,
  failure: data.failure ?? null,
  orders_settled: data.ordersSettled,
  fills_booked: data.fillsBooked,
  orphans: data.orphans,
  differences: data.mismatches,
  broker_requests: data.requests ?? null,
});

export const getReconciliation = operation(SAFETY_SCHEMAS.getReconciliation, async (dependencies, call) => {
  const { safety, policies, reconciliations, accountId } = dependencies;
  const [{ account }, policy, mark, pass] = await Promise.all([
    safety.read(accountId),
    policies.active(accountId),
    reconciliations.mark(accountId),
    lastPassOf(dependencies),
  ]);
  const at = account?.reconciledAt ?? null;
  const gate =
    policy === null ? null : await safety.shutGate(accountId, 'entry', gateReference(dependencies, call.now, policy));
  const shut = gate !== null && gate.code.startsWith('reconciliation-') ? gate : null;
  return done({
    gate_open: at !== null && policy !== null && shut === null,
    shut_by: shut === null ? null : reasonView(shut),
    at: timeOrNone(at),
    age_ms: at === null ? null : call.now - at,
    session: account?.reconciledSession ?? null,
    build: account?.reconciledBuild ?? null,
    orders_seen_to: timeOrNone(mark?.ordersSeenTo ?? null),
    activities_seen_to: timeOrNone(mark?.activitiesSeenTo ?? null),
    last_pass: pass === null ? null : passView(pass),
    asked: (mark?.asked ?? []).map(({ requestId, backfill }) => ({
      request_id: requestId,
      backfill:
        backfill === null ? null : { after: formatEpochMs(backfill.after), until: formatEpochMs(backfill.until) },
    })),
    forced_until: timeOrNone(mark?.forcing?.until ?? null),
  });
});
