import { describe, expect, it } from 'vitest';
import { Fault } from '#shared/core/kernel/fault.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import type { Item, ItemValue } from '#shared/core/kernel/item.ts';
import type { PutWrite, UpdateWrite, WriteOutcome } from '#shared/ports/tables.ts';
import { ManualClock } from './clock.ts';
import { MemoryTables, type MemoryTablesOptions, type TableAttempt, type TableDisturbance } from './tables.ts';

const KEY = { pk: 'account', sk: 'exposure' };
const open = (options: Partial<MemoryTablesOptions> = {}): MemoryTables =>
  new MemoryTables({ clock: new ManualClock(epochMs(0)), ...options });
const put = (sk: string, rest: Item = {}): PutWrite => ({
  kind: 'put',
  table: 'orders',
  item: { pk: { S: 'account' }, sk: { S: sk }, ...rest },
  conditions: [],
});
const addOne: UpdateWrite = { kind: 'update', table: 'orders', key: KEY, add: { n: '1' }, conditions: [] };
const countOf = (tables: MemoryTables): ItemValue | undefined => tables.items('orders')[0]?.['n'];

/** Disturbs the attempts in order; afterwards nothing. */
function script(...disturbances: readonly (TableDisturbance | null)[]): {
  readonly disturb: (attempt: TableAttempt) => TableDisturbance | null;
  readonly seen: TableAttempt[];
} {
  const seen: TableAttempt[] = [];
  return {
    seen,
    disturb: (attempt) => {
      seen.push(attempt);
      return disturbances[seen.length - 1] ?? null;
    },
  };
}

describe('memory tables: transactions at the same moment', () => {
  it('raise a conflict that ends transient when another holds the item for as long as it tries', async () => {
    const tables = open();
    const outcomes = await Promise.allSettled(Array.from({ length: 500 }, () => tables.transact([addOne])));
    const faults = outcomes.flatMap((outcome): unknown[] => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(faults.length).toBeGreaterThan(0);
    for (const fault of faults) expect(fault).toMatchObject({ kind: 'transient', code: 'tables-conflict' });
    expect(countOf(tables)).toEqual({ N: String(outcomes.length - faults.length) });
  });

  it('conflict with single writes too, never with reads', async () => {
    const { disturb, seen } = script();
    const tables = open({ disturb });
    const [transacted, written, read] = await Promise.all([
      tables.transact([addOne]),
      tables.write(addOne),
      tables.get('orders', KEY),
    ]);
    expect([transacted.ok, written.ok, read]).toEqual([true, true, null]);
    expect(seen.filter((attempt) => attempt.operation === 'write').length).toBeGreaterThan(1);
    expect(seen.filter((attempt) => attempt.operation === 'get')).toHaveLength(1);
    expect(countOf(tables)).toEqual({ N: '2' });
  });

  it('go the same way each time', async () => {
    const run = async (): Promise<unknown> => {
      const tables = open();
      const writers = Array.from(
        { length: 60 },
        (_, writer): Promise<WriteOutcome> => tables.transact([{ ...addOne, set: { writer: { N: String(writer) } } }]),
      );
      const outcomes = await Promise.allSettled(writers);
      return [outcomes.map(({ status }) => status), tables.items('orders')];
    };
    expect(await run()).toEqual(await run());
  });
});

describe('memory tables: disturbances', () => {
  it('are met by coming again, up to a limit', async () => {
    const { disturb, seen } = script('conflict', 'throttle', 'unreachable');
    const tables = open({ disturb });
    expect(await tables.transact([addOne])).toEqual({ ok: true });
    expect(seen.map(({ call, attempt }) => [call, attempt])).toEqual([
      [1, 1],
      [1, 2],
      [1, 3],
      [1, 4],
    ]);
    const throttled = open({ disturb: () => 'throttle' });
    await expect(throttled.get('orders', KEY)).rejects.toMatchObject({ kind: 'transient', code: 'tables-throttled' });
  });

  it('lose the answer of a write that happened, and of one that did not', async () => {
    const after = open(script('lost-after'));
    await expect(after.write(addOne)).rejects.toMatchObject({ kind: 'uncertain', code: 'tables-answer-lost' });
    expect(countOf(after)).toEqual({ N: '1' });
    const before = open(script('lost-before'));
    await expect(before.transact([addOne])).rejects.toBeInstanceOf(Fault);
    expect(before.items('orders')).toEqual([]);
  });
});

describe('memory tables: readers that lag', () => {
  it('show an index and an eventual read as they were some commits ago', async () => {
    const tables = open({ lagCommits: 1 });
    const index = { table: 'orders', index: 'by-broker-order', partition: 'b-1' } as const;
    await tables.write(put('one', { brokerOrderId: { S: 'b-1' } }));
    expect((await tables.query(index)).items).toEqual([]);
    expect((await tables.query({ table: 'orders', partition: 'account' })).items).toHaveLength(1);
    await tables.write(put('two'));
    expect((await tables.query(index)).items).toHaveLength(1);
    const remove = { kind: 'delete', table: 'orders', key: { pk: 'account', sk: 'one' }, conditions: [] } as const;
    await tables.write(remove);
    expect((await tables.query(index)).items).toHaveLength(1);
    expect(await tables.get('orders', remove.key)).toBeNull();
    expect(await tables.get('orders', remove.key, { consistency: 'eventual' })).not.toBeNull();
    await tables.write(put('three'));
    expect((await tables.query(index)).items).toEqual([]);
    expect(await tables.get('orders', remove.key, { consistency: 'eventual' })).toBeNull();
  });
});

describe('memory tables: tokens', () => {
  it('are forgotten after ten minutes', async () => {
    const clock = new ManualClock(epochMs(0));
    const tables = open({ clock });
    await tables.transact([addOne], { token: 't' });
    clock.moveBy(10 * 60_000);
    await tables.transact([addOne], { token: 't' });
    expect(countOf(tables)).toEqual({ N: '1' });
    clock.moveBy(1);
    await tables.transact([addOne], { token: 't' });
    expect(countOf(tables)).toEqual({ N: '2' });
  });
});

describe('memory tables: what is handed out', () => {
  it('is a snapshot: neither what was put nor what was read changes the table', async () => {
    const tables = open();
    const list: ItemValue[] = [{ N: '1' }];
    const raw = new Uint8Array([1]);
    await tables.write(put('one', { list: { L: list }, raw: { B: raw } }));
    const seen = await tables.get('orders', { pk: 'account', sk: 'one' });
    list.push({ N: '2' });
    raw[0] = 9;
    await tables.write({ ...addOne, key: { pk: 'account', sk: 'one' } });
    const expected = {
      pk: { S: 'account' },
      sk: { S: 'one' },
      list: { L: [{ N: '1' }] },
      raw: { B: new Uint8Array([1]) },
    };
    expect(seen).toEqual(expected);
    expect(await tables.get('orders', { pk: 'account', sk: 'one' })).toEqual({ ...expected, n: { N: '1' } });
    expect(Object.isFrozen(seen)).toBe(true);
  });
});
