import { DynamoDBClient, DescribeTableCommand, PutItemCommand, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTables, startDynamoDb } from './dynamodb.ts';
import type { Emulator } from './emulator-process.ts';
import { createFifoQueue, startSqs } from './sqs.ts';

const sdk = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' }, maxAttempts: 1 };
const running: Emulator[] = [];
let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'belay-emulators-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const emulator of running.splice(0)) await emulator.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function kept(start: Promise<Emulator>): Promise<Emulator> {
  const emulator = await start;
  running.push(emulator);
  return emulator;
}

function isAlive(pid: number): boolean {
  // A process that ended but that nobody has waited for still has an entry, without a command line.
  return existsSync(`/proc/${pid}/exe`);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

describe('the DynamoDB emulator', () => {
  it('makes the tables of the catalogue, indexes and stream included, and keeps them in a directory', async () => {
    const names = { orders: 'belay-orders', journal: 'belay-journal', market: 'belay-market' };
    const first = await startDynamoDb({ stateDirectory: directory });
    const client = new DynamoDBClient({ ...sdk, endpoint: first.endpoint });
    await createTables(client, names);
    const journal = await client.send(new DescribeTableCommand({ TableName: names.journal }));
    expect(journal.Table?.GlobalSecondaryIndexes?.map((index) => index.IndexName)).toEqual([
      'by-correlation',
      'by-day',
    ]);
    expect(journal.Table?.LatestStreamArn).toBeDefined();
    const item = { pk: { S: 'a' }, sk: { S: 'b' }, n: { N: '0.1' } };
    await client.send(new PutItemCommand({ TableName: names.orders, Item: item }));
    await first.stop();

    const second = await kept(startDynamoDb({ stateDirectory: directory }));
    const again = new DynamoDBClient({ ...sdk, endpoint: second.endpoint });
    await createTables(again, names);
    const found = await again.send(
      new GetItemCommand({ TableName: names.orders, Key: { pk: item.pk, sk: item.sk }, ConsistentRead: true }),
    );
    expect(found.Item).toEqual(item);
  });

  it('says which port is in use', async () => {
    const first = await kept(startDynamoDb());
    const port = Number(new URL(first.endpoint).port);
    await expect(startDynamoDb({ port })).rejects.toThrow(`port ${port} is already in use`);
  });

  it('says that its binary is missing where it was told to look', async () => {
    vi.stubEnv('BELAY_DYNAMODB_EMULATOR', join(directory, 'nowhere'));
    await expect(startDynamoDb()).rejects.toThrow(/BELAY_DYNAMODB_EMULATOR names .*nowhere, where there is no file/);
  });

  it('ends with its own words when it crashes', async () => {
    const broken = join(directory, 'broken');
    writeFileSync(broken, '#!/bin/sh\necho "page checksum mismatch" >&2\nexit 3\n');
    chmodSync(broken, 0o755);
    vi.stubEnv('BELAY_DYNAMODB_EMULATOR', broken);
    await expect(startDynamoDb()).rejects.toThrow(
      'the DynamoDB emulator stopped (exit code 3): page checksum mismatch',
    );
  });
});

describe('the SQS emulator', () => {
  it('carries a message through a FIFO queue and is gone after stop', async () => {
    const emulator = await startSqs();
    const client = new SQSClient({ ...sdk, endpoint: emulator.endpoint, useQueueUrlAsEndpoint: false });
    const { url } = await createFifoQueue(client, 'orders.fifo', { visibilityTimeoutSeconds: 30 });
    expect(url).toBe(`${emulator.endpoint}/000000000000/orders.fifo`);
    await client.send(
      new SendMessageCommand({ QueueUrl: url, MessageBody: '{}', MessageGroupId: 'g', MessageDeduplicationId: 'd' }),
    );
    const received = await client.send(new ReceiveMessageCommand({ QueueUrl: url }));
    expect(received.Messages?.map((message) => message.Body)).toEqual(['{}']);
    await emulator.stop();
    await emulator.stop();
    await expect(emulator.ended).resolves.toBeUndefined();
    expect(isAlive(emulator.pid)).toBe(false);
  });

  it('tells of its death to whoever watches', async () => {
    const emulator = await kept(startSqs());
    process.kill(-emulator.pid, 'SIGKILL');
    await expect(emulator.ended).rejects.toThrow('the SQS emulator stopped (SIGKILL): listening on http://127.0.0.1:');
  });
});

describe('an emulator whose parent is killed', () => {
  it('ends too', async () => {
    const source = `import { startSqs } from ${JSON.stringify(new URL('./sqs.ts', import.meta.url).href)};
      process.stdout.write(String((await startSqs()).pid));`;
    const script = join(directory, 'parent.mts');
    writeFileSync(script, source);
    const parent = spawn(process.execPath, ['--no-warnings', '--import', import.meta.resolve('tsx'), script]);
    let said = '';
    const hear = (chunk: Buffer): void => {
      said += chunk.toString('utf8');
    };
    parent.stdout.on('data', hear);
    parent.stderr.on('data', hear);
    await until(() => said !== '');
    expect(said).toMatch(/^\d+$/);
    const pid = Number(said);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isAlive(pid));
  });
});
