/** The queues of the plan in the SQS emulator. */
import * as z from 'zod';
import { AwsJsonClient } from '#infra/local/endpoint/aws-json-client.ts';
import type { QueuePlan } from '#infra/local/template/house-plan.ts';
import { arnOf, LOCAL_ACCOUNT } from '#infra/local/template/physical-names.ts';

const messageAttribute = z.object({
  DataType: z.string(),
  StringValue: z.string().optional(),
  BinaryValue: z.string().optional(),
});

const message = z.object({
  MessageId: z.string(),
  ReceiptHandle: z.string(),
  MD5OfBody: z.string(),
  Body: z.string(),
  Attributes: z.record(z.string(), z.string()).default({}),
  MessageAttributes: z.record(z.string(), messageAttribute).default({}),
});
export type ReceivedMessage = z.output<typeof message>;

const received = z.object({ Messages: z.array(message).default([]) });
const created = z.object({ QueueUrl: z.string() });
const anything = z.unknown();

export interface ReceiveOptions {
  readonly count: number;
  readonly visibilitySeconds?: number;
  readonly waitSeconds?: number;
}

export const queueArn = (queueName: string): string => arnOf('sqs', queueName);

export class QueueClient {
  readonly #client: AwsJsonClient;
  readonly #endpoint: string;

  readonly #onChange: () => void;

  /** @param onChange told whenever a message can be received that could not be before. */
  constructor(endpoint: string, onChange: () => void) {
    this.#endpoint = endpoint;
    this.#onChange = onChange;
    this.#client = new AwsJsonClient(endpoint, 'AmazonSQS');
  }

  /** Makes the queues, dead-letter queues before those that need them. */
  async create(queues: readonly QueuePlan[]): Promise<void> {
    const inOrder = queues.toSorted((a, b) => Number(a.deadLetter !== null) - Number(b.deadLetter !== null));
    for (const queue of inOrder) {
      const attributes = {
        VisibilityTimeout: String(queue.visibilityTimeoutSeconds),
        ...(queue.fifo
          ? { FifoQueue: 'true', ContentBasedDeduplication: String(queue.contentBasedDeduplication) }
          : {}),
        ...(queue.deadLetter === null ? {} : { RedrivePolicy: redrivePolicy(queue.deadLetter) }),
      };
      const made = await this.#client.call('CreateQueue', { QueueName: queue.name, Attributes: attributes }, created);
      // The functions were told the address before the queue was made.
      if (made.QueueUrl !== this.#url(queue.name)) {
        throw new Error(`the SQS emulator calls the queue ${made.QueueUrl}, the functions ${this.#url(queue.name)}`);
      }
    }
  }

  async receive(queueName: string, options: ReceiveOptions): Promise<readonly ReceivedMessage[]> {
    const input = {
      QueueUrl: this.#url(queueName),
      MaxNumberOfMessages: options.count,
      WaitTimeSeconds: options.waitSeconds ?? 0,
      ...(options.visibilitySeconds === undefined ? {} : { VisibilityTimeout: options.visibilitySeconds }),
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    };
    return (await this.#client.call('ReceiveMessage', input, received)).Messages;
  }

  async delete(queueName: string, receiptHandle: string): Promise<void> {
    const input = { QueueUrl: this.#url(queueName), ReceiptHandle: receiptHandle };
    await this.#client.call('DeleteMessage', input, anything);
  }

  /** Lets a message be seen again at once. */
  async release(queueName: string, receiptHandle: string): Promise<void> {
    const input = { QueueUrl: this.#url(queueName), ReceiptHandle: receiptHandle, VisibilityTimeout: 0 };
    await this.#client.call('ChangeMessageVisibility', input, anything);
    this.#onChange();
  }

  /** @param group for a FIFO queue: the message group, and the text that tells repeats. */
  async send(
    queueName: string,
    body: string,
    group: { readonly id: string; readonly dedupId: string } | null,
  ): Promise<void> {
    const input = {
      QueueUrl: this.#url(queueName),
      MessageBody: body,
      ...(group === null ? {} : { MessageGroupId: group.id, MessageDeduplicationId: group.dedupId }),
    };
    await this.#client.call('SendMessage', input, anything);
    this.#onChange();
  }

  #url(queueName: string): string {
    return `${this.#endpoint}/${LOCAL_ACCOUNT}/${queueName}`;
  }
}

const redrivePolicy = (deadLetter: { readonly queueName: string; readonly receivesMax: number }): string =>
  JSON.stringify({ deadLetterTargetArn: queueArn(deadLetter.queueName), maxReceiveCount: deadLetter.receivesMax });
