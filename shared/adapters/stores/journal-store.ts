/** The journal over its table. */
import { readFact } from '#events/fact.ts';
import type { AnyFact } from '#events/catalogue.ts';
import { ItemReader } from '#shared/adapters/stores/attributes.ts';
import { journalPut } from '#shared/adapters/stores/journal-item.ts';
import { Bug } from '#shared/core/kernel/fault.ts';
import type { Item } from '#shared/core/kernel/item.ts';
import type { Journal } from '#shared/ports/journal.ts';
import type { QueryRequest, Tables } from '#shared/ports/tables.ts';

/** @throws Fault `permanent` for an item without a fact, ZodError for a fact that the catalogue does not know. */
export const factOfItem = (item: Item): AnyFact =>
  readFact(JSON.parse(new ItemReader(item, 'journal entry').text('fact')));

export function journalStore(tables: Tables): Journal {
  const readAll = async (request: QueryRequest): Promise<readonly AnyFact[]> => {
    const facts: AnyFact[] = [];
    let cursor: string | null = null;
    do {
      const page = await tables.query(cursor === null ? request : { ...request, cursor });
      facts.push(...page.items.map(factOfItem));
      cursor = page.cursor;
    } while (cursor !== null);
    return facts;
  };

  return {
    async append(facts) {
      for (const fact of facts) {
        const outcome = await tables.write(journalPut(fact));
        if (outcome.ok) continue;
        const there = outcome.failures[0]?.item ?? null;
        if (there !== null && factOfItem(there).meta.eventId === fact.meta.eventId) continue;
        throw new Bug(`another fact stands at ${fact.meta.aggregateId} ${fact.meta.sequence}`);
      }
    },
    byAggregate: (aggregateId) => readAll({ table: 'journal', partition: aggregateId }),
    byCorrelation: (correlationId) => readAll({ table: 'journal', index: 'by-correlation', partition: correlationId }),
    byDay: (day) => readAll({ table: 'journal', index: 'by-day', partition: day }),
  };
}
