/**
 * What writes cost at DynamoDB on demand, worked out from the items as they are before and after.
 *
 * A write request unit is a write of 1 KB, rounded up for each item; in a transaction an item counts twice (prepare and
 * commit), and so does one that is only checked, by its own size. An index is written after the commit, once for each
 * entry that changes, by the size of what it projects; an entry whose key changes is deleted and put.
 * Source: DynamoDB developer guide, "Read/write capacity mode", "Transactions: capacity management" and "Global secondary
 * indexes: write capacity"; sizes by "Item sizes and formats".
 */
import { isDeepStrictEqual } from 'node:util';
import type { Item, ItemValue } from '#shared/core/kernel/item.ts';
import { type IndexDescription, type TableDescription, type TableName, TABLES } from '#shared/ports/table-catalogue.ts';

const UNIT_BYTES = 1024;

const bytesOf = (text: string): number => Buffer.byteLength(text, 'utf8');

/** A number takes a byte for each two significant digits, and one more; a second more where it is negative. */
function numberBytes(digits: string): number {
  const significant = digits.replace(/^-/, '').replace('.', '').replace(/^0+/, '').replace(/0+$/, '');
  return Math.ceil(significant.length / 2) + 1 + (digits.startsWith('-') ? 1 : 0);
}

function valueBytes(value: ItemValue): number {
  if ('S' in value) return bytesOf(value.S);
  if ('N' in value) return numberBytes(value.N);
  if ('B' in value) return value.B.byteLength;
  if ('L' in value) return value.L.reduce((sum, one) => sum + valueBytes(one) + 1, 3);
  if ('M' in value) return Object.values(value.M).length + itemBytes(value.M) + 3;
  return 1;
}

/** The bytes of an item: the names of its attributes and their values. */
export const itemBytes = (item: Item): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + bytesOf(name) + valueBytes(value), 0);

const unitsOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / UNIT_BYTES));

/** What an index holds of an item, or null where the item lacks one of its keys. */
function entryOf(item: Item | null, index: IndexDescription): Item | null {
  if (item === null || item[index.partitionKey] === undefined || item[index.sortKey] === undefined) return null;
  if (index.projects === 'whole') return item;
  const keys = new Set(['pk', 'sk', index.partitionKey, index.sortKey]);
  return Object.fromEntries(Object.entries(item).filter(([name]) => keys.has(name)));
}

const sameKey = (a: Item, b: Item, index: IndexDescription): boolean =>
  [index.partitionKey, index.sortKey].every((name) => isDeepStrictEqual(a[name], b[name]));

function entryUnits(before: Item | null, after: Item | null): number {
  const [left, right] = [before, after].map((entry) => (entry === null ? 0 : unitsOf(itemBytes(entry))));
  return Math.max(left ?? 0, right ?? 0);
}

function indexUnits(index: IndexDescription, before: Item | null, after: Item | null): number {
  const [old, next] = [entryOf(before, index), entryOf(after, index)];
  if (isDeepStrictEqual(old, next)) return 0;
  if (old !== null && next !== null && !sameKey(old, next, index))
    return entryUnits(old, null) + entryUnits(null, next);
  return entryUnits(old, next);
}

export interface WriteCost {
  readonly table: TableName;
  /** Of the item as it was or is, whichever is larger. */
  readonly bytes: number;
  readonly itemUnits: number;
  readonly indexUnits: number;
}

/** @param transactional whether the write, or the check, is part of a transaction */
export function writeCost(
  table: TableName,
  before: Item | null,
  after: Item | null,
  transactional: boolean,
): WriteCost {
  const description: TableDescription = TABLES[table];
  const bytes = Math.max(before === null ? 0 : itemBytes(before), after === null ? 0 : itemBytes(after));
  return {
    table,
    bytes,
    itemUnits: unitsOf(bytes) * (transactional ? 2 : 1),
    indexUnits: description.indexes.reduce((sum, index) => sum + indexUnits(index, before, after), 0),
  };
}
