/** The stream of the journal's table: the emulator's and the one in memory tell the same changes, in the same order. */
import { describe, expect, it } from 'vitest';
import { StreamClient } from '#infra/local/streams/stream-client.ts';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { MemoryTableStream } from '#shared/adapters/memory/table-stream.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import type { Item, ItemKey } from '#shared/core/kernel/item.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { emulatedTables, openTablesAt, tableNames } from './emulated-tables.ts';

const keyOf = (pk: string, sk: string): ItemKey => ({ pk, sk });
const itemOf = (pk: string, sk: string, note: string): Item => ({ pk: { S: pk }, sk: { S: sk }, note: { S: note } });
const put = (pk: string, sk: string, note: string) =>
  ({ kind: 'put', table: 'journal', item: itemOf(pk, sk, note), conditions: [] }) as const;

/** Everything that a table's stream may have to tell of, and some of which it must not. */
async function happen(tables: Tables): Promise<void> {
  await tables.write(put('a', '1', 'first'));
  await tables.transact([put('a', '2', 'together'), put('b', '1', 'together')]);
  await tables.write({ ...put('a', '1', 'refused'), conditions: [{ name: 'absent', test: { op: 'absent' } }] });
  await tables.write(put('a', '1', 'changed'));
  await tables.write({ kind: 'put', table: 'books', item: itemOf('a', '1', 'elsewhere'), conditions: [] });
  await tables.transact([
    { kind: 'check', table: 'journal', key: keyOf('a', '1'), conditions: [{ name: 'there', test: { op: 'exists' } }] },
    put('b', '2', 'checked'),
  ]);
  await tables.write({ kind: 'delete', table: 'journal', key: keyOf('b', '1'), conditions: [] });
}

/** Of each partition, what happened in which order. */
const TOLD = {
  a: ['INSERT 1', 'INSERT 2', 'MODIFY 1'],
  b: ['INSERT 1', 'INSERT 2', 'REMOVE 1'],
};

function byPartition(changes: readonly { readonly kind: string; readonly key: ItemKey }[]) {
  const told: Record<string, string[]> = {};
  for (const { kind, key } of changes) (told[key.pk] ??= []).push(`${kind} ${key.sk}`);
  return told;
}

const emulated = emulatedTables();

describe('the stream of the journal', () => {
  it('tells each change of the emulator once, in the order of its partition', async () => {
    const prefix = 'stream';
    await happen(await openTablesAt(emulated.endpoint(), prefix));
    const stream = await StreamClient.open(emulated.endpoint(), tableNames(prefix).journal, null);
    const records = await stream.read(100);
    const textAt = (keys: unknown, name: string): string => {
      const key: unknown = typeof keys === 'object' && keys !== null ? Reflect.get(keys, name) : null;
      return typeof key === 'object' && key !== null ? String(Reflect.get(key, 'S')) : '';
    };
    const changes = records.map(({ eventName, dynamodb }) => ({
      kind: eventName,
      key: keyOf(textAt(dynamodb['Keys'], 'pk'), textAt(dynamodb['Keys'], 'sk')),
    }));
    expect(byPartition(changes)).toEqual(TOLD);
  });

  it.each([1, 3])('tells the same in memory, in %i shards, again and again from any place', async (shards) => {
    const stream = new MemoryTableStream('journal', shards);
    await happen(
      new MemoryTables({ clock: new ManualClock(epochMs(0)), onCommit: (changes) => stream.append(changes) }),
    );
    const all = Array.from({ length: shards }, (_, shard) => stream.read(shard, null, 100));
    expect(byPartition(all.flat())).toEqual(TOLD);
    for (const [shard, changes] of all.entries()) {
      expect(changes.map(({ sequenceNumber }) => sequenceNumber)).toEqual(
        changes.map(({ sequenceNumber }) => sequenceNumber).toSorted(),
      );
      const [first] = changes;
      if (first === undefined) continue;
      expect(stream.read(shard, first.sequenceNumber, 100)).toEqual(changes.slice(1));
      expect(stream.read(shard, null, 1)).toEqual([first]);
    }
  });

  // The service says so; the emulator tells of such a write all the same.
  it('does not tell in memory of a write that changes nothing', async () => {
    const stream = new MemoryTableStream('journal');
    const tables = new MemoryTables({
      clock: new ManualClock(epochMs(0)),
      onCommit: (changes) => stream.append(changes),
    });
    await tables.write(put('a', '1', 'first'));
    await tables.write(put('a', '1', 'first'));
    expect(stream.read(0, null, 10)).toHaveLength(1);
  });

  it('is not there for a table that has none', () => {
    expect(() => new MemoryTableStream('books')).toThrow('has no stream');
  });
});
