/** The tables over DynamoDB's low-level client. */
import {
  type AttributeValue,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactGetItemsCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type TransactWriteItem,
  UpdateItemCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';
import { failedConditions } from '#shared/core/kernel/conditions.ts';
import { Fault, invariant } from '#shared/core/kernel/fault.ts';
import type { Item, ItemKey } from '#shared/core/kernel/item.ts';
import { refuseRealAwsRequests } from '#shared/core/kernel/real-aws.ts';
import type { Pacing } from '#shared/ports/pacing.ts';
import type { TableName } from '#shared/ports/table-catalogue.ts';
import type {
  ConditionFailure,
  QueryPage,
  QueryRequest,
  ReadOptions,
  Tables,
  TransactWrite,
  Write,
  WriteOutcome,
} from '#shared/ports/tables.ts';
import { attempt, type AttemptLimits } from '#shared/core/kernel/attempts.ts';
import { fromAttributeMap, toAttributeKey, toAttributeMap } from './attribute-values.ts';
import { faultOf } from './faults.ts';
import { cursorOf, queryInput } from './query.ts';
import { writeItem } from './write-items.ts';

export interface DynamoTablesOptions {
  /** The tables that this function may touch. Asking for another one is a fault. */
  readonly physicalNames: Readonly<Partial<Record<TableName, string>>>;
  readonly pacing: Pacing;
  /** Region, credentials and endpoint come from the standard environment variables unless given. */
  readonly client?: DynamoDBClientConfig;
  readonly limits?: AttemptLimits;
}

/** The service takes no more in one call. */
const PUTS_TOGETHER_MAX = 25;

const LIMITS: AttemptLimits = { attemptsMax: 8, waitMsBase: 10, waitMsMax: 250 };

/** A lost answer must become known well inside a function's own deadline. */
const TIMEOUTS = { connectionTimeout: 1000, requestTimeout: 4000, throwOnRequestTimeout: true } as const;

export function openDynamoTables(options: DynamoTablesOptions): Tables {
  // One attempt: a client that repeats a conditional write by itself meets its own first write and calls it a refusal.
  // The way of a command through the client is the same each time, and resolved once.
  const client = new DynamoDBClient({
    requestHandler: TIMEOUTS,
    cacheMiddleware: true,
    ...options.client,
    maxAttempts: 1,
  });
  // It copies every request and every answer without their secrets, for a log that nobody keeps.
  client.middlewareStack.remove('loggerMiddleware');
  if (process.env['BELAY_LOCAL'] === '1') {
    client.middlewareStack.add(refuseRealAwsRequests, { step: 'finalizeRequest', name: 'refuseRealAws' });
  }
  return new DynamoTables(client, options);
}

type Effect = 'read' | 'write';

class DynamoTables implements Tables {
  readonly #client: DynamoDBClient;
  readonly #names: Readonly<Partial<Record<TableName, string>>>;
  readonly #pacing: Pacing;
  readonly #limits: AttemptLimits;

  constructor(client: DynamoDBClient, options: DynamoTablesOptions) {
    this.#client = client;
    this.#names = options.physicalNames;
    this.#pacing = options.pacing;
    this.#limits = options.limits ?? LIMITS;
  }

  async get(table: TableName, key: ItemKey, options: ReadOptions = {}): Promise<Item | null> {
    const command = new GetItemCommand({
      TableName: this.#physicalName(table),
      Key: toAttributeKey(key),
      ConsistentRead: options.consistency !== 'eventual',
    });
    const answer = await this.#repeated('read', false, () => this.#client.send(command));
    return answer.Item === undefined ? null : fromAttributeMap(answer.Item);
  }

  async getTogether(
    keys: readonly { readonly table: TableName; readonly key: ItemKey }[],
  ): Promise<readonly (Item | null)[]> {
    if (keys.length === 0) return [];
    const command = new TransactGetItemsCommand({
      TransactItems: keys.map(({ table, key }) => ({
        Get: { TableName: this.#physicalName(table), Key: toAttributeKey(key) },
      })),
    });
    const answer = await this.#repeated('read', false, () => this.#client.send(command));
    return keys.map((_, index) => {
      const item = answer.Responses?.[index]?.Item;
      return item === undefined ? null : fromAttributeMap(item);
    });
  }

  async query(request: QueryRequest): Promise<QueryPage> {
    const input = queryInput(request, this.#physicalName(request.table));
    if (input === null) return { items: [], cursor: null };
    const command = new QueryCommand(input);
    const answer = await this.#repeated('read', false, () => this.#client.send(command));
    return { items: (answer.Items ?? []).map(fromAttributeMap), cursor: cursorOf(answer.LastEvaluatedKey) };
  }

  async write(write: Write): Promise<WriteOutcome> {
    const item = writeItem(write, this.#physicalName(write.table));
    return this.#repeated('write', false, async () => {
      try {
        await this.#send(item);
        return { ok: true };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return { ok: false, failures: [failureOf(write, 0, error.Item)] };
      }
    });
  }

  async putEach(table: TableName, items: readonly Item[]): Promise<void> {
    const requests = items.map((item): WriteRequest => ({ PutRequest: { Item: toAttributeMap(item) } }));
    const parts: WriteRequest[][] = [];
    for (let start = 0; start < requests.length; start += PUTS_TOGETHER_MAX) {
      parts.push(requests.slice(start, start + PUTS_TOGETHER_MAX));
    }
    await Promise.all(parts.map((part) => this.#putPart(this.#physicalName(table), part)));
  }

  /** What was not taken is put again, and nothing else. */
  async #putPart(name: string, requests: readonly WriteRequest[]): Promise<void> {
    let left = [...requests];
    await this.#repeated('write', true, async () => {
      const answer = await this.#client.send(new BatchWriteItemCommand({ RequestItems: { [name]: left } }));
      left = answer.UnprocessedItems?.[name] ?? [];
      if (left.length > 0) throw new Fault('transient', 'tables-throttled', `${left.length} items were not taken`);
    });
  }

  async transact(writes: readonly TransactWrite[], options: { readonly token?: string } = {}): Promise<WriteOutcome> {
    const command = new TransactWriteItemsCommand({
      TransactItems: writes.map((write) => writeItem(write, this.#physicalName(write.table))),
      ClientRequestToken: options.token ?? randomUUID(),
    });
    return this.#repeated('write', true, async () => {
      try {
        await this.#client.send(command);
        return { ok: true };
      } catch (error) {
        const failures = error instanceof TransactionCanceledException ? failuresOf(writes, error) : [];
        if (failures.length === 0) throw error;
        return { ok: false, failures };
      }
    });
  }

  #repeated<T>(effect: Effect, sameEffect: boolean, call: () => Promise<T>): Promise<T> {
    return attempt(this.#pacing, this.#limits, sameEffect, async () => {
      try {
        return await call();
      } catch (error) {
        throw faultOf(error, effect);
      }
    });
  }

  #physicalName(table: TableName): string {
    const name = this.#names[table];
    if (name === undefined) {
      throw new Fault('permanent', 'tables-not-found', `this function was given no name for the table "${table}"`);
    }
    return name;
  }

  #send({ Put, Update, Delete }: TransactWriteItem): Promise<unknown> {
    if (Put !== undefined) return this.#client.send(new PutItemCommand(Put));
    if (Update !== undefined) return this.#client.send(new UpdateItemCommand(Update));
    invariant(Delete !== undefined, 'a write by itself puts, updates or deletes');
    return this.#client.send(new DeleteItemCommand(Delete));
  }
}

/**
 * The writes whose conditions did not hold. Empty while another transaction was in the way of some of them: a repeat
 * then tells the whole, so that a row that exists already is not hidden behind somebody else's refusal.
 */
function failuresOf(writes: readonly TransactWrite[], error: TransactionCanceledException): ConditionFailure[] {
  const reasons = error.CancellationReasons ?? [];
  if (reasons.some((reason) => reason.Code !== 'None' && reason.Code !== 'ConditionalCheckFailed')) return [];
  return writes.flatMap((write, index) => {
    const reason = reasons[index];
    return reason?.Code === 'ConditionalCheckFailed' ? [failureOf(write, index, reason.Item)] : [];
  });
}

function failureOf(
  write: TransactWrite,
  index: number,
  found: Readonly<Record<string, AttributeValue>> | undefined,
): ConditionFailure {
  const item = found === undefined ? null : fromAttributeMap(found);
  const names = failedConditions(item, write.conditions);
  invariant(names.length > 0, `DynamoDB refused write ${index} on ${write.table}, whose conditions all hold`);
  return { index, names, item };
}
