/** What becomes of a call to the real tables when the wire, the service or the setting fails. */
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTables, startDynamoDb } from '#infra/local/emulators/dynamodb.ts';
import { type Emulator, freeLoopbackPort } from '#infra/local/emulators/emulator-process.ts';
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { memoryPacing, type RecordedPacing } from '#shared/adapters/memory/pacing.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { Tables, TransactWrite, UpdateWrite } from '#shared/ports/tables.ts';
import { CREDENTIALS } from './emulated-tables.ts';
import { type FaultyProxy, refusal, startFaultyProxy, type Treatment } from './faulty-proxy.ts';

const NAMES = { orders: 'faults-orders', books: 'faults-missing' } as const;
const CONFLICT = refusal('TransactionCanceledException', { CancellationReasons: [{ Code: 'TransactionConflict' }] });
const THROTTLED = refusal('ProvisionedThroughputExceededException');
const BROKEN = refusal('InternalServerError', {}, 500);

let emulator: Emulator;
let proxy: FaultyProxy;
let pacing: RecordedPacing;
let tests = 0;

beforeAll(async () => {
  emulator = await startDynamoDb();
  proxy = await startFaultyProxy(emulator.endpoint);
  const client = new DynamoDBClient({ endpoint: emulator.endpoint, region: 'us-east-1', credentials: CREDENTIALS });
  await createTables(client, { orders: NAMES.orders });
});

afterAll(async () => {
  await proxy.stop();
  await emulator.stop();
});

beforeEach(() => {
  pacing = memoryPacing();
  tests += 1;
});

afterEach(() => vi.unstubAllEnvs());

function open(client: DynamoDBClientConfig = {}): Tables {
  return openDynamoTables({
    physicalNames: NAMES,
    pacing,
    client: { endpoint: proxy.endpoint, region: 'us-east-1', credentials: CREDENTIALS, ...client },
  });
}

const key = () => ({ pk: `faults#${tests}`, sk: 'order' }) as const;
const addOne = (): UpdateWrite => ({ kind: 'update', table: 'orders', key: key(), add: { n: '1' }, conditions: [] });
const refusedTwice = (): TransactWrite[] => [
  { ...addOne(), conditions: [{ name: 'row-exists', test: { op: 'exists' } }] },
];

async function countOf(tables: Tables): Promise<string> {
  const found = (await tables.get('orders', key()))?.['n'];
  return found !== undefined && 'N' in found ? found.N : 'none';
}

async function faultOf(call: Promise<unknown>): Promise<Fault> {
  const thrown = await call.then(
    () => 'no error',
    (error: unknown) => error,
  );
  if (!(thrown instanceof Fault)) throw new Error('expected a Fault', { cause: thrown });
  return thrown;
}

const everyTime = (treatment: Treatment): Treatment[] => Array.from({ length: 8 }, () => treatment);

describe('many puts at once', () => {
  const [first, second] = ['one', 'two'];
  const items = () => [first, second].map((sk) => ({ pk: { S: key().pk }, sk: { S: sk } }));
  const asksFor = (sk: string): readonly boolean[] => proxy.seen.map(({ body }) => body.includes(`"${sk}"`));

  it('put again what was not taken, and nothing else', async () => {
    const left = {
      [NAMES.orders]: items()
        .slice(1)
        .map((Item) => ({ PutRequest: { Item } })),
    };
    proxy.treat({ status: 200, body: { UnprocessedItems: left } });
    await open().putEach('orders', items());
    expect([asksFor(first), asksFor(second)]).toEqual([
      [true, false],
      [true, true],
    ]);
    expect(pacing.waitsMs).toEqual([5]);
  });

  it('are asked for again when their answer is lost', async () => {
    proxy.treat('lose-answer');
    await open().putEach('orders', items());
    expect(asksFor(second)).toEqual([true, true]);
    expect((await open().query({ table: 'orders', partition: key().pk })).items).toEqual(items());
  });

  it('end transient when the service never takes them, uncertain when nobody answers', async () => {
    const left = { [NAMES.orders]: items().map((Item) => ({ PutRequest: { Item } })) };
    proxy.treat(...everyTime({ status: 200, body: { UnprocessedItems: left } }));
    const full = await faultOf(open().putEach('orders', items()));
    expect(full).toMatchObject({ kind: 'transient', code: 'tables-throttled' });
    proxy.treat(...everyTime('lose-answer'));
    const silent = await faultOf(open().putEach('orders', items()));
    expect(silent).toMatchObject({ kind: 'uncertain', code: 'tables-answer-lost' });
  });
});

