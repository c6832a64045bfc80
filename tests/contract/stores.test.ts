/** Every store of a port, over the emulator and in memory: the same suite for both. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { createTables, startDynamoDb } from '#infra/local/emulators/dynamodb.ts';
import type { Emulator } from '#infra/local/emulators/emulator-process.ts';
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { describeBooks } from './books.contract.ts';
import { describeJournal } from './journal.contract.ts';
import { describeModels } from './models.contract.ts';
import { describeRecords } from './records.contract.ts';
import { describeSafety } from './safety.contract.ts';

const NAMES = {
  safety: 'stores-safety',
  orders: 'stores-orders',
  books: 'stores-books',
  market: 'stores-market',
  journal: 'stores-journal',
} as const;

let emulator: Emulator;
let dynamo: Tables;

beforeAll(async () => {
  emulator = await startDynamoDb();
  const client = {
    endpoint: emulator.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  await createTables(new DynamoDBClient(client), NAMES);
  dynamo = openDynamoTables({ physicalNames: NAMES, pacing: systemPacing, client });
});

afterAll(() => emulator.stop());

const overEmulator = (): Promise<Tables> => Promise.resolve(dynamo);
const inMemory = (): Promise<Tables> => Promise.resolve(new MemoryTables({ clock: new ManualClock(epochMs(0)) }));

for (const describeStores of [describeJournal, describeBooks, describeModels, describeRecords, describeSafety]) {
  describeStores('DynamoDB emulator', overEmulator);
  describeStores('memory', inMemory);
}
