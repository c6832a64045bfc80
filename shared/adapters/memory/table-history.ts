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
    const versions = [...(before?.versions ?? []), { commit, item }];
    const firstSeen = versions.findLastIndex((version) => version.commit <= oldestCommit);
    const row: Row = { key, versions: versions.slice(Math.max(firstSeen, 0)) };
    for (const path of this.#pathsOf(before)) this.#partitions.get(path)?.delete(place);
    if (row.versions.every((version) => version.item === null) && firstSeen === versions.length - 1) {
      this.#rows.delete(place);
      return;
    }
    this.#rows.set(place, row);
    for (const path of this.#pathsOf(row)) {
      const places = this.#partitions.get(path) ?? new Set<string>();
      this.#partitions.set(path, places.add(place));
    }
  }

  /** Every item of a partition as of a commit, in the order of its sort key. */
  partition(index: string | undefined, partition: string, commit: number): readonly Item[] {
    const keys = this.keysOf(index);
    const places = this.#partitions.get(pathOf(index, partition)) ?? new Set<string>();
    const items = [...places].flatMap((place) => {
      const row = this.#rows.get(place);
      const item = row === undefined ? null : itemAt(row, commit);
      return item !== null && textOf(item, keys.partitionKey) === partition && textOf(item, keys.sortKey) !== null
        ? [keys.projects === 'keys' ? keysAlone(item, keys) : item]
        : [];
    });
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

  #pathsOf(row: Row | undefined): ReadonlySet<string> {
    const paths = new Set<string>();
    for (const { item } of row?.versions ?? []) {
      if (item === null) continue;
      for (const index of [undefined, ...this.#description.indexes]) {
        const partition = textOf(item, index?.partitionKey ?? 'pk');
        if (partition !== null) paths.add(pathOf(index?.name, partition));
      }
    }
    return paths;
  }
}

/** What an index of keys holds of an item: its own keys and the table's. */
function keysAlone(item: Item, { partitionKey, sortKey }: IndexKeys): Item {
  const kept = new Set(['pk', 'sk', partitionKey, sortKey]);
  return Object.fromEntries(Object.entries(item).filter(([name]) => kept.has(name)));
}

const pathOf = (index: string | undefined, partition: string): string => JSON.stringify([index ?? null, partition]);

function itemAt(row: Row, commit: number): Item | null {
  return row.versions.findLast((version) => version.commit <= commit)?.item ?? null;
}

export function textOf(item: Item, attribute: string): string | null {
  const value = item[attribute];
  return value !== undefined && 'S' in value ? value.S : null;
}

/** By the attribute; items that are equal in it by their own key, so that pages never overlap. */
export function compareItems(a: Item, b: Item, attribute: string): number {
  for (const name of [attribute, 'pk', 'sk']) {
    const order = compareTexts(textOf(a, name) ?? '', textOf(b, name) ?? '');
    if (order !== 0) return order;
  }
  return 0;
}