describe('a transaction', () => {
  it('whose answer is lost is asked for again under its token, and happens once', async () => {
    const tables = open();
    proxy.treat('lose-answer', 'lose-answer');
    expect(await tables.transact([addOne()])).toEqual({ ok: true });
    expect(proxy.seen).toHaveLength(3);
    expect(new Set(proxy.seen.map(({ body }) => body)).size).toBe(1);
    expect(await countOf(tables)).toBe('1');
  });

  it('whose request is lost happens once as well', async () => {
    const tables = open();
    proxy.treat('lose-request');
    expect(await tables.transact([addOne()])).toEqual({ ok: true });
    expect(await countOf(tables)).toBe('1');
  });

  it('is uncertain when nobody answers, though it has happened', async () => {
    const tables = open();
    proxy.treat(...everyTime('lose-answer'));
    expect(await faultOf(tables.transact([addOne()]))).toMatchObject({ kind: 'uncertain', code: 'tables-answer-lost' });
    expect(await countOf(tables)).toBe('1');
  });

  it('stays uncertain when a later attempt fails harmlessly', async () => {
    const tables = open();
    proxy.treat('lose-answer', ...everyTime(THROTTLED));
    expect(await faultOf(tables.transact([addOne()]))).toMatchObject({ kind: 'uncertain', code: 'tables-answer-lost' });
    proxy.treat('lose-answer', refusal('AccessDeniedException'));
    expect(await faultOf(tables.transact([addOne()]))).toMatchObject({ kind: 'uncertain', code: 'tables-answer-lost' });
    expect(await countOf(tables)).toBe('2');
  });

  it('comes again after a conflict, waiting longer each time by half of what it may', async () => {
    const tables = open();
    proxy.treat(CONFLICT, CONFLICT, CONFLICT);
    expect(await tables.transact([addOne()])).toEqual({ ok: true });
    expect(pacing.waitsMs).toEqual([5, 10, 20]);
  });

  it('ends transient when the conflict outlives its attempts', async () => {
    const tables = open();
    proxy.treat(...everyTime(CONFLICT));
    const fault = await faultOf(tables.transact([addOne()]));
    expect(fault).toMatchObject({ kind: 'transient', code: 'tables-conflict' });
    expect(fault.cause).toBeInstanceOf(Error);
    expect(pacing.waitsMs).toEqual([5, 10, 20, 40, 80, 125, 125]);
  });

  it('does not take a refusal for the whole while another transaction is in the way', async () => {
    const tables = open();
    const reasons = [{ Code: 'ConditionalCheckFailed' }, { Code: 'TransactionConflict' }];
    proxy.treat(refusal('TransactionCanceledException', { CancellationReasons: reasons }));
    expect(await tables.transact(refusedTwice())).toMatchObject({ ok: false, failures: [{ names: ['row-exists'] }] });
    expect(proxy.seen).toHaveLength(2);
  });

  it('still being worked on is uncertain, and is asked for again', async () => {
    const tables = open();
    proxy.treat(refusal('TransactionInProgressException'));
    expect(await tables.transact([addOne()])).toEqual({ ok: true });
    proxy.treat(...everyTime(refusal('TransactionInProgressException')));
    expect(await faultOf(tables.transact([addOne()]))).toMatchObject({ kind: 'uncertain', code: 'tables-in-progress' });
  });
});

