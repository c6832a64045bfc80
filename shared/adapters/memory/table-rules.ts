/** What the table service refuses of a write, and what a write makes of an item. Pure. */
import { DecimalError } from '#shared/core/kernel/decimal.ts';
import { Fault, invariant } from '#shared/core/kernel/fault.ts';
import { addNumbers, canonicalNumber } from '#shared/core/kernel/item-number.ts';
import type { Item, ItemKey, ItemValue } from '#shared/core/kernel/item.ts';
import { type TableDescription, TABLES } from '#shared/ports/table-catalogue.ts';
import type { PutWrite, TransactWrite, UpdateWrite } from '#shared/ports/tables.ts';

const ITEM_BYTES_MAX = 400 * 1024;
const PARTITION_KEY_BYTES_MAX = 2048;
const SORT_KEY_BYTES_MAX = 1024;
export const TRANSACT_ITEMS_MAX = 100;
const TOKEN_CHARS_MAX = 36;
const TRANSACT_BYTES_MAX = 4 * 1024 * 1024;

export const malformed = (message: string): Fault => new Fault('permanent', 'tables-malformed', message);

/** The key that a write is about. @throws Fault `permanent` when there is none, or it is empty or too long. */
export function keyOf(write: TransactWrite): ItemKey {
  if (write.kind !== 'put') return checkedKey(write.key);
  const { pk, sk } = write.item;
  if (pk === undefined || sk === undefined || !('S' in pk) || !('S' in sk)) {
    throw malformed('pk and sk: every item needs both, as texts');
  }
  return checkedKey({ pk: pk.S, sk: sk.S });
}

export function checkedKey(key: ItemKey): ItemKey {
  checkKeyPart('pk', key.pk, PARTITION_KEY_BYTES_MAX);
  checkKeyPart('sk', key.sk, SORT_KEY_BYTES_MAX);
  return key;
}

/** A unit of a text takes at most three bytes of UTF-8. */
const BYTES_OF_UNIT_MAX = 3;

function checkKeyPart(name: string, text: string, bytesMax: number): void {
  if (text.length > 0 && text.length * BYTES_OF_UNIT_MAX <= bytesMax) return;
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes === 0 || bytes > bytesMax) throw malformed(`${name}: expected 1 to ${bytesMax} bytes, not ${bytes}`);
}

/** The item as it stands after the write; null after a delete. A check leaves it as it was. */
export function itemAfter(write: TransactWrite, before: Item | null): Item | null {
  switch (write.kind) {
    case 'put':
      return checkedItem(write, frozenItem(write.item));
    case 'update':
      return checkedItem(write, updated(write, before));
    case 'delete':
      return null;
    case 'check':
      return before;
  }
}

/** @param before the item as these tables keep it, whose values nobody can change */
function updated(write: UpdateWrite, before: Item | null): Item {
  refuseOverlap(write);
  const { key, set = {}, add = {}, remove = [] } = write;
  const item: Record<string, ItemValue> = {};
  const kept = before ?? frozenItem({ pk: { S: key.pk }, sk: { S: key.sk } });
  for (const attribute of Object.keys(kept)) {
    if (!remove.includes(attribute)) item[attribute] = valueOf(kept, attribute);
  }
  for (const attribute of Object.keys(set)) item[attribute] = frozenValue(valueOf(set, attribute), attribute);
  for (const [attribute, number] of Object.entries(add)) {
    const found = item[attribute] ?? { N: '0' };
    if (!('N' in found)) throw malformed(`${attribute}: a number can be added to a number only`);
    item[attribute] = Object.freeze({ N: exactly(() => addNumbers(found.N, number), attribute) });
  }
  return Object.freeze(item);
}

function valueOf(item: Item, attribute: string): ItemValue {
  const value = item[attribute];
  invariant(value !== undefined, `${attribute}: an attribute has a value`);
  return value;
}

function refuseOverlap(write: UpdateWrite): void {
  const touched = [...Object.keys(write.set ?? {}), ...Object.keys(write.add ?? {}), ...(write.remove ?? [])];
  invariant(touched.length > 0, `an update of ${write.table} changes nothing`);
  for (const attribute of touched) {
    if (attribute === 'pk' || attribute === 'sk') throw malformed(`${attribute}: a key attribute cannot be updated`);
  }
  if (new Set(touched).size < touched.length) throw malformed('set, add, remove: an attribute is named twice');
}

