import { describe, expect, it } from 'vitest';
import { aggregateOf, makeFact } from '#events/fact.ts';
import { entriesOf, readEntry, writeEntry } from '#events/journal-entry.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';

const at = (
  sequence: number,
  changes: Readonly<{ symbol?: string; later?: boolean; room?: 'protect' | 'control' }> = {},
) =>
  makeFact(
    'quarantine.set.v1',
    {
      room: changes.room ?? 'protect',
      aggregateId: aggregateOf.book('dev-1', changes.symbol ?? 'KO'),
      sequence,
      occurredAt: epochMs(1_773_064_800_000 + (changes.later === true ? 1 : 0)),
      correlationId: 'c-1',
      causationId: null,
    },
    {
      accountId: 'dev-1',
      symbol: changes.symbol ?? 'KO',
      reason: { code: 'x', message: `no ${sequence}`, context: {} },
    },
  );

describe('an entry of the journal', () => {
  it('gives back the very facts that it was made of', () => {
    const facts = [at(4), at(5), at(6)] as const;
    const place = { aggregateId: aggregateOf.book('dev-1', 'KO'), sequence: 4, correlationId: 'c-1' };
    expect(readEntry(place, writeEntry(facts))).toEqual(facts);
  });

  it('holds what happened at once to one thing, and nothing else', () => {
    const sequences = (...facts: Parameters<typeof entriesOf>[0]) =>
      entriesOf(facts).map((entry) => entry.map(({ meta }) => meta.sequence));
    expect(sequences(at(1), at(2), at(3))).toEqual([[1, 2, 3]]);
    expect(sequences(at(1), at(3))).toEqual([[1], [3]]);
    expect(sequences(at(1), at(2, { symbol: 'PEP' }))).toEqual([[1], [2]]);
    expect(sequences(at(1), at(2, { later: true }))).toEqual([[1], [2]]);
    expect(sequences(at(1), at(2, { room: 'control' }))).toEqual([[1], [2]]);
    expect(entriesOf([])).toEqual([]);
  });

  it.each([
    ['', 'Unexpected end'],
    ['{}', 'Invalid input'],
    ['{"room":"protect","at":"x","cause":null,"facts":[]}', 'Too small'],
    ['[1]', 'Invalid input'],
  ])('refuses %j', (text, why) => {
    expect(() => readEntry({ aggregateId: 'a', sequence: 1, correlationId: 'c' }, text)).toThrow(why);
  });

  it('refuses a fact that the catalogue does not know', () => {
    const text = writeEntry([at(1)]).replace('quarantine.set.v1', 'quarantine.set.v9');
    expect(() => readEntry({ aggregateId: 'a', sequence: 1, correlationId: 'c' }, text)).toThrow('Invalid');
  });
});
