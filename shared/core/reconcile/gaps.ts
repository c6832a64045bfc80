/** Where in time the executions lie that an order lacks, so that the account's activities can be read just there. */
import { type EpochMs, type EpochNs, epochMs, msOf } from '#shared/core/kernel/instant.ts';
import { largestSighting, linesOf } from '#shared/core/order/evidence.ts';
import type { Order } from '#shared/core/order/order.ts';
import { mayBeThereSince } from '#shared/core/order/unknown-fate.ts';
import { type Book, PROVED_BY_AGREEMENT } from '#shared/core/portfolio/book.ts';

/** Both ends exclusive, as the broker takes them. */
export interface TimeSpan {
  readonly after: EpochMs;
  readonly until: EpochMs;
}

/** Our clock and the broker's differ by no more than this. */
const CLOCKS_DIFFER_MS = 5_000;

const shifted = (at: EpochMs, byMs: number): EpochMs => epochMs(Math.max(0, at + byMs));

/**
 * From the execution before the first gap to the one after the last. Where the sources contradict each other nothing of
 * the order is certain, and the span is its whole life.
 * @returns null when the order lacks nothing
 */
export function gapSpan(order: Order, now: EpochMs): TimeSpan | null {
  if (!order.provisional) return null;
  const begun = shifted(mayBeThereSince(order), -CLOCKS_DIFFER_MS);
  const whole = { after: begun, until: shifted(now, CLOCKS_DIFFER_MS) };
  if (order.contradicted || order.gapQuantity === 0n) return whole;
  const edges = edgesOf(order);
  const [first, last] = [edges[0], edges.at(-1)];
  const after = first?.before ?? null;
  const until = last?.behind ?? null;
  return {
    after: after === null ? begun : shifted(msOf(after), -1),
    until: until === null ? whole.until : shifted(msOf(until), CLOCKS_DIFFER_MS),
  };
}

/** When the executions around a gap were; null where there is none before it, or nobody said when. */
interface GapEdges {
  readonly before: EpochNs | null;
  readonly behind: EpochNs | null;
}

/** Of each gap, in the order of the tiles. */
function edgesOf(order: Order): readonly GapEdges[] {
  const edges: GapEdges[] = [];
  let covered = 0n;
  let before: EpochNs | null = null;
  for (const tile of order.executions) {
    if (tile.start > covered) edges.push({ before, behind: tile.at });
    covered = tile.start + tile.quantity;
    before = tile.at;
  }
  if (covered < order.filledQuantity) edges.push({ before, behind: lastSighting(order) });
  return edges;
}

/** When the largest quantity was sighted; null where no source said when. */
function lastSighting(order: Order): EpochNs | null {
  const [line] = linesOf(order.evidence);
  if (line === undefined) return null;
  const largest = largestSighting(line);
  return line.sightings.find((sighting) => sighting.cumulative === largest)?.at ?? null;
}

/** An execution that made the sides differ came after the last pass in which they agreed: no longer ago than this. */
const BEFORE_DOUBT_MS = 15 * 60_000;

/**
 * Where an execution lies that nobody has told of yet, if one made the books and the broker differ: shortly before the
 * difference was found. Its telling may come when the window of a pass has moved on.
 * @returns null for a symbol that is stopped for another reason, or not at all
 */
export function doubtSpan({ quarantine }: Pick<Book, 'quarantine'>): TimeSpan | null {
  if (quarantine === null || !PROVED_BY_AGREEMENT.includes(quarantine.code)) return null;
  return { after: shifted(quarantine.at, -BEFORE_DOUBT_MS), until: shifted(quarantine.at, CLOCKS_DIFFER_MS) };
}

/** Spans that touch or overlap, as one, oldest first. */
export function mergeSpans(spans: readonly TimeSpan[]): readonly TimeSpan[] {
  const merged: TimeSpan[] = [];
  for (const span of [...spans].sort((a, b) => a.after - b.after)) {
    const last = merged.at(-1);
    if (last === undefined || span.after >= last.until) merged.push(span);
    else merged[merged.length - 1] = { after: last.after, until: epochMs(Math.max(last.until, span.until)) };
  }
  return merged;
}
