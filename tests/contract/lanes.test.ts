import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
  type SQSClientConfig,
  SQSServiceException,
} from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest';
import { createFifoQueue } from '#infra/local/emulators/sqs.ts';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { MemoryFifoQueue } from '#shared/adapters/memory/fifo-queue.ts';
import { memoryLanes } from '#shared/adapters/memory/lanes.ts';
import { openSqsLanes } from '#shared/adapters/sqs/lanes.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import { describeLanes, type LaneHarness, type Received, RECEIVES_MAX, VISIBILITY_MS } from './lanes.contract.ts';

// The emulator runs in this process, so that its clock is ours to move.
const emulator = buildApp({ logger: false });
let config: SQSClientConfig;
let client: SQSClient;
let opened = 0;

beforeAll(async () => {
  const endpoint = await emulator.listen({ port: 0, host: '127.0.0.1' });
  config = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  client = new SQSClient({ ...config, useQueueUrlAsEndpoint: false });
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 2, 9, 14) });
});

afterEach(() => {
  vi.useRealTimers();
});

afterAll(() => emulator.close());

async function createLane(name: string): Promise<{ readonly url: string; readonly deadUrl: string }> {
  const dead = await createFifoQueue(client, `${name}-dead.fifo`, { visibilityTimeoutSeconds: 30 });
  const queue = await createFifoQueue(client, `${name}.fifo`, {
    visibilityTimeoutSeconds: VISIBILITY_MS / 1000,
    deadLetter: { queueArn: dead.arn, receivesMax: RECEIVES_MAX },
  });
  return { url: queue.url, deadUrl: dead.url };
}

async function receive(url: string, count: number): Promise<readonly Received[]> {
  const answer = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: count,
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    }),
  );
  return (answer.Messages ?? []).map((message) => ({
    body: message.Body ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    receiveCount: Number(message.Attributes?.['ApproximateReceiveCount']),
  }));
}

async function openEmulator(): Promise<LaneHarness> {
  opened += 1;
  const lanes = { orders: await createLane(`orders-${opened}`), urgent: await createLane(`urgent-${opened}`) };
  return {
    lanes: openSqsLanes({
      queueUrls: { orders: lanes.orders.url, urgent: lanes.urgent.url },
      pacing: systemPacing,
      client: config,
    }),
    receive: (lane, count) => receive(lanes[lane].url, count),
    receiveDead: (lane, count) => receive(lanes[lane].deadUrl, count),
    async delete(lane, receiptHandle) {
      try {
        await client.send(new DeleteMessageCommand({ QueueUrl: lanes[lane].url, ReceiptHandle: receiptHandle }));
        return true;
      } catch (error) {
        if (error instanceof SQSServiceException) return false;
        throw error;
      }
    },
    async release(lane, receiptHandle) {
      const release = { QueueUrl: lanes[lane].url, ReceiptHandle: receiptHandle, VisibilityTimeout: 0 };
      await client.send(new ChangeMessageVisibilityCommand(release));
    },
    advance: (durationMs) => {
      vi.setSystemTime(Date.now() + durationMs);
    },
  };
}

function openMemory(): LaneHarness {
  const clock = new ManualClock(epochMs(Date.UTC(2026, 2, 9, 14)));
  const queueWithDead = (name: string) => {
    const dead = new MemoryFifoQueue({ name: `${name}-dead`, clock, visibilityTimeoutMs: 30_000 });
    const deadLetter = { queue: dead, receivesMax: RECEIVES_MAX };
    return { dead, queue: new MemoryFifoQueue({ name, clock, visibilityTimeoutMs: VISIBILITY_MS, deadLetter }) };
  };
  const queues = { orders: queueWithDead('orders'), urgent: queueWithDead('urgent') };
  return {
    lanes: memoryLanes({ queues: { orders: queues.orders.queue, urgent: queues.urgent.queue } }),
    receive: (lane, count) => Promise.resolve(queues[lane].queue.receive({ count })),
    receiveDead: (lane, count) => Promise.resolve(queues[lane].dead.receive({ count })),
    delete: (lane, receiptHandle) => Promise.resolve(queues[lane].queue.delete(receiptHandle) === 'done'),
    release: (lane, receiptHandle) => {
      queues[lane].queue.changeVisibility(receiptHandle, 0);
      return Promise.resolve();
    },
    advance: (durationMs) => clock.moveBy(durationMs),
  };
}

describeLanes(
  'SQS emulator',
  { refusesExpiredReceipts: false, givesSeveralOfAGroup: false, takesAstralCharacters: false },
  openEmulator,
);
describeLanes('memory', { refusesExpiredReceipts: true, givesSeveralOfAGroup: true, takesAstralCharacters: true }, () =>
  Promise.resolve(openMemory()),
);