/** The item itself, where the service keeps it. */
function checkedItem(write: PutWrite | UpdateWrite, item: Item): Item {
  const table: TableDescription = TABLES[write.table];
  for (const index of table.indexes) {
    for (const attribute of [index.partitionKey, index.sortKey]) {
      const value = item[attribute];
      if (value !== undefined && (!('S' in value) || value.S === '')) {
        throw malformed(`${attribute}: a key of the index "${index.name}" is a text that is not empty`);
      }
    }
  }
  const bytes = bytesOf(item);
  if (bytes > ITEM_BYTES_MAX) throw malformed(`an item has at most ${ITEM_BYTES_MAX} bytes, not ${bytes}`);
  keptBytes.set(item, bytes);
  return item;
}

/** A deep copy that nobody can change, its numbers in their shortest form. */
function frozenItem(item: Item): Item {
  const copy: Record<string, ItemValue> = {};
  for (const attribute of Object.keys(item)) copy[attribute] = frozenValue(valueOf(item, attribute), attribute);
  return Object.freeze(copy);
}

function frozenValue(value: ItemValue, attribute: string): ItemValue {
  if ('S' in value) return Object.freeze({ S: value.S });
  if ('N' in value) return Object.freeze({ N: exactly(() => canonicalNumber(value.N), attribute) });
  if ('B' in value) return Object.freeze({ B: new Uint8Array(value.B) });
  if ('L' in value) return Object.freeze({ L: Object.freeze(value.L.map((part) => frozenValue(part, attribute))) });
  if ('M' in value) return Object.freeze({ M: frozenItem(value.M) });
  return Object.freeze({ ...value });
}

function exactly(compute: () => string, attribute: string): string {
  try {
    return compute();
  } catch (error) {
    if (!(error instanceof DecimalError)) throw error;
    throw new Fault('permanent', 'tables-malformed', `${attribute}: ${error.message}`, { cause: error });
  }
}

/** Bytes of the items that are kept, which never change. */
const keptBytes = new WeakMap<Item, number>();

/** Bytes of an item as the service counts them: names, and values by kind. */
export function bytesOf(item: Item): number {
  const known = keptBytes.get(item);
  if (known !== undefined) return known;
  let bytes = 0;
  for (const attribute of Object.keys(item)) {
    const value = item[attribute];
    if (value !== undefined) bytes += Buffer.byteLength(attribute, 'utf8') + valueBytes(value);
  }
  return bytes;
}

const digitsOf = (number: string): number =>
  number.length - (number.startsWith('-') ? 1 : 0) - (number.includes('.') ? 1 : 0);

function valueBytes(value: ItemValue): number {
  if ('S' in value) return Buffer.byteLength(value.S, 'utf8');
  if ('N' in value) return Math.ceil(digitsOf(value.N) / 2) + 1;
  if ('B' in value) return value.B.length;
  if ('L' in value) return 3 + value.L.reduce((sum, part) => sum + 1 + valueBytes(part), 0);
  if ('M' in value) return 3 + Object.keys(value.M).length + bytesOf(value.M);
  return 1;
}

/** @throws Fault `permanent` for a transaction that the service takes in no state of the tables. */
export function refuseTransaction(writes: readonly TransactWrite[], token: string | undefined): void {
  if (token !== undefined && (token === '' || token.length > TOKEN_CHARS_MAX)) {
    throw malformed(`token: expected 1 to ${TOKEN_CHARS_MAX} characters, not ${token.length}`);
  }
  if (writes.length === 0 || writes.length > TRANSACT_ITEMS_MAX) {
    throw malformed(`a transaction has 1 to ${TRANSACT_ITEMS_MAX} writes, not ${writes.length}`);
  }
  const places = new Set(writes.map((write) => `${write.table}/${placeOf(keyOf(write))}`));
  if (places.size < writes.length) throw malformed('a transaction touches an item once');
  for (const write of writes) {
    invariant(write.kind !== 'check' || write.conditions.length > 0, `a check of ${write.table} has no condition`);
  }
  const bytes = writes.reduce((sum, write) => sum + (write.kind === 'put' ? bytesOf(write.item) : 0), 0);
  if (bytes > TRANSACT_BYTES_MAX)
    throw malformed(`a transaction has at most ${TRANSACT_BYTES_MAX} bytes, not ${bytes}`);
}

/** One text for one key. */
export const placeOf = ({ pk, sk }: ItemKey): string => `${pk.length}/${pk}/${sk}`;
