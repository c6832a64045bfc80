import { describe, expect, it } from 'vitest';
import type { AnyFact } from '#events/catalogue.ts';
import { aggregateOf, makeFact } from '#events/fact.ts';
import { journalItem } from '#shared/adapters/stores/journal-item.ts';
import { parseEpochMs } from '#shared/core/kernel/instant.ts';
import { readJournal, refusalsByReason, sequenceGaps, unpublished } from './journal-check.ts';

const place = (symbol: string, sequence: number, second: number) => ({
  room: 'protect' as const,
  aggregateId: aggregateOf.book('dev-1', symbol),
  sequence,
  occurredAt: parseEpochMs(`2018-02-07T14:35:0${second}Z`),
  correlationId: 'c-1',
  causationId: null,
});

const lifted = (symbol: string, sequence: number, second = 0): AnyFact =>
  makeFact('quarantine.lifted.v1', place(symbol, sequence, second), {
    accountId: 'dev-1',
    symbol,
    by: 'ann',
    reason: { code: 'checked', message: 'Looked.', context: {} },
  });

const rejected = (code: string, sequence: number): AnyFact =>
  makeFact(
    'signal.rejected.v1',
    { ...place('AAPL', sequence, 0), room: 'orchestrate', aggregateId: aggregateOf.run('r-1') },
    {
      accountId: 'dev-1',
      runId: 'r-1',
      strategyId: 'ma-crossover',
      symbol: 'AAPL',
      kind: 'entry',
      asOf: '2018-02-06',
      stage: 'risk',
      reason: { code, message: 'No.', context: {} },
    },
  );

describe('the journal of a run', () => {
  it('is read in the order in which things happened', () => {
    const facts = [lifted('MSFT', 1, 2), lifted('AAPL', 2, 1), lifted('AAPL', 1, 1)];
    const read = readJournal(facts.map(journalItem));
    expect(read.map(({ meta }) => `${meta.aggregateId}#${meta.sequence}`)).toEqual([
      'book:dev-1:AAPL#1',
      'book:dev-1:AAPL#2',
      'book:dev-1:MSFT#1',
    ]);
  });

  it('shows where a sequence has a hole, and only there', () => {
    expect(sequenceGaps([lifted('AAPL', 1), lifted('AAPL', 2), lifted('MSFT', 1)])).toEqual([]);
    expect(sequenceGaps([lifted('AAPL', 2), lifted('MSFT', 1), lifted('MSFT', 3)])).toEqual([
      'the facts of book:dev-1:AAPL lack number 1',
      'the facts of book:dev-1:MSFT lack number 2',
    ]);
  });

  it('shows the facts that never came to the bus', () => {
    const [first, second] = [lifted('AAPL', 1), lifted('AAPL', 2)];
    expect(unpublished([first, second], new Set([first.meta.eventId]))).toEqual([second]);
  });

  it('counts refusals by their reason, the most frequent first', () => {
    const facts = [
      rejected('risk-b', 1),
      rejected('risk-a', 2),
      rejected('risk-c', 3),
      rejected('risk-c', 4),
      lifted('AAPL', 1),
    ];
    expect([...refusalsByReason(facts)]).toEqual([
      ['risk-c', 2],
      ['risk-a', 1],
      ['risk-b', 1],
    ]);
  });
});
