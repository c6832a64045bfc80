/** The tables of the DynamoDB emulator, opened in one way: a process for a file of tests, and tables of their own names. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { createTables, startDynamoDb } from '#infra/local/emulators/dynamodb.ts';
import type { Emulator } from '#infra/local/emulators/emulator-process.ts';
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import type { TableName } from '#shared/ports/table-catalogue.ts';
import type { Tables } from '#shared/ports/tables.ts';

export const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' } as const;

/** How a client reaches a service that listens on this machine. */
const clientAt = (endpoint: string) => ({ endpoint, region: 'us-east-1', credentials: CREDENTIALS });

/** The physical names of all tables of one test. */
export const tableNames = (prefix: string) =>
  ({
    safety: `${prefix}-safety`,
    orders: `${prefix}-orders`,
    books: `${prefix}-books`,
    market: `${prefix}-market`,
    journal: `${prefix}-journal`,
  }) as const satisfies Readonly<Record<TableName, string>>;

/** Makes the tables in an emulator and opens them. */
export async function openTablesAt(endpoint: string, prefix: string): Promise<Tables> {
  const client = new DynamoDBClient(clientAt(endpoint));
  const physicalNames = tableNames(prefix);
  await createTables(client, physicalNames);
  client.destroy();
  return openDynamoTables({ physicalNames, pacing: systemPacing, client: clientAt(endpoint) });
}

export interface EmulatedTables {
  readonly endpoint: () => string;
  /** The tables that all tests of the file share. */
  readonly shared: () => Promise<Tables>;
  /** Tables that nobody has written yet. */
  readonly fresh: () => Promise<Tables>;
}

/** Starts an emulator before the tests of the calling file, and stops it behind them. */
export function emulatedTables(): EmulatedTables {
  let emulator: Emulator | null = null;
  let opened: Promise<Tables> | null = null;
  let times = 0;
  beforeAll(async () => {
    emulator = await startDynamoDb();
  });
  afterAll(() => emulator?.stop());
  const endpoint = (): string => {
    if (emulator === null) throw new Error('the emulator starts before the tests of its file, not before that');
    return emulator.endpoint;
  };
  const fresh = (): Promise<Tables> => {
    times += 1;
    return openTablesAt(endpoint(), `contract-${times}`);
  };
  return { endpoint, fresh, shared: () => (opened ??= fresh()) };
}

const memoryTables = (): Promise<Tables> => Promise.resolve(new MemoryTables({ clock: new ManualClock(epochMs(0)) }));

export type DescribeOver = (name: string, open: () => Promise<Tables>) => void;

/**
 * One suite over the emulator and over memory.
 * @param emulated how the suite opens the emulator's tables: shared ones, or fresh ones where it counts what is in them
 */
export function overBothTables(describeOver: DescribeOver, emulated: () => Promise<Tables>): void {
  describeOver('DynamoDB emulator', emulated);
  describeOver('memory', memoryTables);
}
