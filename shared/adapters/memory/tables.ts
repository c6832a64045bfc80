/**
 * The tables in memory, as strict as the real ones: conditions, transactions that conflict with one another, tokens,
 * limits, indexes computed from the catalogue and readers that lag. No timers and no chance: waiting is counted in
 * turns of the event loop's own microtasks, and what goes wrong is what the owner injects.
 */
import { failedConditions } from '#shared/core/kernel/conditions.ts';
import { Fault, invariant } from '#shared/core/kernel/fault.ts';
import type { Item, ItemKey } from '#shared/core/kernel/item.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { TABLE_NAMES, type TableName, TABLES } from '#shared/ports/table-catalogue.ts';
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
import { TableHistory } from './table-history.ts';
import { pageOf } from './table-pages.ts';
import {
  checkedKey,
  itemAfter,
  keyOf,
  malformed,
  placeOf,
  refuseTransaction,
  TRANSACT_ITEMS_MAX,
} from './table-rules.ts';

/** One attempt at one call, as the owner sees it who may disturb it. */
export interface TableAttempt {
  readonly operation: 'get' | 'get-together' | 'query' | 'write' | 'transact';
  readonly tables: readonly TableName[];
  /** Counts the calls from 1, over all operations. */
  readonly call: number;
  /** Counts the attempts at this call from 1. */
  readonly attempt: number;
}

/** lost-before: nothing was written. lost-after: it was; in both cases the caller gets no answer. */
export type TableDisturbance = 'conflict' | 'throttle' | 'unreachable' | 'lost-before' | 'lost-after';

/** What one commit did to one item; all changes of a commit are told together. */
export interface TableChange {
  readonly table: TableName;
  readonly key: ItemKey;
  readonly before: Item | null;
  readonly after: Item | null;
}

export interface MemoryTablesOptions {
  /** Tells how old a transaction's token is. */
  readonly clock: Pick<Clock, 'now'>;
  /** How many commits the readers of indexes, and those who ask for "eventual", lag behind. Default 0. */
  readonly lagCommits?: number;
  readonly disturb?: (attempt: TableAttempt) => TableDisturbance | null;
  /** Told of each commit, in their order and before its caller hears of it; a commit that only checked is none. */
  readonly onCommit?: (changes: readonly TableChange[]) => void;
}

const ATTEMPTS_MAX = 8;
const TOKEN_MS_MAX = 10 * 60_000;

interface Place {
  readonly table: TableName;
  readonly key: ItemKey;
}

export class MemoryTables implements Tables {
  readonly #options: MemoryTablesOptions;
  readonly #histories: ReadonlyMap<TableName, TableHistory>;
  readonly #locked = new Set<string>();
  readonly #tokens = new Map<string, { readonly writes: readonly TransactWrite[]; readonly at: number }>();
  #commits = 0;
  #calls = 0;

  constructor(options: MemoryTablesOptions) {
    this.#options = options;
    this.#histories = new Map(TABLE_NAMES.map((table) => [table, new TableHistory(TABLES[table])]));
  }

  /** Every item of a table as it stands, for assertions. */
  items(table: TableName): readonly Item[] {
    return this.#history(table).all();
  }

  async get(table: TableName, key: ItemKey, options: ReadOptions = {}): Promise<Item | null> {
    const commit = options.consistency === 'eventual' ? this.#laggingCommit() : this.#commits;
    checkedKey(key);
    return await this.#attempts('get', [], [table], () => this.#history(table).at(key, commit));
  }

  async getTogether(keys: readonly Place[]): Promise<readonly (Item | null)[]> {
    if (keys.length === 0) return [];
    const places = new Set(keys.map(lockOf));
    if (keys.length > TRANSACT_ITEMS_MAX) throw malformed(`keys: at most ${TRANSACT_ITEMS_MAX}, not ${keys.length}`);
    if (places.size < keys.length) throw malformed('keys: an item is asked for twice');
    return await this.#attempts('get-together', keys, tablesOf(keys), () =>
      keys.map(({ table, key }) => this.#history(table).at(checkedKey(key), this.#commits)),
    );
  }

