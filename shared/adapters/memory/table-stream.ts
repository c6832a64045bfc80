/**
 * The stream of one table in memory, as the service gives it: each change of an item once, those of one partition in
 * their order, in shards that know nothing of each other. A reader keeps his own place, and may read from it again.
 */
import { invariant } from '#shared/core/kernel/fault.ts';
import { type TableName, TABLES } from '#shared/ports/table-catalogue.ts';
import type { TableChange } from './tables.ts';

export interface StreamedChange extends TableChange {
  /** Grows within its shard; digits of one length, so that texts compare as numbers. */
  readonly sequenceNumber: string;
  readonly kind: 'INSERT' | 'MODIFY' | 'REMOVE';
}

const DIGITS = 21;

const kindOf = ({ before, after }: TableChange): StreamedChange['kind'] =>
  before === null ? 'INSERT' : after === null ? 'REMOVE' : 'MODIFY';

/** A write that leaves an item as it was is no change. */
const isChange = ({ before, after }: TableChange): boolean =>
  before === null || after === null ? before !== after : JSON.stringify(before) !== JSON.stringify(after);

export class MemoryTableStream {
  readonly #table: TableName;
  readonly #shards: readonly StreamedChange[][];
  #count = 0;

  /** @throws Bug for a table that has no stream */
  constructor(table: TableName, shards = 1) {
    invariant(TABLES[table].streamed, `the table "${table}" has no stream`);
    this.#table = table;
    this.#shards = Array.from({ length: shards }, () => []);
  }

  get shards(): number {
    return this.#shards.length;
  }

  /** Takes the changes of one commit. */
  append(changes: readonly TableChange[]): void {
    for (const change of changes) {
      if (change.table !== this.#table || !isChange(change)) continue;
      this.#count += 1;
      const sequenceNumber = String(this.#count).padStart(DIGITS, '0');
      this.#shards[shardOf(change.key.pk, this.shards)]?.push({ ...change, sequenceNumber, kind: kindOf(change) });
    }
  }

  /** Changes of a shard behind a sequence number, oldest first; null reads from the shard's beginning. */
  read(shard: number, after: string | null, limit: number): readonly StreamedChange[] {
    const changes = this.#shards[shard];
    invariant(changes !== undefined, `the stream has ${this.shards} shards, and no shard ${shard}`);
    const start = after === null ? 0 : changes.findIndex(({ sequenceNumber }) => sequenceNumber > after);
    return start === -1 ? [] : changes.slice(start, start + limit);
  }
}

/** All items of a partition lie in one shard. */
function shardOf(partition: string, shards: number): number {
  let hash = 0;
  for (let index = 0; index < partition.length; index += 1)
    hash = (hash * 31 + partition.charCodeAt(index)) % 1_000_003;
  return hash % shards;
}
