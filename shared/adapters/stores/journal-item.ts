/** A fact as an item of the journal: append-only, one per sequence number. */
import type { Fact } from '#events/envelope.ts';
import { text } from '#shared/adapters/stores/attributes.ts';
import { journalKey } from '#shared/adapters/stores/keys.ts';
import type { Item } from '#shared/core/kernel/item.ts';
import type { PutWrite } from '#shared/ports/tables.ts';

export function journalItem(fact: Fact): Item {
  const key = journalKey(fact.meta.aggregateId, fact.meta.sequence);
  return {
    pk: text(key.pk),
    sk: text(key.sk),
    correlationId: text(fact.meta.correlationId),
    day: text(fact.meta.occurredAt.slice(0, 10)),
    occurredKey: text(`${fact.meta.occurredAt}#${fact.meta.eventId}`),
    fact: text(JSON.stringify(fact)),
  };
}

/** The one way into the journal: the sequence number must be free, which keeps the sequence gapless and unique. */
export const journalPut = (fact: Fact): PutWrite => ({
  kind: 'put',
  table: 'journal',
  item: journalItem(fact),
  conditions: [{ name: 'journal-sequence-free', test: { op: 'absent' } }],
});
