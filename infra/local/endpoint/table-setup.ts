/** The tables of the plan in the DynamoDB emulator. */
import * as z from 'zod';
import type { TablePlan } from '#infra/local/template/house-plan.ts';
import { AwsJsonClient, EmulatorCallError } from './aws-json-client.ts';

/** Makes what is missing; a table that is there from an earlier run stays as it is. */
export async function createPlannedTables(endpoint: string, tables: readonly TablePlan[]): Promise<void> {
  const client = new AwsJsonClient(endpoint, 'DynamoDB_20120810');
  await Promise.all(tables.map((table) => createTable(client, table)));
}

async function createTable(client: AwsJsonClient, table: TablePlan): Promise<void> {
  const input = {
    TableName: table.name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: table.keySchema,
    AttributeDefinitions: table.attributes,
    ...(table.indexes.length === 0 ? {} : { GlobalSecondaryIndexes: table.indexes }),
    ...(table.streamView === null
      ? {}
      : { StreamSpecification: { StreamEnabled: true, StreamViewType: table.streamView } }),
  };
  try {
    await client.call('CreateTable', input, z.unknown());
  } catch (error) {
    if (error instanceof EmulatorCallError && error.exception === 'ResourceInUseException') return;
    throw error;
  }
  if (table.expiryAttribute === null) return;
  const expiry = { Enabled: true, AttributeName: table.expiryAttribute };
  await client.call('UpdateTimeToLive', { TableName: table.name, TimeToLiveSpecification: expiry }, z.unknown());
}
