/**
 * From the lane to the broker's acknowledgement through the local house, against the bare calls that the path must
 * make: a message sent, received and deleted, two reads, three transactions and one order over HTTP.
 */
import { DynamoDBClient, GetItemCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as z from 'zod';
import { startBroker } from '#infra/local/alpaca/broker.ts';
import { tinyMarket } from '#infra/local/alpaca/tiny-market.ts';
import { createTables, startDynamoDb } from '#infra/local/emulators/dynamodb.ts';
import { createFifoQueue, startSqs } from '#infra/local/emulators/sqs.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { NOW } from '#tests/contract/house-fixture.ts';
import { latenciesMs, percentile } from './latencies.ts';

const CREDENTIALS = { accessKeyId: 'bench', secretAccessKey: 'bench' };
const NAMES = { safety: 'b-safety', orders: 'b-orders', books: 'b-books', market: 'b-market', journal: 'b-journal' };

export interface SubmitPathFigures {
  readonly orders: number;
  readonly houseMs: { readonly p50: number; readonly p99: number };
  readonly bareMs: { readonly p50: number; readonly p99: number };
  readonly ratio: { readonly p50: number; readonly p99: number };
}

const summary = z.object({
  orders: z.object({ submitted: z.number() }),
  submitToAckMs: z.object({ p50: z.number(), p99: z.number() }),
});

/** Days of the local house in a process of its own, as a person runs it. */
async function throughTheHouse(days: number) {
  const args = ['--import', 'tsx', 'infra/local/main.ts', '--days', String(days), '--exit', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 });
  const last = stdout.trim().split('\n').at(-1) ?? '';
  return summary.parse(JSON.parse(last));
}

const put = (round: number, part: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    Put: {
      TableName: index % 2 === 0 ? NAMES.orders : NAMES.journal,
      Item: { pk: { S: `bare#${round}#${part}#${index}` }, sk: { S: 'row' }, body: { S: 'x'.repeat(800) } },
    },
  }));

async function bareCalls(rounds: number): Promise<readonly number[]> {
  const [dynamoDb, sqs] = await Promise.all([startDynamoDb(), startSqs()]);
  const market = tinyMarket({ seed: 1 });
  const broker = await startBroker({
    port: 0,
    seed: 1,
    clock: { now: () => addMs(NOW, 0) },
    market,
    accounts: [{ key: 'PKBENCH', secret: 'bench', cash: '100000' }],
    requestsPerMinute: 1_000_000,
  });
  const tables = new DynamoDBClient({ endpoint: dynamoDb.endpoint, region: 'us-east-1', credentials: CREDENTIALS });
  const lanes = new SQSClient({
    endpoint: sqs.endpoint,
    region: 'us-east-1',
    credentials: CREDENTIALS,
    useQueueUrlAsEndpoint: false,
  });
  try {
    await createTables(tables, NAMES);
    const { url } = await createFifoQueue(lanes, 'bench.fifo', { visibilityTimeoutSeconds: 180 });
    const read = new GetItemCommand({ TableName: NAMES.orders, Key: { pk: { S: 'none' }, sk: { S: 'row' } } });
    const order = async (round: number): Promise<void> => {
      const answer = await fetch(`${broker.url}/v2/orders`, {
        method: 'POST',
        headers: { 'APCA-API-KEY-ID': 'PKBENCH', 'APCA-API-SECRET-KEY': 'bench', 'content-type': 'application/json' },
        body: JSON.stringify({
          symbol: market.assets[0]?.ticker,
          qty: '1',
          side: 'buy',
          type: 'limit',
          limit_price: '1',
          time_in_force: 'day',
          client_order_id: `bench-${round}`,
        }),
      });
      if (answer.status !== 200) throw new Error(`the simulator answered ${answer.status}: ${await answer.text()}`);
      await answer.arrayBuffer();
    };
    return await latenciesMs(rounds, async (round) => {
      const id = `bench-${round}`;
      await lanes.send(
        new SendMessageCommand({ QueueUrl: url, MessageBody: id, MessageGroupId: 'g', MessageDeduplicationId: id }),
      );
      const received = await lanes.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 1 }));
      await tables.send(read);
      await tables.send(read);
      await tables.send(new TransactWriteItemsCommand({ TransactItems: put(round, 'claim', 7) }));
      await tables.send(new TransactWriteItemsCommand({ TransactItems: put(round, 'look', 4) }));
      await order(round);
      await tables.send(new TransactWriteItemsCommand({ TransactItems: put(round, 'settle', 2) }));
      const ReceiptHandle = received.Messages?.[0]?.ReceiptHandle;
      await lanes.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
    });
  } finally {
    tables.destroy();
    lanes.destroy();
    await broker.close();
    await Promise.all([dynamoDb.stop(), sqs.stop()]);
  }
}

/** @param days of the house to run; the synthetic market gives about one order a day */
export async function measureSubmitPath(days: number, rounds: number): Promise<SubmitPathFigures> {
  const house = await throughTheHouse(days);
  const bare = await bareCalls(rounds);
  const bareMs = { p50: percentile(bare, 0.5), p99: percentile(bare, 0.99) };
  const houseMs = house.submitToAckMs;
  return {
    orders: house.orders.submitted,
    houseMs,
    bareMs,
    ratio: { p50: houseMs.p50 / bareMs.p50, p99: houseMs.p99 / bareMs.p99 },
  };
}
