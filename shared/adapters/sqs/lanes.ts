/** The lanes over SQS FIFO queues. */
import {
  type BatchResultErrorEntry,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  type SendMessageBatchCommandOutput,
  SQSClient,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs';
import { attempt, type AttemptLimits } from '#shared/core/kernel/attempts.ts';
import { callFault } from '#shared/core/kernel/call-failure.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { refuseRealAws, refuseRealAwsRequests } from '#shared/core/kernel/real-aws.ts';
import type { Lane, LaneMessage, Lanes } from '#shared/ports/lanes.ts';
import type { Pacing } from '#shared/ports/pacing.ts';
import { batchesOf } from './lane-batches.ts';

export interface SqsLanesOptions {
  /** The lanes that this function may send on. Asking for another one is a fault. */
  readonly queueUrls: Readonly<Partial<Record<Lane, string>>>;
  readonly pacing: Pacing;
  /** Region, credentials and endpoint come from the standard environment variables unless given. */
  readonly client?: SQSClientConfig;
}

const LIMITS: AttemptLimits = { attemptsMax: 6, waitMsBase: 20, waitMsMax: 500 };
const TIMEOUTS = { connectionTimeout: 1000, requestTimeout: 4000, throwOnRequestTimeout: true } as const;

export function openSqsLanes(options: SqsLanesOptions): Lanes {
  // A queue's URL names the queue and nothing more: as an endpoint it would lead past a local one to the real cloud.
  const config = { requestHandler: TIMEOUTS, ...options.client, maxAttempts: 1, useQueueUrlAsEndpoint: false };
  const client = new SQSClient(config);
  if (process.env['BELAY_LOCAL'] === '1') {
    for (const url of Object.values(options.queueUrls)) refuseRealAws(url);
    client.middlewareStack.add(refuseRealAwsRequests, { step: 'finalizeRequest', name: 'refuseRealAws' });
  }
  return {
    async send(messages) {
      for (const batch of batchesOf(messages)) await sendBatch(client, options, batch);
    },
    waiting: (lane) => attempt(options.pacing, LIMITS, true, () => waitingOn(client, urlOf(options.queueUrls, lane))),
  };
}

const WAITING = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;

async function waitingOn(client: SQSClient, url: string): Promise<number> {
  try {
    const answer = await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...WAITING] }));
    return WAITING.reduce((sum, name) => sum + Number(answer.Attributes?.[name] ?? 0), 0);
  } catch (error) {
    throw callFault('lanes', error, 'read');
  }
}

function urlOf(queueUrls: SqsLanesOptions['queueUrls'], lane: Lane): string {
  const url = queueUrls[lane];
  if (url === undefined) {
    throw new Fault('permanent', 'lanes-not-found', `this function was given no queue for the lane "${lane}"`);
  }
  return url;
}

/** Sends what is left of a batch until nothing is; sending the same message again is harmless, its id is known. */
async function sendBatch(
  client: SQSClient,
  { queueUrls, pacing }: SqsLanesOptions,
  batch: readonly LaneMessage[],
): Promise<void> {
  const lane = batch[0]?.lane ?? 'orders';
  const url = urlOf(queueUrls, lane);
  let left = batch;
  await attempt(pacing, LIMITS, true, async () => {
    const sent = left;
    const answer = await answerOf(client, url, sent);
    const failed = answer.Failed ?? [];
    const refused = failed.find((entry) => entry.SenderFault === true);
    if (refused !== undefined) throw entryFault('permanent', 'lanes-refused', sent, refused);
    const taken = new Set((answer.Successful ?? []).map((entry) => entry.Id));
    left = sent.filter((_, index) => !taken.has(String(index)));
    if (left.length > 0) throw entryFault('transient', 'lanes-throttled', sent, failed[0]);
  });
}

async function answerOf(
  client: SQSClient,
  url: string,
  messages: readonly LaneMessage[],
): Promise<SendMessageBatchCommandOutput> {
  const entries = messages.map((message, index) => ({
    Id: String(index),
    MessageBody: message.body,
    MessageGroupId: message.group,
    MessageDeduplicationId: message.dedupId,
  }));
  try {
    return await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries }));
  } catch (error) {
    throw callFault('lanes', error, 'write');
  }
}

function entryFault(
  kind: 'transient' | 'permanent',
  code: string,
  messages: readonly LaneMessage[],
  entry: BatchResultErrorEntry | undefined,
): Fault {
  const dedupId = messages[Number(entry?.Id)]?.dedupId ?? 'unknown';
  return new Fault(kind, code, `message ${dedupId}: ${entry?.Code ?? 'no code'}: ${entry?.Message ?? 'no message'}`);
}
