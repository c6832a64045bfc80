/** Whole tables, read straight from the emulator for the comparison at the end of a run. */
import * as z from 'zod';
import type { Item, ItemValue } from '#shared/core/kernel/item.ts';
import { AwsJsonClient } from '#infra/local/endpoint/aws-json-client.ts';

const itemValue: z.ZodType<ItemValue> = z.lazy(() =>
  z.union([
    z.strictObject({ S: z.string() }),
    z.strictObject({ N: z.string() }),
    z.strictObject({ BOOL: z.boolean() }),
    z.strictObject({ NULL: z.literal(true) }),
    z.strictObject({ B: z.base64().transform((text) => new Uint8Array(Buffer.from(text, 'base64'))) }),
    z.strictObject({ L: z.array(itemValue) }),
    z.strictObject({ M: z.record(z.string(), itemValue) }),
  ]),
);
const item = z.record(z.string(), itemValue);
const page = z.object({ Items: z.array(item), LastEvaluatedKey: z.unknown().optional() });

/** Every item of a table, in no order. */
export async function scanTable(endpoint: string, tableName: string): Promise<readonly Item[]> {
  const client = new AwsJsonClient(endpoint, 'DynamoDB_20120810');
  const items: Item[] = [];
  let start: unknown;
  do {
    const input = {
      TableName: tableName,
      ConsistentRead: true,
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    };
    const read = await client.call('Scan', input, page);
    items.push(...read.Items);
    start = read.LastEvaluatedKey;
  } while (start !== undefined && start !== null);
  return items;
}

export function textOf(found: Item, attribute: string): string {
  const value = found[attribute];
  return value !== undefined && 'S' in value ? value.S : '';
}
