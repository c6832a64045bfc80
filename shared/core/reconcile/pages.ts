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

/** A page may lack so many items and still not be the last. */
const PAGE_TEAR_MAX = 10;

/**
 * Where the page after this one begins; null after the last.
 * @param page oldest first
 * @param limit items that a whole page has
 * @param start where this page began; null for the beginning of the list
 */
export function nextPage<Id extends string>(
  page: readonly PagePlace<Id>[],
  limit: number,
  start: PageStart<Id> | null,
): PageStart<Id> | null {
  const [first, last] = [page[0], page.at(-1)];
  if (first === undefined || last === undefined) return null;
  if (page.length < limit - Math.min(PAGE_TEAR_MAX, Math.floor(limit / 2))) return null;
  if (first.at === null || last.at === null) return { kind: 'after-item', id: last.id };
  const lastMs = msOf(last.at);
  const after = epochMs(Math.max(0, lastMs - 1));
  const stands = start?.kind === 'after-time' && start.after >= after;
  if (stands || msOf(first.at) === lastMs) return { kind: 'after-item', id: last.id };
  return { kind: 'after-time', after };
}
