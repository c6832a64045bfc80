/** The SQS emulator: a process on a loopback port, its messages in memory or also in a directory. */
import { CreateQueueCommand, GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Emulator, EmulatorError, startEmulator } from './emulator-process.ts';

export interface SqsEmulatorOptions {
  /** A directory that keeps the messages over a restart; absent: they live in memory. */
  readonly stateDirectory?: string;
  /** Absent: a free one. */
  readonly port?: number;
}

/** Starts the emulator. @throws EmulatorError when it does not start. */
export function startSqs(options: SqsEmulatorOptions = {}): Promise<Emulator> {
  const args = [String(options.port ?? 0)];
  if (options.stateDirectory !== undefined) {
    mkdirSync(options.stateDirectory, { recursive: true });
    args.push(join(options.stateDirectory, 'messages.jsonl'));
  }
  const server = fileURLToPath(new URL('./sqs-server.mjs', import.meta.url));
  return startEmulator({
    name: 'the SQS emulator',
    file: process.execPath,
    args: [server, ...args],
    endpointIn: (words) => /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(words)?.[1] ?? null,
    readyPath: '/health',
  });
}

export interface FifoQueueOptions {
  readonly visibilityTimeoutSeconds: number;
  /** Absent: no message is ever moved away. */
  readonly deadLetter?: { readonly queueArn: string; readonly receivesMax: number };
}

/** Creates a FIFO queue; its URL is ENDPOINT/000000000000/NAME. */
export async function createFifoQueue(
  client: SQSClient,
  name: string,
  options: FifoQueueOptions,
): Promise<{ readonly url: string; readonly arn: string }> {
  const redrive = options.deadLetter;
  const created = await client.send(
    new CreateQueueCommand({
      QueueName: name,
      Attributes: {
        FifoQueue: 'true',
        VisibilityTimeout: String(options.visibilityTimeoutSeconds),
        ...(redrive === undefined
          ? {}
          : {
              RedrivePolicy: JSON.stringify({
                deadLetterTargetArn: redrive.queueArn,
                maxReceiveCount: redrive.receivesMax,
              }),
            }),
      },
    }),
  );
  const url = created.QueueUrl;
  if (url === undefined) throw new EmulatorError(`the SQS emulator gave no URL for the queue ${name}`);
  const answer = await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }));
  const arn = answer.Attributes?.['QueueArn'];
  if (arn === undefined) throw new EmulatorError(`the SQS emulator gave no ARN for the queue ${name}`);
  return { url, arn };
}
