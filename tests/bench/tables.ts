/**
 * Benchmarks of the tables: the same three operations on the DynamoDB emulator by a bare HTTP request, by the SDK's
 * client, and by the adapter. What the adapter costs is its ratio to the bare request of the same run.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetItemCommand, TransactWriteItemsCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { Agent, request } from 'node:http';
import { Bench } from 'tinybench';
import { createTables, startDynamoDb } from '#infra/local/emulators/dynamodb.ts';
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import type { Condition, ItemKey } from '#shared/core/kernel/item.ts';
import type { Tables, TransactWrite, UpdateWrite } from '#shared/ports/tables.ts';

const NAMES = { safety: 'bench-safety', orders: 'bench-orders', books: 'bench-books', journal: 'bench-journal' };
const CREDENTIALS = { accessKeyId: 'bench', secretAccessKey: 'bench' };
const OPERATIONS = ['read', 'conditional update', 'transaction of four'] as const;

export interface TablesBench {
  /** Tasks "read: bare", "read: client", "read: adapter", and so on. */
  readonly bench: Bench;
  /** Once run: median latency of the client and of the adapter over that of the bare request, by operation. */
  ratios(): readonly { readonly operation: string; readonly client: number; readonly adapter: number }[];
  close(): Promise<void>;
}

/** Starts an emulator of its own, in memory. @param timeMs how long each task runs. */
export async function openTablesBench(timeMs: number): Promise<TablesBench> {
  const emulator = await startDynamoDb();
  const client = new DynamoDBClient({ endpoint: emulator.endpoint, region: 'us-east-1', credentials: CREDENTIALS });
  await createTables(client, NAMES);
  const tables = openDynamoTables({
    physicalNames: NAMES,
    pacing: systemPacing,
    client: { endpoint: emulator.endpoint, region: 'us-east-1', credentials: CREDENTIALS },
  });
  const agent = new Agent({ keepAlive: true });
  const bench = new Bench({ name: 'tables', time: timeMs, warmupTime: timeMs / 5, throws: true });
  for (const sk of ['flag', 'book']) await tables.write(putOf(sk));
  addBareTasks(bench, (target, body) => post(agent, emulator.endpoint, target, body));
  addClientTasks(bench, client);
  addAdapterTasks(bench, tables);
  return {
    bench,
    ratios: () => OPERATIONS.map((operation) => ratioOf(bench, operation)),
    async close() {
      agent.destroy();
      client.destroy();
      await emulator.stop();
    },
  };
}

const KEY: ItemKey = { pk: 'bench', sk: 'book' };
const WIRE_KEY = { pk: { S: 'bench' }, sk: { S: 'book' } };
const EXISTS: Condition = { name: 'row-exists', test: { op: 'exists' } };
const BELOW: Condition = { name: 'below-limit', test: { op: 'below', attribute: 'n', value: { N: '1000000000' } } };

const putOf = (sk: string) =>
  ({
    kind: 'put',
    table: sk === 'flag' ? 'safety' : 'books',
    item: { pk: { S: 'bench' }, sk: { S: sk }, n: { N: '0' } },
    conditions: [],
  }) as const;

const UPDATE: UpdateWrite = { kind: 'update', table: 'books', key: KEY, add: { n: '1' }, conditions: [EXISTS, BELOW] };

const wireUpdate = {
  TableName: NAMES.books,
  Key: WIRE_KEY,
  UpdateExpression: 'ADD #n :one',
  ConditionExpression: 'attribute_exists(#pk) AND #n < :limit',
  ExpressionAttributeNames: { '#n': 'n', '#pk': 'pk' },
  ExpressionAttributeValues: { ':one': { N: '1' }, ':limit': { N: '1000000000' } },
};

/** A claim in small: a check, an update, and two items that must be new. */
function wireTransaction(count: number) {
  const fresh = (table: string, sk: string) => ({
    Put: {
      TableName: table,
      Item: { pk: { S: `bench#${count}` }, sk: { S: sk } },
      ConditionExpression: 'attribute_not_exists(#pk)',
      ExpressionAttributeNames: { '#pk': 'pk' },
    },
  });
  const check = {
    TableName: NAMES.safety,
    Key: { pk: { S: 'bench' }, sk: { S: 'flag' } },
    ConditionExpression: 'attribute_exists(#pk)',
    ExpressionAttributeNames: { '#pk': 'pk' },
  };
  const writes = [{ ConditionCheck: check }, { Update: wireUpdate }];
  return [...writes, fresh(NAMES.orders, 'order'), fresh(NAMES.journal, 'fact')];
}

function transaction(count: number): readonly TransactWrite[] {
  const fresh = (table: 'orders' | 'journal', sk: string) =>
    ({
      kind: 'put',
      table,
      item: { pk: { S: `bench#${count}` }, sk: { S: sk } },
      conditions: [{ name: 'row-absent', test: { op: 'absent' } }],
    }) as const;
  const check = { kind: 'check', table: 'safety', key: { pk: 'bench', sk: 'flag' }, conditions: [EXISTS] } as const;
  return [check, UPDATE, fresh('orders', 'order'), fresh('journal', 'fact')];
}

/** Numbers transactions over all tasks, so that their items are new. */
let transactions = 0;
const next = (): number => {
  transactions += 1;
  return transactions;
};

function addBareTasks(bench: Bench, send: (target: string, body: unknown) => Promise<void>): void {
  bench
    .add('read: bare', () => send('GetItem', { TableName: NAMES.books, Key: WIRE_KEY, ConsistentRead: true }))
    .add('conditional update: bare', () => send('UpdateItem', wireUpdate))
    .add('transaction of four: bare', () => send('TransactWriteItems', { TransactItems: wireTransaction(next()) }));
}

function addClientTasks(bench: Bench, client: DynamoDBClient): void {
  const read = { TableName: NAMES.books, Key: WIRE_KEY, ConsistentRead: true };
  bench
    .add('read: client', () => client.send(new GetItemCommand(read)))
    .add('conditional update: client', () => client.send(new UpdateItemCommand(wireUpdate)))
    .add('transaction of four: client', () =>
      client.send(new TransactWriteItemsCommand({ TransactItems: wireTransaction(next()) })),
    );
}

function addAdapterTasks(bench: Bench, tables: Tables): void {
  bench
    .add('read: adapter', () => tables.get('books', KEY))
    .add('conditional update: adapter', () => tables.write(UPDATE))
    .add('transaction of four: adapter', () => tables.transact(transaction(next())));
}

function post(agent: Agent, endpoint: string, target: string, body: unknown): Promise<void> {
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const call = request(endpoint, {
      method: 'POST',
      agent,
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'content-length': Buffer.byteLength(text),
        'x-amz-target': `DynamoDB_20120810.${target}`,
        authorization:
          'AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
        'x-amz-date': '20260101T000000Z',
      },
    });
    call.once('error', reject);
    call.once('response', (answer) => {
      answer.resume();
      answer.once('end', () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`${target} was answered ${answer.statusCode}`));
      });
    });
    call.end(text);
  });
}

function ratioOf(bench: Bench, operation: string) {
  const medianMs = (who: string): number => {
    const result = bench.getTask(`${operation}: ${who}`)?.result;
    return result !== undefined && 'latency' in result ? result.latency.p50 : Number.NaN;
  };
  return { operation, client: medianMs('client') / medianMs('bare'), adapter: medianMs('adapter') / medianMs('bare') };
}
