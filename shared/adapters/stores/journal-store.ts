/** The journal over its table. */
import type { AnyFact } from '#events/catalogue.ts';
import { ItemReader } from '#shared/adapters/stores/attributes.ts';
import { factsOfItem, journalPut } from '#shared/adapters/stores/journal-item.ts';
import { Bug } from '#shared/core/kernel/fault.ts';
import type { Journal, JournalPageRequest } from '#shared/ports/journal.ts';
import type { QueryRequest, Tables } from '#shared/ports/tables.ts';

/** The partition of a page, and the attribute that it is sorted by. */
function partitionOf({ by, value }: JournalPageRequest): { readonly request: QueryRequest; readonly sortKey: string } {
  switch (by) {
    case 'aggregate':
      return { request: { table: 'journal', partition: value }, sortKey: 'sk' };
    case 'correlation':
      return { request: { table: 'journal', index: 'by-correlation', partition: value }, sortKey: 'occurredKey' };
    case 'day':
      return { request: { table: 'journal', index: 'by-day', partition: value }, sortKey: 'occurredKey' };
  }
}

/** The least text behind another one. */
const behind = (key: string): string => `${key}\u0000`;

export function journalStore(tables: Tables): Journal {
  const readAll = async (request: QueryRequest): Promise<readonly AnyFact[]> => {
    const facts: AnyFact[] = [];
    let cursor: string | null = null;
    do {
      const page = await tables.query(cursor === null ? request : { ...request, cursor });
      facts.push(...page.items.flatMap(factsOfItem));
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
        if (there !== null && factsOfItem(there)[0]?.meta.eventId === fact.meta.eventId) continue;
        throw new Bug(`another fact stands at ${fact.meta.aggregateId} ${fact.meta.sequence}`);
      }
    },
    async page(asked) {
      const { request, sortKey } = partitionOf(asked);
      const { after, limit } = asked;
      const page = await tables.query({
        ...request,
        limit,
        ...(after === undefined ? {} : { from: behind(after) }),
      });
      const last = page.items.at(-1);
      const end =
        last === undefined || page.cursor === null ? null : new ItemReader(last, 'journal entry').text(sortKey);
      return { facts: page.items.flatMap(factsOfItem), end };
    },
    async latest(aggregateId, limit) {
      const page = await tables.query({ table: 'journal', partition: aggregateId, newestFirst: true, limit });
      return page.items.flatMap((item) => factsOfItem(item).toReversed());
    },
    byAggregate: (aggregateId) => readAll({ table: 'journal', partition: aggregateId }),
    byCorrelation: (correlationId) => readAll({ table: 'journal', index: 'by-correlation', partition: correlationId }),
    byDay: (day) => readAll({ table: 'journal', index: 'by-day', partition: day }),
  };
}
