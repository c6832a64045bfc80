/** The journal: facts by what they belong to, and what became of a run's signals. */
import type { AnyFact } from '#events/catalogue.ts';
import { aggregateOf } from '#events/fact.ts';
import type { JournalPageRequest } from '#shared/ports/journal.ts';
import { done, notFound, operation, problemOutcome } from './operation.ts';
import { cursorOf, placeOf } from './page-cursor.ts';
import { READING_SCHEMAS } from './reading-schemas.ts';

export const factView = ({ type, room, meta, data }: AnyFact) => ({
  type,
  room,
  aggregate_id: meta.aggregateId,
  sequence: meta.sequence,
  occurred_at: meta.occurredAt,
  correlation_id: meta.correlationId,
  priority: meta.priority,
  data,
});

const PAGE_DEFAULT = 100;

interface JournalQuestion {
  readonly order?: string | undefined;
  readonly run?: string | undefined;
  readonly correlation?: string | undefined;
  readonly day?: string | undefined;
}

/** Null unless exactly one question is asked. */
function partitionOf(asked: JournalQuestion): Pick<JournalPageRequest, 'by' | 'value'> | null {
  const { order, run, correlation, day } = asked;
  const asks: readonly (Pick<JournalPageRequest, 'by' | 'value'> | null)[] = [
    order === undefined ? null : { by: 'aggregate', value: aggregateOf.order(order) },
    run === undefined ? null : { by: 'aggregate', value: aggregateOf.run(run) },
    correlation === undefined ? null : { by: 'correlation', value: correlation },
    day === undefined ? null : { by: 'day', value: day },
  ];
  const [first, second] = asks.filter((ask) => ask !== null);
  return first === undefined || second !== undefined ? null : first;
}

export const getJournal = operation(READING_SCHEMAS.getJournal, async ({ journal }, _call, { query }) => {
  const partition = partitionOf(query);
  if (partition === null) {
    const detail = 'expected exactly one of order, run, correlation and day';
    return problemOutcome(400, 'malformed', 'The request is malformed', detail, 'day');
  }
  const page = await journal.page({
    ...partition,
    limit: query.limit ?? PAGE_DEFAULT,
    ...(query.cursor === undefined ? {} : { after: placeOf(query.cursor) }),
  });
  return done({ facts: page.facts.map(factView), cursor: page.end === null ? null : cursorOf(page.end) });
});

/** What an order's facts came to, by its client order id: the last fact of each. */
function lastFactsByOrder(facts: readonly AnyFact[]): ReadonlyMap<string, string> {
  const last = new Map<string, AnyFact>();
  for (const fact of facts) {
    const { aggregateId, sequence } = fact.meta;
    const known = last.get(aggregateId);
    if (known === undefined || known.meta.sequence < sequence) last.set(aggregateId, fact);
  }
  return new Map([...last].map(([aggregateId, fact]) => [aggregateId, fact.type]));
}

type EntryFact = Extract<AnyFact, { readonly type: 'signal.rejected.v1' | 'intent.created.v1' }>;
const isEntry = (fact: AnyFact): fact is EntryFact =>
  fact.type === 'signal.rejected.v1' || fact.type === 'intent.created.v1';

function entryView(fact: EntryFact, fates: ReadonlyMap<string, string>) {
  const { strategyId, symbol, asOf } = fact.data;
  const ends = { strategy_id: strategyId, symbol, as_of: asOf };
  if (fact.type === 'signal.rejected.v1') {
    const { stage, reason } = fact.data;
    return { ...ends, outcome: 'refused' as const, stage, reason, client_order_id: null, order_fact: null };
  }
  const { clientOrderId } = fact.data;
  return {
    ...ends,
    outcome: 'ordered' as const,
    stage: null,
    reason: null,
    client_order_id: clientOrderId,
    order_fact: fates.get(aggregateOf.order(clientOrderId)) ?? null,
  };
}

export const getFunnel = operation(READING_SCHEMAS.getFunnel, async ({ journal }, _call, { params }) => {
  const [facts, related] = await Promise.all([
    journal.byAggregate(aggregateOf.run(params.run_id)),
    journal.byCorrelation(params.run_id),
  ]);
  const committed = facts.find((fact) => fact.type === 'run.committed.v1');
  if (committed === undefined || committed.type !== 'run.committed.v1') {
    return notFound('run-not-found', 'no run with this id has decided anything');
  }
  const fates = lastFactsByOrder(related);
  const entries = facts.filter(isEntry).map((fact) => entryView(fact, fates));
  const byStage: Record<string, number> = {};
  for (const { stage } of entries) if (stage !== null) byStage[stage] = (byStage[stage] ?? 0) + 1;
  const refused = entries.filter((entry) => entry.outcome === 'refused').length;
  return done({
    run_id: params.run_id,
    session: committed.data.session,
    policy_version: committed.data.policyVersion,
    raw: entries.length,
    refused,
    executed: entries.length - refused,
    refused_by_stage: byStage,
    completed: facts.some((fact) => fact.type === 'run.completed.v1'),
    entries,
  });
});
