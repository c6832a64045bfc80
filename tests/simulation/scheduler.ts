/**
 * The one owner of time and order in a world. Everything that happens is an event at an instant; of one instant, chance
 * picks which is next. Between two events all that can run without waiting has run, and nothing else ever does.
 */
import { addMs, type EpochMs } from '#shared/core/kernel/instant.ts';
import type { Chance } from './chance.ts';

interface Happening {
  readonly at: EpochMs;
  /** Drawn: what comes first of one instant. */
  readonly rank: number;
  readonly order: number;
  readonly run: () => void;
  canceled: boolean;
}

export interface Planned {
  cancel(): void;
}

const goesBefore = (a: Happening, b: Happening): boolean =>
  a.at !== b.at ? a.at < b.at : a.rank !== b.rank ? a.rank < b.rank : a.order < b.order;

/** Resolves when every promise that can go on has gone on: Node runs its ticks when its microtasks are done. */
const settled = (): Promise<void> =>
  new Promise((resolve) => {
    process.nextTick(resolve);
  });

export class Scheduler {
  readonly #chance: Chance;
  readonly #heap: Happening[] = [];
  #now: EpochMs;
  #events = 0;
  #planned = 0;

  constructor(start: EpochMs, chance: Chance) {
    this.#now = start;
    this.#chance = chance;
  }

  get now(): EpochMs {
    return this.#now;
  }

  /** How many events have happened. */
  get events(): number {
    return this.#events;
  }

  /** Something that is to happen at an instant, or now where that is over. */
  at(at: EpochMs, run: () => void): Planned {
    this.#planned += 1;
    const due = at > this.#now ? at : this.#now;
    const happening = { at: due, rank: this.#chance.fraction(), order: this.#planned, run, canceled: false };
    this.#push(happening);
    return {
      cancel() {
        happening.canceled = true;
      },
    };
  }

  after(durationMs: number, run: () => void): Planned {
    return this.at(addMs(this.#now, Math.max(0, Math.ceil(durationMs))), run);
  }

  /** Lets everything happen up to and including an instant; stops early where `stop` says so. */
  async runUntil(end: EpochMs, stop: () => boolean): Promise<void> {
    await settled();
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.at > end) break;
      this.#pop();
      if (next.canceled) continue;
      this.#now = next.at;
      this.#events += 1;
      next.run();
      await settled();
      if (stop()) return;
    }
    if (end > this.#now) this.#now = end;
  }

  #push(happening: Happening): void {
    const heap = this.#heap;
    let index = heap.push(happening) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || goesBefore(above, happening)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = happening;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const a = heap[left];
      const b = heap[left + 1];
      if (a === undefined) break;
      const isRight = b !== undefined && goesBefore(b, a);
      const child = isRight ? b : a;
      if (goesBefore(last, child)) break;
      heap[index] = child;
      index = isRight ? left + 1 : left;
    }
    heap[index] = last;
  }
}
