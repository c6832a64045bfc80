/** What feeds functions: the lanes, which give a message to one consumer at a time, and the journal's stream. */
import type { MemoryFifoQueue, ReceivedFifoMessage } from '#shared/adapters/memory/fifo-queue.ts';
import type { MemoryTableStream, StreamedChange } from '#shared/adapters/memory/table-stream.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import type { Chance } from './chance.ts';
import type { Faults } from './faults.ts';
import type { Ended } from './function-room.ts';
import type { Scheduler } from './scheduler.ts';

interface PumpParts {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly chance: Chance;
}

export interface LanePumpParts extends PumpParts {
  readonly name: string;
  readonly queue: MemoryFifoQueue;
  readonly visibilityMs: number;
  readonly concurrencyMax: number;
  readonly handle: (message: ReceivedFifoMessage) => Promise<Ended<unknown>>;
}

const POLL_MS = 20;
const LATE_MS = [5_000, 150_000] as const;
/** As if a worker's machine had stood still for the rest of the time. */
const EARLY_MS = [3_000, 60_000] as const;

export class LanePump {
  readonly #parts: LanePumpParts;
  #running = 0;

  constructor(parts: LanePumpParts) {
    this.#parts = parts;
  }

  /** Looks for messages soon; so does whatever makes one visible. */
  wake(afterMs = 0): void {
    const { scheduler, chance } = this.#parts;
    scheduler.after(afterMs + chance.between(0, POLL_MS), () => this.#poll());
  }

  #poll(): void {
    const { queue, concurrencyMax, faults, name, visibilityMs, scheduler } = this.#parts;
    while (this.#running < concurrencyMax) {
      const early = faults.strikes('early-visibility', name);
      const visibilityTimeoutMs = early ? faults.amount('early-visibility', ...EARLY_MS) : visibilityMs;
      const [message] = queue.receive({ visibilityTimeoutMs });
      if (message === undefined) return;
      this.#running += 1;
      scheduler.at(addMs(scheduler.now, visibilityTimeoutMs), () => this.wake());
      const late = faults.strikes('late-message', name) ? faults.amount('late-message', ...LATE_MS) : 0;
      scheduler.after(late, () => this.#work(message));
    }
  }

  #work(message: ReceivedFifoMessage): void {
    const end = (done: boolean): void => {
      this.#running -= 1;
      if (done) this.#parts.queue.delete(message.receiptHandle);
      this.wake();
    };
    this.#parts.handle(message).then(
      ({ kind }) => end(kind === 'done'),
      () => end(false),
    );
  }
}

export interface StreamPumpParts extends PumpParts {
  readonly stream: MemoryTableStream;
  /** @returns where the stream is to come again from, or null where all was taken */
  readonly handle: (changes: readonly StreamedChange[]) => Promise<Ended<string | null>>;
}

const BATCH = 25;
const AGAIN_MS = 1_000;

/** Reads each shard in its order; what was not taken comes again before anything behind it. */
export class StreamPump {
  readonly #parts: StreamPumpParts;
  readonly #places: (string | null)[];
  readonly #busy: boolean[];

  constructor(parts: StreamPumpParts) {
    this.#parts = parts;
    this.#places = Array.from({ length: parts.stream.shards }, () => null);
    this.#busy = this.#places.map(() => false);
  }

  wake(afterMs = 50): void {
    for (let shard = 0; shard < this.#places.length; shard += 1) {
      if (this.#busy[shard] === true) continue;
      this.#busy[shard] = true;
      this.#parts.scheduler.after(afterMs + this.#parts.chance.between(0, POLL_MS), () => this.#read(shard));
    }
  }

  /** Whether there is something that was not taken yet. */
  isBehind(): boolean {
    const { stream } = this.#parts;
    return this.#places.some((place, shard) => stream.read(shard, place, 1).length > 0);
  }

  #read(shard: number): void {
    this.#busy[shard] = false;
    const { stream, handle, faults, scheduler } = this.#parts;
    const changes = stream.read(shard, this.#places[shard] ?? null, BATCH);
    const last = changes.at(-1);
    if (last === undefined) return;
    this.#busy[shard] = true;
    const goOn = (place: string | null, afterMs: number): void => {
      this.#places[shard] = place;
      scheduler.after(afterMs, () => this.#read(shard));
    };
    const before = this.#places[shard] ?? null;
    handle(changes).then(
      (ended) => {
        if (ended.kind !== 'done') goOn(before, AGAIN_MS);
        else if (ended.value !== null) goOn(placeBefore(changes, ended.value, before), AGAIN_MS);
        else if (faults.strikes('repeated-batch', 'stream')) goOn(before, AGAIN_MS);
        else goOn(last.sequenceNumber, 0);
      },
      () => goOn(before, AGAIN_MS),
    );
  }
}

function placeBefore(changes: readonly StreamedChange[], first: string, before: string | null): string | null {
  const index = changes.findIndex(({ sequenceNumber }) => sequenceNumber === first);
  return changes[index - 1]?.sequenceNumber ?? before;
}
