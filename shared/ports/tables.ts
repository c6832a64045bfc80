/**
 * What a store needs of a table: reads, conditional writes and transactions, over items and named conditions. Two
 * adapters answer it, DynamoDB and memory, and one contract suite holds both.
 */
import type { Condition, Item, ItemKey, ItemValue } from '#shared/core/kernel/item.ts';
import type { TableName } from '#shared/ports/table-catalogue.ts';

export interface PutWrite {
  readonly kind: 'put';
  readonly table: TableName;
  /** The whole item, its pk and sk included. */
  readonly item: Item;
  readonly conditions: readonly Condition[];
}

export interface UpdateWrite {
  readonly kind: 'update';
  readonly table: TableName;
  readonly key: ItemKey;
  readonly set?: Readonly<Record<string, ItemValue>>;
  /** Exact decimal texts added to number attributes; an absent attribute counts as 0. */
  readonly add?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
  readonly conditions: readonly Condition[];
}

export interface DeleteWrite {
  readonly kind: 'delete';
  readonly table: TableName;
  readonly key: ItemKey;
  readonly conditions: readonly Condition[];
}

/** Writes nothing: holds the transaction to a condition on an item that others own. */
export interface CheckWrite {
  readonly kind: 'check';
  readonly table: TableName;
  readonly key: ItemKey;
  readonly conditions: readonly Condition[];
}

export type Write = PutWrite | UpdateWrite | DeleteWrite;
export type TransactWrite = Write | CheckWrite;

/** One write of a transaction whose conditions did not hold. */
export interface ConditionFailure {
  /** Position in the list of writes. */
  readonly index: number;
  /** Names of the fragments that do not hold for the item as it was found; never empty. */
  readonly names: readonly string[];
  /** The item as it was found, or null when there was none. */
  readonly item: Item | null;
}

export type WriteOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly failures: readonly ConditionFailure[] };

export interface ReadOptions {
  /** Strongly consistent unless said otherwise. */
  readonly consistency?: 'strong' | 'eventual';
}

export interface QueryRequest {
  readonly table: TableName;
  /** An index of the table, or absent for the table itself. Indexes are eventually consistent. */
  readonly index?: string;
  readonly partition: string;
  /** Inclusive bounds of the sort key. */
  readonly from?: string;
  readonly to?: string;
  readonly prefix?: string;
  readonly newestFirst?: boolean;
  readonly limit?: number;
  /** Opaque, from the page before. */
  readonly cursor?: string;
}

export interface QueryPage {
  readonly items: readonly Item[];
  /** Null on the last page. */
  readonly cursor: string | null;
}

/**
 * Errors: every method throws Bug for a request that can mean nothing (an update without a change, a check without a
 * condition, an index that the table does not have), and Fault `transient` (throttled, conflict that outlived its retries, unreachable before
 * sending), `uncertain` (a write whose answer was lost) or `permanent` (no such table, no permission, malformed).
 */
export interface Tables {
  get(table: TableName, key: ItemKey, options?: ReadOptions): Promise<Item | null>;
  /** Items in the order of the keys; all from one moment (a read transaction). At most 100 keys. */
  getTogether(keys: readonly { readonly table: TableName; readonly key: ItemKey }[]): Promise<readonly (Item | null)[]>;
  query(request: QueryRequest): Promise<QueryPage>;
  write(write: Write): Promise<WriteOutcome>;
  /**
   * Puts items of one table, whatever stands there, each by itself: where it throws, some may be there and others not.
   * A repeat has the same effect. No item twice.
   */
  putEach(table: TableName, items: readonly Item[]): Promise<void>;
  /**
   * All or nothing, at most 100 writes, one per item. Conflicts with other transactions are retried in process with
   * jitter up to the adapter's own limit.
   * @param token 1 to 36 characters; makes a repeat of the same transaction within ten minutes harmless. Given or not,
   * an answer that is lost is asked for again in process, and is `uncertain` only when nobody answers at all.
   */
  transact(writes: readonly TransactWrite[], options?: { readonly token?: string }): Promise<WriteOutcome>;
}
