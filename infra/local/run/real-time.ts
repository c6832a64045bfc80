/** Real time: schedules, lanes, streams, the bus and the venue all run at once, by the clock as it ticks. */
import type { AsynchronousInvoker } from '#infra/local/lambda/asynchronous-invoker.ts';
import type { FunctionRuntime } from '#infra/local/lambda/function-runtime.ts';
import type { Lane } from '#infra/local/queues/lane.ts';
import type { TimetableRow } from '#infra/local/schedules/timetable.ts';
import type { Agenda } from '#infra/local/time/agenda.ts';
import type { HouseClock } from '#infra/local/time/house-clock.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { ProgressKeeper } from './progress.ts';
import type { Venue } from './venue.ts';
import type { WorkSource } from './work-source.ts';

export interface RealTimeParts {
  readonly clock: HouseClock;
  readonly agenda: Agenda;
  readonly runtime: FunctionRuntime;
  readonly invoker: AsynchronousInvoker;
  readonly lanes: readonly Lane[];
  /** The bus and the table streams, each of which works in its own order. */
  readonly sources: readonly WorkSource[];
  readonly timetable: readonly TimetableRow[];
  readonly venue: Venue;
  readonly progress: ProgressKeeper;
}

/** How often schedules, the venue and what waits are looked at. */
const LOOK_MS = 20;
/** How long an empty source is left alone. */
const IDLE_MS = 50;
/** Lambda's own pollers of a queue where the mapping sets no limit. */
const POLLERS_DEFAULT = 2;

const pause = (durationMs: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });

export class RealTime {
  readonly #parts: RealTimeParts;
  #running = true;
  #failed: (error: unknown) => void = () => undefined;
  readonly #next = new Map<TimetableRow, EpochMs | null>();

  constructor(parts: RealTimeParts) {
    this.#parts = parts;
  }

  /** Runs until the instant, or until it is stopped. @throws what broke a part of the house. */
  async runUntil(end: EpochMs): Promise<void> {
    const { clock, lanes, sources } = this.#parts;
    const failure = new Promise<never>((_, reject) => {
      this.#failed = reject;
    });
    clock.run();
    for (const row of this.#parts.timetable) this.#next.set(row, row.next(clock.now()));
    const loops = [
      this.#lookAround(end),
      ...lanes.flatMap((lane) =>
        Array.from({ length: lane.concurrencyMax ?? POLLERS_DEFAULT }, () => this.#work(() => lane.stepAlone())),
      ),
      ...sources.map((source) => this.#work(() => source.step())),
    ];
    try {
      await Promise.race([failure, Promise.all(loops)]);
    } finally {
      clock.stand();
    }
  }

  stop(): void {
    this.#running = false;
  }

  async #lookAround(end: EpochMs): Promise<void> {
    const { clock, venue, runtime } = this.#parts;
    while (this.#running && clock.now() < end) {
      const now = clock.now();
      for (const invocation of runtime.running()) invocation.endIfOverdue();
      const due = venue.nextDueAt();
      if (due !== null && due <= now) venue.advanceTo(now);
      this.#watch(this.#parts.agenda.step(now));
      this.#fireDue(now);
      await pause(LOOK_MS);
    }
    this.#running = false;
  }

  #fireDue(now: EpochMs): void {
    for (const [row, slot] of this.#next) {
      if (slot === null || slot > now) continue;
      this.#next.set(row, row.next(slot));
      this.#parts.progress.opened(row.name, slot);
      this.#watch(this.#parts.invoker.invoke(row.functionName, row.event(slot)));
    }
    this.#parts.progress.moved(now);
  }

  async #work(step: () => Promise<boolean>): Promise<void> {
    try {
      while (this.#running) if (!(await step())) await pause(IDLE_MS);
    } catch (error) {
      this.#failed(error);
    }
  }

  #watch(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#failed(error));
  }
}
