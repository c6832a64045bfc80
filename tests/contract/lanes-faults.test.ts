/** What becomes of a message on its way to the real lanes when the wire, the service or the setting fails. */
import { ReceiveMessageCommand, SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { createFifoQueue, startSqs } from '#infra/local/emulators/sqs.ts';
import { type Emulator, freeLoopbackPort } from '#infra/local/emulators/emulator-process.ts';
import { openSqsLanes } from '#shared/adapters/sqs/lanes.ts';
import { memoryPacing } from '#shared/adapters/memory/pacing.ts';
import type { LaneMessage, Lanes } from '#shared/ports/lanes.ts';
import { type FaultyProxy, refusal, startFaultyProxy, type Treatment } from './faulty-proxy.ts';

const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };
const BROKEN = refusal('InternalFailure', {}, 500);

let emulator: Emulator;
let proxy: FaultyProxy;
let client: SQSClient;
let url = '';
let tests = 0;

beforeAll(async () => {
  emulator = await startSqs();
  proxy = await startFaultyProxy(emulator.endpoint);
  const config = { endpoint: emulator.endpoint, region: 'us-east-1', credentials: CREDENTIALS };
  client = new SQSClient({ ...config, useQueueUrlAsEndpoint: false });
});

afterAll(async () => {
  await proxy.stop();
  await emulator.stop();
});

beforeEach(async () => {
  tests += 1;
  ({ url } = await createFifoQueue(client, `faults-${tests}.fifo`, { visibilityTimeoutSeconds: 30 }));
  proxy.treat();
});

afterEach(() => vi.unstubAllEnvs());

const open = (config: SQSClientConfig = {}): Lanes =>
  openSqsLanes({
    queueUrls: { orders: url },
    pacing: memoryPacing(),
    client: { endpoint: proxy.endpoint, region: 'us-east-1', credentials: CREDENTIALS, ...config },
  });

const message = (id: string, group = id): LaneMessage => ({
  lane: 'orders',
  group,
  dedupId: id,
  body: `body of ${id}`,
});
const everyTime = (treatment: Treatment): Treatment[] => Array.from({ length: 6 }, () => treatment);
const batch = z.object({ Entries: z.array(z.object({ Id: z.string(), MessageDeduplicationId: z.string() })) });
const batches = (): string[][] =>
  proxy.seen.map(({ body }) => batch.parse(JSON.parse(body)).Entries.map((entry) => entry.MessageDeduplicationId));

describe('sending', () => {
  it('packs ten messages of different groups together, and never two of one group', async () => {
    await open().send([...Array.from({ length: 11 }, (_, index) => message(`m${index}`)), message('next', 'm10')]);
    expect(batches().map((ids) => ids.length)).toEqual([10, 1, 1]);
    expect(batches()[2]).toEqual(['next']);
  });

  it('repeats a batch whose answer was lost; the queue knows the messages', async () => {
    proxy.treat('lose-answer', 'lose-request');
    await open().send([message('a'), message('b')]);
    expect(proxy.seen).toHaveLength(3);
    const received = await client.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 }));
    expect(received.Messages?.map((one) => one.Body).sort()).toEqual(['body of a', 'body of b']);
    const more = await client.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 }));
    expect(more.Messages ?? []).toEqual([]);
  });

  it('is uncertain when nobody answers, and stops there', async () => {
    proxy.treat(...everyTime('lose-answer'));
    const sending = open().send([message('a', 'g'), message('b', 'g')]);
    await expect(sending).rejects.toMatchObject({ kind: 'uncertain', code: 'lanes-answer-lost' });
    expect(batches()).toEqual(everyTime('pass').map(() => ['a']));
  });

  it('stays uncertain when a later attempt fails harmlessly', async () => {
    proxy.treat(BROKEN, ...everyTime(refusal('RequestThrottled')));
    await expect(open().send([message('a')])).rejects.toMatchObject({ kind: 'uncertain', code: 'lanes-answer-lost' });
  });

  it('sends again only what the queue did not take of a batch', async () => {
    const partly = {
      Successful: [{ Id: '0', MessageId: 'm', MD5OfMessageBody: '5d41402abc4b2a76b9719d911017c592' }],
      Failed: [{ Id: '1', SenderFault: false, Code: 'InternalError', Message: 'by order' }],
    };
    proxy.treat({ status: 200, body: partly });
    await open().send([{ ...message('a'), body: 'hello' }, message('b'), message('c')]);
    expect(batches()).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c'],
    ]);
  });

  it('is permanent when the queue will never take a message, there is none, or nobody may send', async () => {
    const failed = { Id: '0', SenderFault: true, Code: 'InvalidParameterValue', Message: 'by order' };
    proxy.treat({ status: 200, body: { Successful: [], Failed: [failed] } });
    const refused = { kind: 'permanent', code: 'lanes-refused' };
    await expect(open().send([message('a')])).rejects.toMatchObject(refused);
    proxy.treat(refusal('AccessDenied', {}, 403));
    await expect(open().send([message('a')])).rejects.toMatchObject(refused);
    await expect(open().send([{ ...message('a'), lane: 'urgent' }])).rejects.toMatchObject({ code: 'lanes-not-found' });
    url = `${emulator.endpoint}/000000000000/none.fifo`;
    await expect(open().send([message('a')])).rejects.toMatchObject(refused);
  });

  it('is transient when nobody listens', async () => {
    const nowhere = open({ endpoint: `http://127.0.0.1:${await freeLoopbackPort()}` });
    await expect(nowhere.send([message('a')])).rejects.toMatchObject({ kind: 'transient', code: 'lanes-unreachable' });
  });
});

describe('the real cloud', () => {
  it('is not reached through a queue URL that names it', async () => {
    url = 'https://sqs.us-east-1.amazonaws.com/123456789012/orders.fifo';
    await expect(open().send([message('a')])).rejects.toMatchObject({ kind: 'permanent', code: 'lanes-refused' });
    expect(proxy.seen).toHaveLength(1);
    vi.stubEnv('BELAY_LOCAL', '1');
    expect(() => open()).toThrow('refusing to call sqs.us-east-1.amazonaws.com');
  });

  it('is not reached from a local process without an endpoint', async () => {
    vi.stubEnv('BELAY_LOCAL', '1');
    const unset = openSqsLanes({
      queueUrls: { orders: url },
      pacing: memoryPacing(),
      client: { region: 'us-east-1', credentials: CREDENTIALS },
    });
    await expect(unset.send([message('a')])).rejects.toMatchObject({ kind: 'permanent', code: 'real-aws-refused' });
  });
});
