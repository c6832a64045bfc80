import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { AwsJsonClient } from '#infra/local/endpoint/aws-json-client.ts';
import type { Handler } from '#infra/local/lambda/invocation.ts';
import {
  functionResource,
  queueResource,
  startTestHouse,
  tableResource,
  type TestHouse,
} from '#infra/local/run/house-under-test.ts';

const streamEvent = z.object({
  Records: z.array(
    z.object({
      eventName: z.string(),
      eventSourceARN: z.string(),
      dynamodb: z.object({
        SequenceNumber: z.string(),
        ApproximateCreationDateTime: z.number(),
        NewImage: z.record(z.string(), z.unknown()).optional(),
        Keys: z.object({ sk: z.object({ S: z.string() }) }),
      }),
    }),
  ),
});
type Change = z.output<typeof streamEvent>['Records'][number];
const changesOf = (event: unknown): readonly Change[] => streamEvent.parse(event).Records;
const keyOf = ({ dynamodb }: Change): string => dynamodb.Keys.sk.S;
const timeNow = (): string => new Date().toISOString().slice(11, 19);

let started: TestHouse | null = null;
afterEach(async () => {
  await started?.stop();
  started = null;
});

async function start(publish: Handler, mapping: Readonly<Record<string, unknown>>): Promise<TestHouse> {
  const Resources = {
    Journal: tableResource('journal', true),
    Lost: queueResource('lost'),
    Publish: functionResource('publish'),
    PublishJournal: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        FunctionName: { Ref: 'Publish' },
        EventSourceArn: { 'Fn::GetAtt': ['Journal', 'StreamArn'] },
        StartingPosition: 'TRIM_HORIZON',
        ...mapping,
      },
    },
  };
  started = await startTestHouse({ stacks: { flow: { Resources } }, rooms: { publish } });
  return started;
}

async function put(house: TestHouse, ...keys: readonly string[]): Promise<void> {
  const client = new AwsJsonClient(house.house.dynamoDbEndpoint, 'DynamoDB_20120810');
  for (const key of keys) {
    const Item = { pk: { S: 'a' }, sk: { S: key }, amount: { N: '1.25' } };
    await client.call('PutItem', { TableName: 'journal', Item }, z.unknown());
  }
  house.conductor.lookAgain();
}

const REPORTING = { FunctionResponseTypes: ['ReportBatchItemFailures'] };

describe("a table's stream in discrete time", () => {
  it('hands changes over in their order and in batches, as Lambda does', async () => {
    const batches: (readonly string[])[] = [];
    let first: Change | undefined;
    const house = await start(
      (event) => {
        first ??= changesOf(event)[0];
        batches.push(changesOf(event).map(keyOf));
      },
      { BatchSize: 2 },
    );
    await put(house, '1', '2', '3');
    await house.conductor.drain();
    expect(batches).toEqual([['1', '2'], ['3']]);
    expect(first).toMatchObject({
      eventName: 'INSERT',
      eventSourceARN: 'arn:aws:dynamodb:us-east-1:000000000000:table/journal/stream/local',
      dynamodb: { NewImage: { amount: { N: '1.25' } }, ApproximateCreationDateTime: Date.now() / 1000 },
    });
  });

  it('goes on from the first change that was reported as failed, after a pause', async () => {
    const seen: string[] = [];
    let fails = true;
    const house = await start((event) => {
      const changes = changesOf(event);
      seen.push(`${timeNow()} ${changes.map(keyOf).join(',')}`);
      const failed = fails ? changes[1]?.dynamodb.SequenceNumber : undefined;
      fails = false;
      return { batchItemFailures: failed === undefined ? [] : [{ itemIdentifier: failed }] };
    }, REPORTING);
    await put(house, '1', '2', '3');
    await house.runUntil('2024-03-08T12:01:00Z');
    expect(seen).toEqual(['12:00:00 1,2,3', '12:00:01 2,3']);
  });

  it('halves a batch that fails where the mapping asks for it, and lets nothing overtake', async () => {
    const seen: string[] = [];
    const house = await start(
      (event) => {
        const keys = changesOf(event).map(keyOf);
        seen.push(keys.join(','));
        if (keys.length > 1) throw new Error('too many');
      },
      { BisectBatchOnFunctionError: true },
    );
    await put(house, '1', '2', '3', '4');
    await house.runUntil('2024-03-08T13:00:00Z');
    expect(seen.filter((keys) => keys.length === 1)).toEqual(['1', '2', '3', '4']);
    expect(seen.slice(0, 3)).toEqual(['1,2,3,4', '1,2', '1']);
  });

  it('gives a batch up for the queue of failures when its attempts have run out, and goes on', async () => {
    const seen: string[] = [];
    const house = await start(
      (event) => {
        const [key] = changesOf(event).map(keyOf);
        seen.push(`${timeNow()} ${key}`);
        if (key === 'bad') throw new Error('cannot');
      },
      {
        BatchSize: 1,
        MaximumRetryAttempts: 2,
        DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Lost', 'Arn'] } } },
      },
    );
    await put(house, 'bad', 'good');
    await house.runUntil('2024-03-08T13:00:00Z');
    expect(seen).toEqual(['12:00:00 bad', '12:00:01 bad', '12:00:03 bad', '12:00:03 good']);
    const [lost] = await house.house.queues.receive('lost', { count: 1 });
    expect(JSON.parse(lost?.Body ?? 'null')).toMatchObject({
      requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 3 },
      DDBStreamBatchInfo: { batchSize: 1, startSequenceNumber: '1' },
    });
  });

  it('leaves out what no filter wants', async () => {
    const seen: string[] = [];
    const Pattern = JSON.stringify({ eventName: ['INSERT'], dynamodb: { Keys: { sk: { S: [{ prefix: 'x' }] } } } });
    const house = await start((event) => seen.push(...changesOf(event).map(keyOf)), {
      FilterCriteria: { Filters: [{ Pattern }] },
    });
    await put(house, 'x1', 'y1', 'x2', 'x1');
    await house.conductor.drain();
    expect(seen).toEqual(['x1', 'x2']);
  });
});
