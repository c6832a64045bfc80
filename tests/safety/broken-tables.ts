/** Tables that fail where a test says so: an item that cannot be read, one whose answers come too late, one read as it was. */
import { Fault } from '#shared/core/kernel/fault.ts';
import type { Item, ItemKey } from '#shared/core/kernel/item.ts';
import type { TableName } from '#shared/ports/table-catalogue.ts';
import type {
  QueryPage,
  QueryRequest,
  ReadOptions,
  Tables,
  TransactWrite,
  Write,
  WriteOutcome,
} from '#shared/ports/tables.ts';

/** One item, or a whole table where there is no key. */
export interface Place {
  readonly table: TableName;
  readonly key?: ItemKey;
}

/**
 * unreadable: the call fails before it was sent. slow: it has its effect and nobody hears so before the adapter's
 * deadline. gone: there is no such table.
 */
export type TableFault = 'unreadable' | 'slow' | 'gone';

interface Rule {
  readonly place: Place;
  readonly fault: TableFault;
}

type Effect = 'read' | 'write';

const sameKey = (a: ItemKey, b: ItemKey): boolean => a.pk === b.pk && a.sk === b.sk;
const keyOfItem = (item: Item): ItemKey | null => {
  const { pk, sk } = item;
  return pk !== undefined && 'S' in pk && sk !== undefined && 'S' in sk ? { pk: pk.S, sk: sk.S } : null;
};
const keyOfWrite = (write: TransactWrite): ItemKey | null => (write.kind === 'put' ? keyOfItem(write.item) : write.key);

/** What the adapter throws, by the contract of the tables. */
function faultFor(fault: TableFault, effect: Effect): Fault {
  switch (fault) {
    case 'unreadable':
      return new Fault('transient', 'tables-unreachable', 'the table cannot be reached');
    case 'gone':
      return new Fault('permanent', 'tables-not-found', 'there is no such table');
    case 'slow':
      return effect === 'read'
        ? new Fault('transient', 'tables-no-answer', 'no answer within the deadline')
        : new Fault('uncertain', 'tables-answer-lost', 'no answer within the deadline');
  }
}

type Attributes = Readonly<Record<string, Item[string] | undefined>>;

export class BrokenTables implements Tables {
  readonly #inner: Tables;
  readonly #undo: (() => Promise<void>)[] = [];
  #rules: readonly Rule[] = [];
  #afterClaim: (() => Promise<void>) | null = null;
  #beforeWrite: (() => void) | null = null;
  readonly #old: { readonly place: Required<Place>; readonly item: Item }[] = [];

  constructor(inner: Tables) {
    this.#inner = inner;
  }

