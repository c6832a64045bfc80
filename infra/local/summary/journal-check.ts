/** The facts of a run: read from the journal, counted, and held to the law that their sequences have no gap. */
import type { AnyFact } from '#events/catalogue.ts';
import { factsOfItem } from '#shared/adapters/stores/journal-item.ts';
import type { Item } from '#shared/core/kernel/item.ts';

/** In the order in which they happened; facts of one instant by aggregate and sequence. */
export function readJournal(items: readonly Item[]): readonly AnyFact[] {
  const facts = items.flatMap(factsOfItem);
  const key = ({ meta }: AnyFact): string =>
    `${meta.occurredAt} ${meta.aggregateId} ${String(meta.sequence).padStart(12, '0')}`;
  return facts
    .map((fact) => ({ fact, sortKey: key(fact) }))
    .sort((a, b) => (a.sortKey < b.sortKey ? -1 : 1))
    .map(({ fact }) => fact);
}

/** One line for each aggregate whose sequence does not count from 1 without gaps. */
export function sequenceGaps(facts: readonly AnyFact[]): readonly string[] {
  const sequences = new Map<string, number[]>();
  for (const { meta } of facts) {
    const known = sequences.get(meta.aggregateId);
    if (known === undefined) sequences.set(meta.aggregateId, [meta.sequence]);
    else known.push(meta.sequence);
  }
  return [...sequences].flatMap(([aggregateId, found]) => {
    const sorted = found.sort((a, b) => a - b);
    const missing = sorted.findIndex((sequence, index) => sequence !== index + 1);
    return missing === -1 ? [] : [`the facts of ${aggregateId} lack number ${missing + 1}`];
  });
}

/** Facts of the journal that never came to the bus. */
export const unpublished = (facts: readonly AnyFact[], onBus: ReadonlySet<string>): readonly AnyFact[] =>
  facts.filter(({ meta }) => !onBus.has(meta.eventId));

/** How often each code was the reason of a signal or a command that ended without an order. */
export function refusalsByReason(facts: readonly AnyFact[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const fact of facts) {
    if (fact.type !== 'signal.rejected.v1' && fact.type !== 'order.refused.v1') continue;
    // A stop comes from no signal, and is asked for again until it rests.
    if (fact.type === 'order.refused.v1' && fact.data.purpose === 'protective-stop') continue;
    const { code } = fact.data.reason;
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return new Map([...counts].sort(([a, n], [b, m]) => (m === n ? (a < b ? -1 : 1) : m - n)));
}
