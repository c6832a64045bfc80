/**
 * How a list that is served in pages is read without loss. A broker's "after" leaves out the instant itself, items may
 * share an instant, and a page may lack an item: so each page goes back to the beginning of the last millisecond of the
 * one before, and whoever reads drops what he has.
 */
import { type EpochMs, type EpochNs, epochMs, msOf } from '#shared/core/kernel/instant.ts';

/** What the list is ordered by. */
export interface PagePlace<Id extends string> {
  readonly id: Id;
  readonly at: EpochNs | null;
}

export type PageStart<Id extends string> =
  | { readonly kind: 'after-time'; readonly after: EpochMs }
  /** Where a whole page lies in one millisecond, time cannot tell where the next begins. */
  | { readonly kind: 'after-item'; readonly id: Id };

/** How far a list has been read. */
export interface PageWalk<Id extends string> {
  /** Where the next page begins; null for the beginning of the list. */
  readonly start: PageStart<Id> | null;
  readonly known: ReadonlySet<Id>;
  /** The item that was read last of all that are known. */
  readonly last: Id | null;
}

export const beginWalk = <Id extends string>(): PageWalk<Id> => ({ start: null, known: new Set(), last: null });

/** A page may lack so many items and still not be the last. */
const PAGE_TEAR_MAX = 10;

function nextStart<Id extends string>(walk: PageWalk<Id>, page: readonly PagePlace<Id>[]): PageStart<Id> | null {
  const [first, last] = [page[0], page.at(-1)];
  const fresh = page.filter(({ id }) => !walk.known.has(id));
  const furthest = fresh.at(-1)?.id ?? walk.last;
  if (first === undefined || last === undefined || furthest === null) return null;
  const onward = { kind: 'after-item', id: furthest } as const;
  // Going back in time has brought nothing: from here on only the item itself tells where to go on.
  if (fresh.length === 0) return walk.start?.kind === 'after-item' ? null : onward;
  if (first.at === null || last.at === null || msOf(first.at) === msOf(last.at)) return onward;
  const after = epochMs(Math.max(0, msOf(last.at) - 1));
  return walk.start?.kind === 'after-time' && walk.start.after >= after ? onward : { kind: 'after-time', after };
}

/**
 * Takes a page in.
 * @param page oldest first
 * @param limit items that a whole page has
 * @returns null after the last page
 */
export function walkOn<Id extends string>(
  walk: PageWalk<Id>,
  page: readonly PagePlace<Id>[],
  limit: number,
): PageWalk<Id> | null {
  if (page.length < limit - Math.min(PAGE_TEAR_MAX, Math.floor(limit / 2))) return null;
  const start = nextStart(walk, page);
  if (start === null) return null;
  const fresh = page.filter(({ id }) => !walk.known.has(id));
  const known = new Set([...walk.known, ...fresh.map(({ id }) => id)]);
  return { start, known, last: fresh.at(-1)?.id ?? walk.last };
}
