/** Facts as items of the journal: append-only, one item for the facts of one change of one aggregate. */
import { entriesOf, type EntryFacts, readEntry, writeEntry } from '#events/journal-entry.ts';
import type { AnyFact } from '#events/catalogue.ts';
import type { Fact } from '#events/envelope.ts';
import { ItemReader, text } from '#shared/adapters/stores/attributes.ts';
import { journalKey } from '#shared/adapters/stores/keys.ts';
import { frozen, TextMemory } from '#shared/adapters/stores/text-memory.ts';
import type { Item } from '#shared/core/kernel/item.ts';
import type { PutWrite } from '#shared/ports/tables.ts';

function entryItem(facts: EntryFacts): Item {
  const [{ meta }] = facts;
  const key = journalKey(meta.aggregateId, meta.sequence);
  return {
    pk: text(key.pk),
    sk: text(key.sk),
    correlationId: text(meta.correlationId),
    day: text(meta.occurredAt.slice(0, 10)),
    occurredKey: text(`${meta.occurredAt}#${meta.eventId}`),
    facts: text(writeEntry(facts)),
  };
}

export const journalItem = (fact: Fact): Item => entryItem([fact]);

/** The monitor reads the facts of its whole window each minute, and an entry never changes. */
const lately = new TextMemory<readonly AnyFact[]>(500);

/** @throws Fault `permanent` for an item that is no entry, ZodError for a fact that the catalogue does not know. */
export function factsOfItem(item: Item): readonly AnyFact[] {
  const reader = new ItemReader(item, 'journal entry');
  const [pk, sk, correlationId] = [reader.text('pk'), reader.text('sk'), reader.text('correlationId')];
  const facts = reader.text('facts');
  const name = `${pk.length} ${sk.length} ${correlationId.length} ${pk}${sk}${correlationId}${facts}`;
  return lately.read(name, () => frozen(readEntry({ aggregateId: pk, sequence: Number(sk), correlationId }, facts)));
}

const put = (facts: EntryFacts): PutWrite => ({
  kind: 'put',
  table: 'journal',
  item: entryItem(facts),
  conditions: [{ name: 'journal-sequence-free', test: { op: 'absent' } }],
});

/**
 * The one way into the journal: the sequence number must be free. Whoever writes several facts holds the aggregate by
 * its own version beside them, so that the numbers behind the first are free too, and the sequence stays gapless.
 */
export const journalPuts = (facts: readonly Fact[]): readonly PutWrite[] => entriesOf(facts).map(put);

export const journalPut = (fact: Fact): PutWrite => put([fact]);
