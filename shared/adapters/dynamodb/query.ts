/** Queries of a partition as DynamoDB's requests, and the cursor from one page to the next. */
import type { AttributeValue, QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { Fault, invariant } from '#shared/core/kernel/fault.ts';
import { type TableDescription, TABLES } from '#shared/ports/table-catalogue.ts';
import type { QueryRequest } from '#shared/ports/tables.ts';
import { compareTexts } from '#shared/core/kernel/conditions.ts';
import { Placeholders } from './expressions.ts';

/** Null when the bounds leave nothing to look for, which the service would call an error. */
export function queryInput(request: QueryRequest, physicalName: string): QueryCommandInput | null {
  const { from, to, prefix } = request;
  invariant(
    prefix === undefined || (from === undefined && to === undefined),
    'a query has a prefix or bounds, not both',
  );
  if (from !== undefined && to !== undefined && compareTexts(from, to) > 0) return null;
  const keys = keysOf(request);
  const placeholders = new Placeholders();
  const conditions = [`${placeholders.name(keys.partitionKey)} = ${placeholders.value({ S: request.partition })}`];
  // Named only where it is used: the service refuses a placeholder that stands for nothing.
  const sortKey = (): string => placeholders.name(keys.sortKey);
  const bound = (text: string): string => placeholders.value({ S: text });
  if (prefix !== undefined) conditions.push(`begins_with(${sortKey()}, ${bound(prefix)})`);
  else if (from !== undefined && to !== undefined)
    conditions.push(`${sortKey()} BETWEEN ${bound(from)} AND ${bound(to)}`);
  else if (from !== undefined) conditions.push(`${sortKey()} >= ${bound(from)}`);
  else if (to !== undefined) conditions.push(`${sortKey()} <= ${bound(to)}`);
  return {
    TableName: physicalName,
    KeyConditionExpression: conditions.join(' AND '),
    ConsistentRead: request.index === undefined,
    ScanIndexForward: request.newestFirst !== true,
    ...placeholders.request(),
    ...(request.index === undefined ? {} : { IndexName: request.index }),
    ...(request.limit === undefined ? {} : { Limit: request.limit }),
    ...(request.cursor === undefined
      ? {}
      : { ExclusiveStartKey: startKey(request.cursor, keys.partitionKey, request) }),
  };
}

function keysOf(request: QueryRequest): { readonly partitionKey: string; readonly sortKey: string } {
  if (request.index === undefined) return { partitionKey: 'pk', sortKey: 'sk' };
  const table: TableDescription = TABLES[request.table];
  const index = table.indexes.find((candidate) => candidate.name === request.index);
  invariant(index !== undefined, `the table "${request.table}" has no index "${request.index}"`);
  return index;
}

/** The cursor is the last key of the page, which is all that the service needs to go on. */
export function cursorOf(lastKey: Readonly<Record<string, AttributeValue>> | undefined): string | null {
  if (lastKey === undefined) return null;
  const texts = Object.entries(lastKey).map(([attribute, value]) => [attribute, value.S]);
  return Buffer.from(JSON.stringify(Object.fromEntries(texts)), 'utf8').toString('base64url');
}

function startKey(cursor: string, partitionKey: string, request: QueryRequest): Record<string, AttributeValue> {
  const key = readCursor(cursor);
  if (key?.[partitionKey] !== request.partition) {
    throw new Fault('permanent', 'tables-malformed', 'cursor: expected one that a page of this same query gave');
  }
  return Object.fromEntries(Object.entries(key).map(([attribute, text]) => [attribute, { S: text }]));
}

function readCursor(cursor: string): Record<string, string> | null {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  return isTextRecord(value) ? value : null;
}

function isTextRecord(value: unknown): value is Record<string, string> {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every((part) => typeof part === 'string');
}