  async query(request: QueryRequest): Promise<QueryPage> {
    const history = this.#history(request.table);
    return await this.#attempts('query', [], [request.table], () => {
      const commit = request.index === undefined ? this.#commits : this.#laggingCommit();
      const items = history.partition(request.index, request.partition, commit);
      return pageOf(request, history.keysOf(request.index), items);
    });
  }

  async write(write: Write): Promise<WriteOutcome> {
    const place = { table: write.table, key: keyOf(write) };
    return await this.#attempts('write', [place], [write.table], () => this.#commit([write]));
  }

  async putEach(table: TableName, items: readonly Item[]): Promise<void> {
    const writes = items.map((item): Write => ({ kind: 'put', table, item, conditions: [] }));
    const places = new Set(writes.map((write) => lockOf({ table, key: keyOf(write) })));
    if (places.size < items.length) throw malformed('items: an item is put twice');
    await Promise.all(writes.map((write) => this.write(write)));
  }

  async transact(writes: readonly TransactWrite[], options: { readonly token?: string } = {}): Promise<WriteOutcome> {
    refuseTransaction(writes, options.token);
    const places = writes.map((write) => ({ table: write.table, key: keyOf(write) }));
    return await this.#attempts('transact', places, tablesOf(places), () => {
      if (options.token !== undefined && this.#isRepeat(options.token, writes)) return { ok: true };
      const outcome = this.#commit(writes);
      if (outcome.ok && options.token !== undefined) {
        this.#tokens.set(options.token, { writes, at: this.#options.clock.now() });
      }
      return outcome;
    });
  }

  #isRepeat(token: string, writes: readonly TransactWrite[]): boolean {
    const known = this.#tokens.get(token);
    if (known === undefined || this.#options.clock.now() - known.at > TOKEN_MS_MAX) return false;
    if (JSON.stringify(known.writes) === JSON.stringify(writes)) return true;
    throw new Fault('permanent', 'tables-token-reused', `token: "${token}" belongs to another transaction`);
  }

  #commit(writes: readonly TransactWrite[]): WriteOutcome {
    const found = writes.map((write) => this.#history(write.table).at(keyOf(write), this.#commits));
    const failures = writes.flatMap((write, index): ConditionFailure[] => {
      const item = found[index] ?? null;
      const names = failedConditions(item, write.conditions);
      return names.length === 0 ? [] : [{ index, names, item }];
    });
    if (failures.length > 0) return { ok: false, failures };
    // Every write is worked out before the first is kept, so that one that is malformed leaves no half.
    const after = writes.map((write, index) => itemAfter(write, found[index] ?? null));
    this.#commits += 1;
    const oldest = this.#laggingCommit();
    const changes = writes.flatMap((write, index): TableChange[] => {
      if (write.kind === 'check') return [];
      const change = {
        table: write.table,
        key: keyOf(write),
        before: found[index] ?? null,
        after: after[index] ?? null,
      };
      this.#history(change.table).commit(change.key, change.after, this.#commits, oldest);
      return [change];
    });
    if (changes.length > 0) this.#options.onCommit?.(changes);
    return { ok: true };
  }

  /**
   * Runs an operation that is atomic by itself. One on places takes them for a turn, and meets a conflict while
   * another has them: it then waits, longer each time, and comes again.
   */
  async #attempts<T>(
    operation: TableAttempt['operation'],
    places: readonly Place[],
    tables: readonly TableName[],
    run: () => T,
  ): Promise<T> {
    this.#calls += 1;
    const call = this.#calls;
    for (let attempt = 1; ; attempt += 1) {
      // Where nobody holds anything, nothing has to be named.
      const locks = operation === 'transact' || this.#locked.size > 0 ? places.map(lockOf) : [];
      const disturbance = this.#options.disturb?.({ operation, tables, call, attempt }) ?? null;
      const trouble = locks.some((lock) => this.#locked.has(lock)) ? 'conflict' : disturbance;
      if (trouble === null) return operation === 'transact' ? await this.#holding(locks, run) : run();
      if (trouble === 'lost-after') await this.#holding(places.map(lockOf), run);
      const fault = faultOf(trouble);
      if (fault.kind !== 'transient' || attempt === ATTEMPTS_MAX) throw fault;
      await turns(waitTurns(call, attempt));
    }
  }

  async #holding<T>(locks: readonly string[], run: () => T): Promise<T> {
    if (locks.length === 0) return run();
    for (const lock of locks) this.#locked.add(lock);
    try {
      await turns(1);
      return run();
    } finally {
      for (const lock of locks) this.#locked.delete(lock);
    }
  }

  #laggingCommit(): number {
    return this.#commits - (this.#options.lagCommits ?? 0);
  }

  #history(table: TableName): TableHistory {
    const history = this.#histories.get(table);
    invariant(history !== undefined, `there is no table "${table}"`);
    return history;
  }
}

const lockOf = ({ table, key }: Place): string => `${table}/${placeOf(key)}`;
const tablesOf = (places: readonly Place[]): readonly TableName[] => [...new Set(places.map(({ table }) => table))];

function faultOf(disturbance: TableDisturbance): Fault {
  switch (disturbance) {
    case 'conflict':
      return new Fault('transient', 'tables-conflict', 'another transaction holds an item');
    case 'throttle':
      return new Fault('transient', 'tables-throttled', 'the table is over its capacity');
    case 'unreachable':
      return new Fault('transient', 'tables-unreachable', 'the table cannot be reached');
    case 'lost-before':
    case 'lost-after':
      return new Fault('uncertain', 'tables-answer-lost', 'the answer was lost');
  }
}

/** Grows with the attempt and differs from call to call, so that two who met do not meet for ever. */
const waitTurns = (call: number, attempt: number): number => 1 + (call % 7) + 2 ** attempt * (call % 5);

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
}
