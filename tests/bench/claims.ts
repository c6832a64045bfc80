/**
 * Claims a second, against the bare calls that a claim must make: one transaction of its seven items. Both go through
 * the SDK's client to one emulator, in turns, so that a busy machine slows both.
 */
import { DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { createTables, startDynamoDb } from '#infra/local/emulators/dynamodb.ts';
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { withdraw } from '#shared/core/order/sending.ts';
import type { ClaimRequest } from '#shared/ports/orders.ts';
import { HouseFixture, NOW } from '#tests/contract/house-fixture.ts';
import { latenciesMs, percentile, sum } from './latencies.ts';

const NAMES = {
  safety: 'bench-safety',
  orders: 'bench-orders',
  books: 'bench-books',
  market: 'bench-market',
  journal: 'bench-journal',
} as const;
const CREDENTIALS = { accessKeyId: 'bench', secretAccessKey: 'bench' };

export interface ClaimFigures {
  readonly claims: number;
  readonly claimsPerSecond: number;
  readonly bareTransactionsPerSecond: number;
  /** Median latency of a claim over that of the bare transaction. */
  readonly ratio: number;
}

/** As large as the items of a claim are. */
const filler = (bytes: number) => ({ S: 'x'.repeat(bytes) });

function bareClaim(round: number) {
  const check = (sk: string) => ({
    ConditionCheck: {
      TableName: NAMES.safety,
      Key: { pk: { S: 'bare' }, sk: { S: sk } },
      ConditionExpression: 'attribute_exists(#pk)',
      ExpressionAttributeNames: { '#pk': 'pk' },
    },
  });
  const add = (table: string, sk: string) => ({
    Update: {
      TableName: table,
      Key: { pk: { S: 'bare' }, sk: { S: sk } },
      UpdateExpression: 'ADD #n :one',
      ConditionExpression: 'attribute_exists(#pk)',
      ExpressionAttributeNames: { '#n': 'n', '#pk': 'pk' },
      ExpressionAttributeValues: { ':one': { N: '1' } },
    },
  });
  const put = (table: string, bytes: number) => ({
    Put: {
      TableName: table,
      Item: { pk: { S: `bare#${round}` }, sk: { S: 'row' }, body: filler(bytes) },
      ConditionExpression: 'attribute_not_exists(#pk)',
      ExpressionAttributeNames: { '#pk': 'pk' },
    },
  });
  return [
    check('global'),
    check('account'),
    add(NAMES.safety, 'strategy'),
    add(NAMES.books, 'book'),
    add(NAMES.books, 'exposure'),
    put(NAMES.orders, 1600),
    put(NAMES.journal, 900),
  ];
}

async function seedBareItems(client: DynamoDBClient): Promise<void> {
  const rows = [
    [NAMES.safety, 'global'],
    [NAMES.safety, 'account'],
    [NAMES.safety, 'strategy'],
    [NAMES.books, 'book'],
    [NAMES.books, 'exposure'],
  ] as const;
  const TransactItems = rows.map(([TableName, sk]) => ({
    Put: { TableName, Item: { pk: { S: 'bare' }, sk: { S: sk }, n: { N: '0' } } },
  }));
  await client.send(new TransactWriteItemsCommand({ TransactItems }));
}

/** @param rounds claims to make */
export async function measureClaims(rounds: number): Promise<ClaimFigures> {
  const emulator = await startDynamoDb();
  const options = { endpoint: emulator.endpoint, region: 'us-east-1', credentials: CREDENTIALS };
  const client = new DynamoDBClient(options);
  try {
    await createTables(client, NAMES);
    await seedBareItems(client);
    const tables = openDynamoTables({ physicalNames: NAMES, pacing: systemPacing, client: options });
    const house = await new HouseFixture(tables, 'bench').open();
    let request: ClaimRequest | null = null;
    const bare: number[] = [];
    const clearNext = async (round: number): Promise<void> => {
      if (request !== null) {
        const gone = refusal('cancel-requested', 'the benchmark is done with it');
        await house.orders.step(request.order.clientOrderId, (order) => withdraw(order, gone, NOW));
      }
      const TransactItems = bareClaim(round);
      bare.push(...(await latenciesMs(1, () => client.send(new TransactWriteItemsCommand({ TransactItems })))));
      const cleared = await house.clear({ decision: `bench-${round}` });
      request = { ...cleared.request, headroom: { ...cleared.request.headroom, ordersPerDayMax: rounds + 1 } };
    };
    const claims = await latenciesMs(
      rounds,
      async () => {
        if (request === null) throw new Error('nothing is cleared');
        const outcome = await house.orders.claim(request);
        if (outcome.kind !== 'claimed') throw new Error(`a claim ended as ${outcome.kind}`);
      },
      clearNext,
    );
    return {
      claims: rounds,
      claimsPerSecond: (rounds / sum(claims)) * 1000,
      bareTransactionsPerSecond: (rounds / sum(bare)) * 1000,
      ratio: percentile(claims, 0.5) / percentile(bare, 0.5),
    };
  } finally {
    client.destroy();
    await emulator.stop();
  }
}
