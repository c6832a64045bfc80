/** What an order costs is counted, held to a budget, and counted as the tables themselves count it. */
import { DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTables, startDynamoDb } from '#infra/local/emulators/dynamodb.ts';
import type { Emulator } from '#infra/local/emulators/emulator-process.ts';
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { writeItem } from '#shared/adapters/dynamodb/write-items.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import type { Item, ItemValue } from '#shared/core/kernel/item.ts';
import type { Tables, TransactWrite } from '#shared/ports/tables.ts';
import { WorldClock } from '#tests/journey/journey-world.ts';
import { type CountedCall, countedTables } from './counted-tables.ts';
import { CALLS_MAX, WRITE_UNITS_MAX } from './order-budget.ts';
import { countOrder } from './order-cost.ts';

const NAMES = {
  safety: 'cost-safety',
  orders: 'cost-orders',
  books: 'cost-books',
  market: 'cost-market',
  journal: 'cost-journal',
} as const;

describe('one order, from its claim to the fill in the books', () => {
  it('costs no more calls and write units than its budget', async () => {
    const cost = await countOrder(new MemoryTables({ clock: new WorldClock() }));
    console.log(
      `one order: ${cost.calls.length} calls and ${cost.writeUnitsInAll} write units from claim to filled, ` +
        `$${cost.dollars.toFixed(6)} from its lane to the fill`,
    );
    expect(cost.calls.length).toBeLessThanOrEqual(CALLS_MAX);
    expect(cost.writeUnitsInAll).toBeLessThanOrEqual(WRITE_UNITS_MAX);
    // Less would mean that something of the life was not seen.
    expect(cost.calls.filter((name) => name === 'broker: POST /v2/orders')).toHaveLength(1);
    expect(cost.calls.filter((name) => name === 'tables: transact').length).toBeGreaterThanOrEqual(4);
    expect(cost.writeUnitsInAll).toBeGreaterThan(WRITE_UNITS_MAX / 2);
  });
});

describe('write units, against what the tables themselves say they took', () => {
  let emulator: Emulator;
  let client: DynamoDBClient;
  let tables: Tables;
  const counted: CountedCall[] = [];

  beforeAll(async () => {
    emulator = await startDynamoDb();
    const config = {
      endpoint: emulator.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    };
    client = new DynamoDBClient(config);
    await createTables(client, NAMES);
    tables = openDynamoTables({ physicalNames: NAMES, pacing: systemPacing, client: config });
  });

  afterAll(async () => {
    client.destroy();
    await emulator.stop();
  });

  /** Writes once, and says what both counted. */
  async function both(writes: readonly TransactWrite[]): Promise<{ readonly ours: number; readonly theirs: number }> {
    counted.length = 0;
    let theirs = 0;
    const asked: Tables = {
      ...tables,
      get: (table, key, options) => tables.get(table, key, options),
      async transact(all) {
        const answer = await client.send(
          new TransactWriteItemsCommand({
            TransactItems: all.map((write) => writeItem(write, NAMES[write.table])),
            ReturnConsumedCapacity: 'INDEXES',
          }),
        );
        theirs = (answer.ConsumedCapacity ?? []).reduce((sum, one) => sum + (one.WriteCapacityUnits ?? 0), 0);
        return { ok: true };
      },
    };
    await countedTables(asked, (call) => void counted.push(call)).transact(writes);
    const ours = counted
      .flatMap(({ writes: costs }) => costs)
      .reduce((sum, { itemUnits, indexUnits }) => sum + itemUnits + indexUnits, 0);
    return { ours, theirs };
  }

  const text = (size: number): ItemValue => ({ S: 'x'.repeat(size) });
  const key = (pk: string) => ({ pk, sk: 'row' });
  const put = (table: 'orders' | 'journal' | 'safety', pk: string, attributes: Item): TransactWrite => ({
    kind: 'put',
    table,
    item: { pk: { S: pk }, sk: { S: 'row' }, ...attributes },
    conditions: [],
  });
  const entry = { correlationId: { S: 'c' }, day: { S: '2026-03-09' }, occurredKey: { S: 'k' } };

  it.each([200, 1_100, 5_000])('agrees on items of %i bytes, with and without indexes', async (size) => {
    const pk = `size-${size}`;
    const first = await both([
      put('orders', pk, { body: text(size), brokerOrderId: { S: `b-${size}` }, n: { N: '123.4567' } }),
      put('journal', pk, { body: text(size), ...entry }),
      put('safety', pk, { list: { L: [{ BOOL: true }, { M: { deep: text(size) } }] } }),
    ]);
    expect(first.ours).toBe(first.theirs);
    const second = await both([
      { kind: 'check', table: 'safety', key: key(pk), conditions: [{ name: 'there', test: { op: 'exists' } }] },
      { kind: 'update', table: 'orders', key: key(pk), set: { state: { S: 'filled' } }, conditions: [] },
      { kind: 'delete', table: 'journal', key: key(pk), conditions: [] },
    ]);
    expect(second.ours).toBe(second.theirs);
  });

  it('agrees where a row comes into an index, moves in it and leaves it', async () => {
    const update = (more: Partial<Extract<TransactWrite, { kind: 'update' }>>): TransactWrite => ({
      kind: 'update',
      table: 'orders',
      key: key('moves'),
      conditions: [],
      ...more,
    });
    for (const write of [
      put('orders', 'moves', { body: text(10) }),
      update({ set: { brokerOrderId: { S: 'b-1' } } }),
      update({ set: { brokerOrderId: { S: 'b-2' } } }),
      update({ remove: ['brokerOrderId'] }),
    ]) {
      const { ours, theirs } = await both([write]);
      expect(ours).toBe(theirs);
    }
  });
});