describe('a single write', () => {
  it('whose answer is lost is uncertain and is not repeated', async () => {
    const tables = open();
    proxy.treat('lose-answer');
    expect(await faultOf(tables.write(addOne()))).toMatchObject({ kind: 'uncertain', code: 'tables-answer-lost' });
    expect(proxy.seen).toHaveLength(1);
    expect(await countOf(tables)).toBe('1');
  });

  it('is uncertain when the service breaks or never answers', async () => {
    proxy.treat(BROKEN);
    expect(await faultOf(open().write(addOne()))).toMatchObject({ kind: 'uncertain', code: 'tables-answer-lost' });
    proxy.treat('hang');
    const hasty = open({ requestHandler: { requestTimeout: 50, throwOnRequestTimeout: true } });
    expect(await faultOf(hasty.write(addOne()))).toMatchObject({ kind: 'uncertain', code: 'tables-answer-lost' });
  });

  it('that was turned away is tried again', async () => {
    const tables = open();
    proxy.treat(THROTTLED, refusal('TransactionConflictException'), refusal('RequestLimitExceeded'));
    expect(await tables.write(addOne())).toEqual({ ok: true });
    expect(await countOf(tables)).toBe('1');
    proxy.treat(...everyTime(THROTTLED));
    expect(await faultOf(tables.write(addOne()))).toMatchObject({ kind: 'transient', code: 'tables-throttled' });
  });
});

describe('a read', () => {
  it('is repeated whatever became of it, and is never uncertain', async () => {
    const tables = open();
    proxy.treat('lose-answer', BROKEN, THROTTLED, 'lose-request');
    expect(await tables.get('orders', key())).toBeNull();
    expect(proxy.seen).toHaveLength(5);
    proxy.treat(...everyTime('lose-answer'));
    expect(await faultOf(tables.query({ table: 'orders', partition: 'x' }))).toMatchObject({
      kind: 'transient',
      code: 'tables-no-answer',
    });
    proxy.treat(CONFLICT);
    expect(await tables.getTogether([{ table: 'orders', key: key() }])).toEqual([null]);
  });
});

describe('a call that cannot be right', () => {
  it('is permanent: no such table, no name for it, no permission', async () => {
    const tables = open();
    proxy.treat();
    expect(await faultOf(tables.get('books', key()))).toMatchObject({ kind: 'permanent', code: 'tables-not-found' });
    expect(proxy.seen).toHaveLength(1);
    expect(await faultOf(tables.get('market', key()))).toMatchObject({ kind: 'permanent', code: 'tables-not-found' });
    expect(proxy.seen).toHaveLength(1);
    proxy.treat(refusal('AccessDeniedException'));
    expect(await faultOf(tables.write(addOne()))).toMatchObject({ kind: 'permanent', code: 'tables-denied' });
    expect(proxy.seen).toHaveLength(1);
  });

  it('is transient when nobody listens, a write too, for it was never sent', async () => {
    const tables = open({ endpoint: `http://127.0.0.1:${await freeLoopbackPort()}` });
    const fault = await faultOf(tables.transact([addOne()]));
    expect(fault).toMatchObject({ kind: 'transient', code: 'tables-unreachable' });
    expect(pacing.waitsMs).toHaveLength(7);
  });

  it('is refused before it leaves for the real cloud from a local process', async () => {
    vi.stubEnv('BELAY_LOCAL', '1');
    proxy.treat();
    expect(await countOf(open())).toBe('none');
    const astray = open({ endpoint: 'https://dynamodb.us-east-1.amazonaws.com' });
    const fault = await faultOf(astray.write(addOne()));
    expect(fault).toMatchObject({ kind: 'permanent', code: 'real-aws-refused' });
    expect(fault.message).toContain('dynamodb.us-east-1.amazonaws.com');
    // Without an endpoint the client finds the real one by itself.
    const unset = openDynamoTables({
      physicalNames: NAMES,
      pacing: memoryPacing(),
      client: { region: 'eu-west-1', credentials: CREDENTIALS },
    });
    expect(await faultOf(unset.write(addOne()))).toMatchObject({ code: 'real-aws-refused' });
  });
});
