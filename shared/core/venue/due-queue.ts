/** What the venue still has to do, earliest first and in order of entry within one instant: a binary heap of plain data. */
import type { EpochMs } from '#shared/core/kernel/instant.ts';

export type DueKind =
  | 'route'
  | 'trigger'
  | 'match'
  | 'reach'
  | 'age'
  | 'cancel'
  | 'bust'
  | 'overnight'
  | 'session-open'
  | 'session-close';

export interface DueEvent {
  readonly at: EpochMs;
  /** Number of entry, which settles ties. */
  readonly entry: number;
  readonly kind: DueKind;
  /** Number of the order that it is about; 0 for the venue's own events. */
  readonly order: number;
  /** The order's work number as of entry: an event of an older number is void. */
  readonly work: number;
}

const precedes = (a: DueEvent, b: DueEvent): boolean => a.at < b.at || (a.at === b.at && a.entry < b.entry);

export function pushDue(heap: DueEvent[], event: DueEvent): void {
  let index = heap.length;
  heap.push(event);
  while (index > 0) {
    const parentIndex = (index - 1) >> 1;
    const parent = heap[parentIndex];
    if (parent === undefined || !precedes(event, parent)) break;
    heap[index] = parent;
    index = parentIndex;
  }
  heap[index] = event;
}

/** Takes the earliest event out; undefined when there is none. */
export function popDue(heap: DueEvent[]): DueEvent | undefined {
  const first = heap[0];
  const moved = heap.pop();
  if (first === undefined || moved === undefined || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    let childIndex = 2 * index + 1;
    let child = heap[childIndex];
    if (child === undefined) break;
    const right = heap[childIndex + 1];
    if (right !== undefined && precedes(right, child)) {
      child = right;
      childIndex += 1;
    }
    if (!precedes(child, moved)) break;
    heap[index] = child;
    index = childIndex;
  }
  heap[index] = moved;
  return first;
}
