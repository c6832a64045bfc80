import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueClient } from '#infra/local/queues/queue-client.ts';
import type { QueuePlan } from '#infra/local/template/house-plan.ts';
import type { Emulator } from './emulator-process.ts';
import { startSqs } from './sqs.ts';

const LANE: QueuePlan = {
  name: 'orders.fifo',
  fifo: true,
  contentBasedDeduplication: false,
  visibilityTimeoutSeconds: 180,
  deadLetter: null,
};

let directory: string;
let running: Emulator | null = null;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'belay-sqs-'));
});
afterEach(async () => {
  await running?.stop();
  running = null;
  rmSync(directory, { recursive: true, force: true });
});

async function start(): Promise<QueueClient> {
  await running?.stop();
  running = await startSqs({ stateDirectory: directory });
  const client = new QueueClient(running.endpoint, () => undefined);
  await client.create([LANE]);
  return client;
}

const send = (client: QueueClient, body: string): Promise<void> =>
  client.send(LANE.name, body, { id: 'a', dedupId: body });

async function receiveAll(client: QueueClient): Promise<readonly string[]> {
  const bodies: string[] = [];
  for (;;) {
    const [message] = await client.receive(LANE.name, { count: 1 });
    if (message === undefined) return bodies;
    bodies.push(message.Body);
    await client.delete(LANE.name, message.ReceiptHandle);
  }
}

describe('messages of the SQS emulator over a restart', () => {
  it('come back in their order, but for those that were deleted', async () => {
    const before = await start();
    for (const body of ['one', 'two', 'three']) await send(before, body);
    const [first] = await before.receive(LANE.name, { count: 1 });
    await before.delete(LANE.name, first?.ReceiptHandle ?? '');
    // The second is in somebody's hands when the emulator ends.
    await before.receive(LANE.name, { count: 1 });
    expect(await receiveAll(await start())).toEqual(['two', 'three']);
    expect(await receiveAll(await start())).toEqual([]);
  });

  it('come back a second time when they were not deleted in between', async () => {
    await send(await start(), 'one');
    await start();
    expect(await receiveAll(await start())).toEqual(['one']);
  });

  it('are deduplicated against those that came back', async () => {
    await send(await start(), 'one');
    const after = await start();
    await send(after, 'one');
    expect(await receiveAll(after)).toEqual(['one']);
  });

  it('are kept when they were sent as a batch', async () => {
    await start();
    const endpoint = running?.endpoint ?? '';
    const client = new SQSClient({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    const entry = (
      id: string,
    ): { Id: string; MessageBody: string; MessageGroupId: string; MessageDeduplicationId: string } => ({
      Id: id,
      MessageBody: `body ${id}`,
      MessageGroupId: id,
      MessageDeduplicationId: id,
    });
    const QueueUrl = `${endpoint}/000000000000/${LANE.name}`;
    await client.send(new SendMessageBatchCommand({ QueueUrl, Entries: [entry('x'), entry('y')] }));
    expect(await receiveAll(await start())).toEqual(['body x', 'body y']);
  });
});
