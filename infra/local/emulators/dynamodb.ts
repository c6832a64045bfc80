/** The DynamoDB emulator: a process on a loopback port, its tables in memory or in a directory. */
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  type DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { TABLE_NAMES, type TableDescription, type TableName, TABLES } from '#shared/ports/table-catalogue.ts';
import { type Emulator, EmulatorError, freeLoopbackPort, startEmulator } from './emulator-process.ts';

const PACKAGE = '@dynoxide/linux-x64';

export interface DynamoDbEmulatorOptions {
  /** A directory that keeps the tables over a restart; absent: they live in memory. */
  readonly stateDirectory?: string;
  /** Absent: a free one. */
  readonly port?: number;
}

/** Starts the emulator. @throws EmulatorError when its binary is missing or it does not start. */
export async function startDynamoDb(options: DynamoDbEmulatorOptions = {}): Promise<Emulator> {
  const port = options.port ?? (await freeLoopbackPort());
  const args = ['serve', '--host', '127.0.0.1', '--port', String(port)];
  if (options.stateDirectory !== undefined) {
    mkdirSync(options.stateDirectory, { recursive: true });
    args.push('--db-path', join(options.stateDirectory, 'dynamodb.sqlite'));
  }
  return startEmulator({
    name: 'the DynamoDB emulator',
    file: binaryFile(),
    args,
    endpointIn: (words) => /listening on (http:\/\/127\.0\.0\.1:\d+)/i.exec(words)?.[1] ?? null,
    readyPath: '/',
  });
}

function binaryFile(): string {
  const given = process.env['BELAY_DYNAMODB_EMULATOR'];
  if (given !== undefined && given !== '') {
    if (!existsSync(given)) throw new EmulatorError(`BELAY_DYNAMODB_EMULATOR names ${given}, where there is no file`);
    return given;
  }
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`)), 'dynoxide');
  } catch (error) {
    throw new EmulatorError(
      `the DynamoDB emulator is missing: ${PACKAGE} is not installed on this ${process.platform}-${process.arch} machine; ` +
        'run npm ci on linux-x64, or set BELAY_DYNAMODB_EMULATOR to the path of a dynoxide binary',
      { cause: error },
    );
  }
}

/**
 * Creates the tables of the catalogue under their physical names; one that exists already is left as it is.
 * @param names which tables, under which physical names.
 */
export async function createTables(
  client: DynamoDBClient,
  names: Readonly<Partial<Record<TableName, string>>>,
): Promise<void> {
  for (const table of TABLE_NAMES) {
    const physicalName = names[table];
    if (physicalName !== undefined) await createTable(client, physicalName, TABLES[table]);
  }
}

async function createTable(client: DynamoDBClient, name: string, table: TableDescription): Promise<void> {
  try {
    await client.send(new CreateTableCommand(tableInput(name, table)));
  } catch (error) {
    if (error instanceof ResourceInUseException) return;
    throw error;
  }
  if (table.expiryAttribute === null) return;
  const expiry = { Enabled: true, AttributeName: table.expiryAttribute };
  await client.send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification: expiry }));
}

function tableInput(name: string, table: TableDescription): CreateTableCommandInput {
  const keys = (partition: string, sort: string): CreateTableCommandInput['KeySchema'] => [
    { AttributeName: partition, KeyType: 'HASH' },
    { AttributeName: sort, KeyType: 'RANGE' },
  ];
  const attributes = new Set(['pk', 'sk', ...table.indexes.flatMap((index) => [index.partitionKey, index.sortKey])]);
  const indexes = table.indexes.map((index) => ({
    IndexName: index.name,
    KeySchema: keys(index.partitionKey, index.sortKey),
    Projection: { ProjectionType: index.projects === 'keys' ? ('KEYS_ONLY' as const) : ('ALL' as const) },
  }));
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keys('pk', 'sk'),
    AttributeDefinitions: [...attributes].map((attribute) => ({
      AttributeName: attribute,
      AttributeType: 'S' as const,
    })),
    ...(indexes.length === 0 ? {} : { GlobalSecondaryIndexes: indexes }),
    ...(table.streamed ? { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' as const } } : {}),
  };
}
