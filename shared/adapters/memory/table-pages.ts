/** Pages of a query, cut as the service cuts them: by the limit asked for, and at one megabyte. */
import { compareTexts } from '#shared/core/kernel/conditions.ts';
import { invariant } from '#shared/core/kernel/fault.ts';
import type { Item } from '#shared/core/kernel/item.ts';
import type { QueryPage, QueryRequest } from '#shared/ports/tables.ts';
import { compareItems, textOf } from './table-history.ts';
import { bytesOf, malformed } from './table-rules.ts';

const PAGE_BYTES_MAX = 1024 * 1024;

interface Keys {
  readonly partitionKey: string;
  readonly sortKey: string;
}

/** @param items all items of the partition in the order of the sort key. */
export function pageOf(request: QueryRequest, keys: Keys, items: readonly Item[]): QueryPage {
  const { from, to, prefix, limit } = request;
  invariant(
    prefix === undefined || (from === undefined && to === undefined),
    'a query has a prefix or bounds, not both',
  );
  for (const [name, text] of Object.entries({ partition: request.partition, from, to, prefix })) {
    if (text === '') throw malformed(`${name}: expected a text that is not empty`);
  }
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 1)) throw malformed('limit: expected 1 or more');
  const within = items.filter((item) => isWithin(textOf(item, keys.sortKey) ?? '', request));
  const ordered = request.newestFirst === true ? within.toReversed() : within;
  const start = request.cursor === undefined ? 0 : startOf(request, keys, ordered);
  return cut(ordered.slice(start), keys, limit ?? Number.POSITIVE_INFINITY);
}

function isWithin(text: string, { from, to, prefix }: QueryRequest): boolean {
  if (prefix !== undefined) return text.startsWith(prefix);
  if (from !== undefined && compareTexts(text, from) < 0) return false;
  return to === undefined || compareTexts(text, to) <= 0;
}

function cut(items: readonly Item[], keys: Keys, limit: number): QueryPage {
  let bytes = 0;
  const page: Item[] = [];
  for (const item of items) {
    bytes += bytesOf(item);
    const last = page.at(-1);
    // A full page has a cursor even when nothing follows: the service does not look ahead.
    if (last !== undefined && (page.length === limit || bytes > PAGE_BYTES_MAX)) {
      return { items: page, cursor: cursorAt(last, keys) };
    }
    page.push(item);
  }
  const last = page.at(-1);
  return { items: page, cursor: last !== undefined && page.length === limit ? cursorAt(last, keys) : null };
}

const cursorAt = (item: Item, keys: Keys): string =>
  JSON.stringify([...new Set([keys.partitionKey, keys.sortKey, 'pk', 'sk'])].map((name) => [name, textOf(item, name)]));

/** Where the page after the cursor begins, whether or not the item that the cursor names is still there. */
function startOf(request: QueryRequest, keys: Keys, ordered: readonly Item[]): number {
  const last = itemAtCursor(request.cursor ?? '');
  if (last === null || textOf(last, keys.partitionKey) !== request.partition) {
    throw malformed('cursor: expected one that a page of this same query gave');
  }
  const sign = request.newestFirst === true ? -1 : 1;
  const next = ordered.findIndex((item) => sign * compareItems(item, last, keys.sortKey) > 0);
  return next === -1 ? ordered.length : next;
}

function itemAtCursor(cursor: string): Item | null {
  let value: unknown;
  try {
    value = JSON.parse(cursor);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  if (!Array.isArray(value) || !value.every(isTextPair)) return null;
  return Object.fromEntries(value.map(([name, text]) => [name, { S: text }]));
}

const isTextPair = (value: unknown): value is readonly [string, string] =>
  Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');
