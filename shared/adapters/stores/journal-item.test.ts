import { describe, expect, it } from 'vitest';
import { aggregateOf, makeFact } from '#events/fact.ts';
import { factsOfItem, journalItem } from '#shared/adapters/stores/journal-item.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';

const factOf = (sequence: number, message = 'x', correlationId = 'c-1') =>
  makeFact(
    'quarantine.set.v1',
    {
      room: 'protect',
      aggregateId: aggregateOf.book('dev-1', 'KO'),
      sequence,
      occurredAt: epochMs(1_773_064_800_000),
      correlationId,
      causationId: null,
    },
    { accountId: 'dev-1', symbol: 'KO', reason: { code: 'x', message, context: {} } },
  );

describe('an item of the journal', () => {
  it('tells the same facts however often it is read, and another item its own', () => {
    const items = [factOf(1), factOf(2), factOf(1, 'y'), factOf(1, 'x', 'c-2')];
    for (let time = 0; time < 2; time += 1) {
      for (const fact of items) expect(factsOfItem(journalItem(fact))).toEqual([fact]);
    }
    expect(factsOfItem(journalItem(factOf(3)))).toBe(factsOfItem(journalItem(factOf(3))));
  });

  it('hands out facts that nobody can change', () => {
    const [fact] = factsOfItem(journalItem(factOf(1)));
    expect(Object.isFrozen(fact?.data) && Object.isFrozen(fact?.meta)).toBe(true);
    if (fact?.type !== 'quarantine.set.v1') throw new Error('expected the fact that was written');
    expect(Object.isFrozen(fact.data.reason.context)).toBe(true);
  });
});
