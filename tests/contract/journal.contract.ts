/** What every journal must do: append once, keep sequences, and give pages by aggregate, correlation and day. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Fact } from '#events/envelope.ts';
import { aggregateOf, makeFact } from '#events/fact.ts';
import { journalPuts } from '#shared/adapters/stores/journal-item.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { Bug } from '#shared/core/kernel/fault.ts';
import { addMs, type EpochMs, formatEpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import type { Journal } from '#shared/ports/journal.ts';
import type { Tables } from '#shared/ports/tables.ts';

let names = 0;

export function describeJournal(name: string, open: () => Promise<Tables>): void {
  describe(`journal over ${name}`, () => {
    let tables: Tables;
    let journal: Journal;
    /** Of this test alone: the tables keep what others wrote. */
    let own: string;
    let at: EpochMs;

    beforeEach(async () => {
      tables = await open();
      journal = journalStore(tables);
      names += 1;
      own = `journal-${names}`;
      at = addMs(parseEpochMs('2031-01-01T12:00:00Z'), names * 86_400_000);
    });

    const said = (symbol: string, sequence: number, laterMs = 0, message = 'x'): Fact =>
      makeFact(
        'quarantine.set.v1',
        {
          room: 'reconcile',
          aggregateId: aggregateOf.book(own, symbol),
          sequence,
          occurredAt: addMs(at, laterMs),
          correlationId: own,
          causationId: null,
        },
        { accountId: own, symbol, reason: { code: 'x', message, context: {} } },
      );

    const numbers = (facts: readonly Fact[]) => facts.map(({ meta }) => meta.sequence);

    it('gives back what was appended, in sequence, and nothing twice', async () => {
      const facts = [said('KO', 1), said('KO', 2, 1), said('KO', 3, 2)];
      await journal.append(facts);
      await journal.append(facts);
      expect(await journal.byAggregate(aggregateOf.book(own, 'KO'))).toEqual(facts);
      expect(await journal.byAggregate(aggregateOf.book(own, 'PEP'))).toEqual([]);
    });

    it('refuses another fact at a place that is taken', async () => {
      await journal.append([said('KO', 1)]);
      const other = { ...said('KO', 1), type: 'quarantine.lifted.v1' as const };
      const lifted = makeFact(
        'quarantine.lifted.v1',
        {
          room: 'reconcile',
          aggregateId: aggregateOf.book(own, 'KO'),
          sequence: 1,
          occurredAt: at,
          correlationId: own,
          causationId: null,
        },
        { accountId: own, symbol: 'KO', by: 'ann', reason: { code: 'x', message: 'x', context: {} } },
      );
      expect(other.meta.sequence).toBe(lifted.meta.sequence);
      await expect(journal.append([lifted])).rejects.toBeInstanceOf(Bug);
    });

    it('finds facts by what they came of and by their day, whatever they happened to', async () => {
      const facts = [said('KO', 1), said('PEP', 1, 1), said('KO', 2, 2)];
      await journal.append(facts);
      expect(await journal.byCorrelation(own)).toEqual(facts);
      expect(await journal.byDay(formatEpochMs(at).slice(0, 10))).toEqual(facts);
    });

    it('gives the facts of one change together, however small the page', async () => {
      await tables.transact(journalPuts([said('KO', 1), said('KO', 2), said('KO', 3)]));
      await journal.append([said('KO', 4, 1)]);
      const first = await journal.page({ by: 'aggregate', value: aggregateOf.book(own, 'KO'), limit: 1 });
      expect(numbers(first.facts)).toEqual([1, 2, 3]);
      const after = first.end ?? '';
      const second = await journal.page({ by: 'aggregate', value: aggregateOf.book(own, 'KO'), limit: 5, after });
      expect([numbers(second.facts), second.end]).toEqual([[4], null]);
    });

    it.each(['aggregate', 'correlation', 'day'] as const)('pages by %s without a gap or a repeat', async (by) => {
      const facts = Array.from({ length: 7 }, (_, index) => said('KO', index + 1, index));
      await journal.append(facts);
      const value = { aggregate: aggregateOf.book(own, 'KO'), correlation: own, day: formatEpochMs(at).slice(0, 10) }[
        by
      ];
      const found: number[] = [];
      let after: string | null = null;
      do {
        const page: Awaited<ReturnType<Journal['page']>> = await journal.page(
          after === null ? { by, value, limit: 3 } : { by, value, limit: 3, after },
        );
        found.push(...numbers(page.facts));
        after = page.end;
      } while (after !== null);
      expect(found).toEqual([1, 2, 3, 4, 5, 6, 7]);
    });

    it('gives the last facts first', async () => {
      await journal.append([said('KO', 1), said('KO', 2, 1), said('KO', 3, 2)]);
      expect(numbers(await journal.latest(aggregateOf.book(own, 'KO'), 2))).toEqual([3, 2]);
    });
  });
}
