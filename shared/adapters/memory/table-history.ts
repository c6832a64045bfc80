/**
 * The items of one table, each with the versions that a reader who lags behind can still see. Items are immutable,
 * so what is handed out is a snapshot.
 */
import { compareTexts } from '#shared/core/kernel/conditions.ts';
import { invariant } from '#shared/core/kernel/fault.ts';
import type { Item, ItemKey } from '#shared/core/kernel/item.ts';
import type { IndexDescription, TableDescription } from '#shared/ports/table-catalogue.ts';
import { placeOf } from './table-rules.ts';

interface Version {
  /** Number of the commit that made it. */
  readonly commit: number;
  readonly item: Item | null;
  /** Access paths and partitions that the item belongs to. */
  readonly paths: readonly string[];
}

interface Row {
  readonly key: ItemKey;
  /** Oldest first; never empty. */
  readonly versions: readonly Version[];
}

type IndexKeys = Pick<IndexDescription, 'partitionKey' | 'sortKey' | 'projects'>;

export class TableHistory {
  readonly #description: TableDescription;
  readonly #rows = new Map<string, Row>();
  /** Places of rows that may belong to a partition, by access path and partition. */
  readonly #partitions = new Map<string, Set<string>>();

  constructor(description: TableDescription) {
    this.#description = description;
  }

  /** The item as of a commit, or null. */
  at(key: ItemKey, commit: number): Item | null {
    const row = this.#rows.get(placeOf(key));
    return row === undefined ? null : itemAt(row, commit);
  }

  /** Adds a version, and forgets those that no reader sees any more who lags at most to `oldestCommit`. */
  commit(key: ItemKey, item: Item | null, commit: number, oldestCommit: number): void {
    const place = placeOf(key);
    const before = this.#rows.get(place);
    const versions = [...(before?.versions ?? []), { commit, item, paths: this.#pathsOf(item) }];
    const firstSeen = versions.findLastIndex((version) => version.commit <= oldestCommit);
    const row: Row = { key, versions: versions.slice(Math.max(firstSeen, 0)) };
    const isGone = item === null && firstSeen === versions.length - 1;
    if (isGone) this.#rows.delete(place);
    else this.#rows.set(place, row);
    this.#move(place, before?.versions ?? [], row.versions);
  }

  /** Keeps the partitions of a row that has other versions now. */
  #move(place: string, before: readonly Version[], after: readonly Version[]): void {
    const isIn = (versions: readonly Version[], path: string): boolean =>
      versions.some(({ paths }) => paths.includes(path));
    for (const { paths } of before) {
      for (const path of paths) if (!isIn(after, path)) this.#partitions.get(path)?.delete(place);
    }
    for (const { paths } of after) {
      for (const path of paths) {
        if (isIn(before, path)) continue;
        const places = this.#partitions.get(path) ?? new Set<string>();
        this.#partitions.set(path, places.add(place));
      }
    }
  }

  /** Every item of a partition as of a commit, in the order of its sort key. */
  partition(index: string | undefined, partition: string, commit: number): readonly Item[] {
    const keys = this.keysOf(index);
    const items: Item[] = [];
    for (const place of this.#partitions.get(pathOf(index, partition)) ?? []) {
      const row = this.#rows.get(place);
      const item = row === undefined ? null : itemAt(row, commit);
      if (item === null || textOf(item, keys.partitionKey) !== partition) continue;
      if (textOf(item, keys.sortKey) !== null) items.push(keys.projects === 'keys' ? keysAlone(item, keys) : item);
    }
    return items.sort((a, b) => compareItems(a, b, keys.sortKey));
  }

  keysOf(index: string | undefined): IndexKeys {
    if (index === undefined) return { partitionKey: 'pk', sortKey: 'sk', projects: 'whole' };
    const found = this.#description.indexes.find((candidate) => candidate.name === index);
    invariant(found !== undefined, `there is no index "${index}"`);
    return found;
  }

  all(): readonly Item[] {
    const latest = [...this.#rows.values()].flatMap((row) => {
      const item = itemAt(row, Number.POSITIVE_INFINITY);
      return item === null ? [] : [item];
    });
    return latest.sort((a, b) => compareItems(a, b, 'pk'));
  }

  #pathsOf(item: Item | null): readonly string[] {
    if (item === null) return [];
    const paths: string[] = [];
    const add = (index: string | undefined, attribute: string): void => {
      const partition = textOf(item, attribute);
      if (partition !== null) paths.push(pathOf(index, partition));
    };
    add(undefined, 'pk');
    for (const { name, partitionKey } of this.#description.indexes) add(name, partitionKey);
    return paths;
  }
}

/** What an index of keys holds of an item: its own keys and the table's. */
function keysAlone(item: Item, { partitionKey, sortKey }: IndexKeys): Item {
  const kept = new Set(['pk', 'sk', partitionKey, sortKey]);
  return Object.fromEntries(Object.entries(item).filter(([name]) => kept.has(name)));
}

/** No index has a slash in its name. */
const pathOf = (index: string | undefined, partition: string): string => `${index ?? ''}/${partition}`;

function itemAt(row: Row, commit: number): Item | null {
  return row.versions.findLast((version) => version.commit <= commit)?.item ?? null;
}

export function textOf(item: Item, attribute: string): string | null {
  const value = item[attribute];
  return value !== undefined && 'S' in value ? value.S : null;
}

/** By the attribute; items that are equal in it by their own key, so that pages never overlap. */
export function compareItems(a: Item, b: Item, attribute: string): number {
  const order = compareBy(a, b, attribute);
  if (order !== 0) return order;
  const byPartition = compareBy(a, b, 'pk');
  return byPartition === 0 ? compareBy(a, b, 'sk') : byPartition;
}

const compareBy = (a: Item, b: Item, attribute: string): number =>
  compareTexts(textOf(a, attribute) ?? '', textOf(b, attribute) ?? '');
