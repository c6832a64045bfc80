/** The tables with every call counted, and what each of its writes costs. */
import type { Item, ItemKey } from '#shared/core/kernel/item.ts';
import type { TableName } from '#shared/ports/table-catalogue.ts';
import type { Tables, TransactWrite } from '#shared/ports/tables.ts';
import { itemBytes, type WriteCost, writeCost } from './write-units.ts';

export interface CountedCall {
  readonly name: string;
  readonly writes: readonly (WriteCost & { readonly what: string })[];
  /** Read request units: a strong read of 4 KB is one, in a transaction two. */
  readonly readUnits: number;
}

const READ_UNIT_BYTES = 4096;

const readUnitsOf = (item: Item | null, each: number): number =>
  Math.max(1, Math.ceil((item === null ? 0 : itemBytes(item)) / READ_UNIT_BYTES)) * each;

const keyOf = (write: TransactWrite): ItemKey => {
  if (write.kind !== 'put') return write.key;
  const { pk, sk } = write.item;
  if (pk === undefined || sk === undefined || !('S' in pk) || !('S' in sk)) throw new TypeError('a put has no key');
  return { pk: pk.S, sk: sk.S };
};

const labelOf = (write: TransactWrite): string =>
  `${write.kind} ${keyOf(write).pk.split(/[#:]/)[0]} ${keyOf(write).sk}`;

/** @param counted is told each call once it has been answered */
export function countedTables(tables: Tables, counted: (call: CountedCall) => void): Tables {
  const found = (write: TransactWrite): Promise<Item | null> => tables.get(write.table, keyOf(write));
  const count = async <T extends { readonly ok: boolean }>(
    name: string,
    writes: readonly TransactWrite[],
    perform: () => Promise<T>,
  ): Promise<T> => {
    const before = await Promise.all(writes.map(found));
    const outcome = await perform();
    const after = await Promise.all(writes.map(found));
    const costs = writes.map((write, index) => ({
      what: labelOf(write),
      ...writeCost(write.table, before[index] ?? null, after[index] ?? null, name === 'transact'),
    }));
    counted({ name: `tables: ${name}`, writes: costs, readUnits: 0 });
    return outcome;
  };
  const read = (name: string, units: number): void =>
    counted({ name: `tables: ${name}`, writes: [], readUnits: units });
  return {
    async get(table: TableName, key, options) {
      const item = await tables.get(table, key, options);
      read(`get ${table}`, readUnitsOf(item, options?.consistency === 'eventual' ? 0.5 : 1));
      return item;
    },
    async getTogether(keys) {
      const items = await tables.getTogether(keys);
      read(
        'get together',
        items.reduce((sum, item) => sum + readUnitsOf(item, 2), 0),
      );
      return items;
    },
    async query(request) {
      const page = await tables.query(request);
      const bytes = page.items.reduce((sum, item) => sum + itemBytes(item), 0);
      const each = request.index === undefined ? 1 : 0.5;
      read(`query ${request.table}`, Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES)) * each);
      return page;
    },
    write: (write) => count(`write ${write.table}`, [write], () => tables.write(write)),
    putEach: async (table, items) => {
      const writes = items.map((item): TransactWrite => ({ kind: 'put', table, item, conditions: [] }));
      await count(`put each ${table}`, writes, async () => {
        await tables.putEach(table, items);
        return { ok: true };
      });
    },
    transact: (writes, options) => count('transact', writes, () => tables.transact(writes, options)),
  };
}