  /** Breaks something once the next order is claimed, before its last look. */
  onClaim(act: () => Promise<void> | void): void {
    this.#afterClaim = async () => {
      this.#afterClaim = null;
      await act();
    };
  }

  /** Does something while each write is on its way. */
  whileWriting(act: () => void): void {
    this.#beforeWrite = act;
  }

  /** From now on every call that touches the place fails. */
  fail(place: Place, fault: TableFault): void {
    this.#rules = [...this.#rules, { place, fault }];
  }

  /** From now on whoever reads the item sees it as it is now; conditions see it as it will be. */
  async readAsOf(table: TableName, key: ItemKey): Promise<void> {
    const item = await this.#inner.get(table, key);
    if (item === null) throw new Error(`there is no ${key.pk} ${key.sk}`);
    this.#old.push({ place: { table, key }, item });
  }

  /** Everything works again, and what was changed here is as it was; what others changed meanwhile stays. */
  async mend(): Promise<void> {
    this.#rules = [];
    this.#beforeWrite = null;
    this.#old.length = 0;
    for (const undo of this.#undo.splice(0).reverse()) await undo();
  }

  /** Changes attributes behind everybody's back; undefined removes one. */
  async edit(table: TableName, key: ItemKey, change: Attributes): Promise<void> {
    const item = await this.#inner.get(table, key);
    if (item === null) throw new Error(`there is no ${key.pk} ${key.sk}`);
    await this.#overwrite(table, { ...item, ...change });
    const before = Object.fromEntries(Object.keys(change).map((name) => [name, item[name]]));
    this.#undo.push(async () => {
      const now = await this.#inner.get(table, key);
      if (now !== null) await this.#overwrite(table, { ...now, ...before });
    });
  }

  /** Puts an item that was not there. */
  async put(table: TableName, item: Item): Promise<void> {
    await this.#overwrite(table, item);
    const key = keyOfItem(item);
    if (key !== null) this.#undo.push(() => this.#delete(table, key));
  }

  async remove(table: TableName, key: ItemKey): Promise<void> {
    const item = await this.#inner.get(table, key);
    if (item === null) throw new Error(`there is no ${key.pk} ${key.sk}`);
    await this.#delete(table, key);
    this.#undo.push(() => this.#overwrite(table, item));
  }

  async #delete(table: TableName, key: ItemKey): Promise<void> {
    await this.#inner.write({ kind: 'delete', table, key, conditions: [] });
  }

  async #overwrite(table: TableName, attributes: Attributes): Promise<void> {
    const kept = Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    await this.#inner.write({ kind: 'put', table, item: Object.fromEntries(kept), conditions: [] });
  }

  /** The fault of a call that touches these places, or null. */
  #faultOf(touched: readonly Place[], effect: Effect): { readonly fault: TableFault; readonly error: Fault } | null {
    const rule = this.#rules.find(({ place }) =>
      touched.some(
        ({ table, key }) =>
          table === place.table && (place.key === undefined || (key !== undefined && sameKey(key, place.key))),
      ),
    );
    return rule === undefined ? null : { fault: rule.fault, error: faultFor(rule.fault, effect) };
  }

  #seen(table: TableName, key: ItemKey, item: Item | null): Item | null {
    return this.#old.find(({ place }) => place.table === table && sameKey(place.key, key))?.item ?? item;
  }

  async get(table: TableName, key: ItemKey, options?: ReadOptions): Promise<Item | null> {
    const found = this.#faultOf([{ table, key }], 'read');
    if (found !== null) throw found.error;
    return this.#seen(table, key, await this.#inner.get(table, key, options));
  }

  async getTogether(keys: readonly Required<Place>[]): Promise<readonly (Item | null)[]> {
    const found = this.#faultOf(keys, 'read');
    if (found !== null) throw found.error;
    const items = await this.#inner.getTogether(keys);
    return keys.map(({ table, key }, index) => this.#seen(table, key, items[index] ?? null));
  }

  /** A query touches what it finds, and a whole table. */
  async query(request: QueryRequest): Promise<QueryPage> {
    const { table } = request;
    const page = await this.#inner.query(request);
    const keys = page.items.map(keyOfItem).filter((key) => key !== null);
    const found = this.#faultOf([{ table }, ...keys.map((key) => ({ table, key }))], 'read');
    if (found !== null) throw found.error;
    const items = page.items.map((item) => {
      const key = keyOfItem(item);
      return (key === null ? null : this.#seen(table, key, item)) ?? item;
    });
    return { ...page, items };
  }

  async write(write: Write): Promise<WriteOutcome> {
    return await this.#changed([write], () => this.#inner.write(write));
  }

  async putEach(table: TableName, items: readonly Item[]): Promise<void> {
    const writes = items.map((item): Write => ({ kind: 'put', table, item, conditions: [] }));
    await Promise.all(writes.map((write) => this.write(write)));
  }

  async transact(writes: readonly TransactWrite[], options?: { readonly token?: string }): Promise<WriteOutcome> {
    return await this.#changed(writes, () => this.#inner.transact(writes, options));
  }

  async #changed(writes: readonly TransactWrite[], act: () => Promise<WriteOutcome>): Promise<WriteOutcome> {
    const places = writes.map((write): Place => {
      const key = keyOfWrite(write);
      return key === null ? { table: write.table } : { table: write.table, key };
    });
    const found = this.#faultOf(places, 'write');
    if (found === null) {
      this.#beforeWrite?.();
      const outcome = await act();
      const claims = writes.some((write) => write.kind === 'put' && write.table === 'orders');
      if (claims && outcome.ok) await this.#afterClaim?.();
      return outcome;
    }
    if (found.fault === 'slow') await act();
    throw found.error;
  }
}
