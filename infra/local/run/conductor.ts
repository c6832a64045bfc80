/**
 * Discrete time. The clock stands still while anything is pending, then jumps to the next thing that happens: a slot of
 * the timetable, something due at the venue, a message or a retry whose time has come, a sleeper that wakes. One item of
 * work at a time, so that two runs of the same house are the same.
 */
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import type { AsynchronousInvoker } from '#infra/local/lambda/asynchronous-invoker.ts';
import type { FunctionRuntime } from '#infra/local/lambda/function-runtime.ts';
import type { TimetableRow } from '#infra/local/schedules/timetable.ts';
import type { Agenda } from '#infra/local/time/agenda.ts';
import type { HouseClock } from '#infra/local/time/house-clock.ts';
import type { FrameWatch } from './frame-watch.ts';
import { GuardPlan } from './guard-plan.ts';
import type { ProgressKeeper } from './progress.ts';
import type { Venue } from './venue.ts';
import type { WorkSource } from './work-source.ts';

export interface ConductorParts {
  readonly clock: HouseClock;
  readonly agenda: Agenda;
  readonly runtime: FunctionRuntime;
  readonly invoker: AsynchronousInvoker;
  /** In the order in which they are asked for work; what a step makes is looked for from the first on again. */
  readonly sources: readonly WorkSource[];
  /** Sources whose work moves orders: after it the guards look again. */
  readonly lanes: ReadonlySet<WorkSource>;
  readonly timetable: readonly TimetableRow[];
  readonly venue: Venue;
  readonly frames: FrameWatch;
  readonly progress: ProgressKeeper;
  /** Fires every slot of every guard. */
  readonly everySlot: boolean;
  /** Whether something waits for its next attempt, so that no slot may count as worked off. */
  readonly isWaiting: () => boolean;
}

type Happening =
  | { readonly kind: 'wake'; readonly at: EpochMs }
  | { readonly kind: 'agenda'; readonly at: EpochMs }
  | { readonly kind: 'slot'; readonly at: EpochMs; readonly row: TimetableRow }
  | { readonly kind: 'guard'; readonly at: EpochMs; readonly row: TimetableRow }
  | { readonly kind: 'venue'; readonly at: EpochMs }
  | { readonly kind: 'day'; readonly at: EpochMs };

/** What goes first of the same instant. */
const RANKS: Readonly<Record<Happening['kind'], number>> = { day: 0, wake: 1, agenda: 2, guard: 3, slot: 4, venue: 5 };

const goesBefore = (a: Happening, b: Happening): boolean =>
  a.at < b.at || (a.at === b.at && RANKS[a.kind] < RANKS[b.kind]);

export class Conductor {
  readonly #parts: ConductorParts;
  readonly #guards: GuardPlan<TimetableRow>;
  /** Rows of which every slot is fired, with the slot that comes next. */
  readonly #steps = new Map<TimetableRow, EpochMs | null>();
  /** Something that concerns orders has happened since the guards were last planned. */
  #stirred = false;

  constructor(parts: ConductorParts) {
    this.#parts = parts;
    const { timetable, progress, clock, everySlot } = parts;
    const fired = new Map<TimetableRow, EpochMs>();
    for (const row of timetable) {
      const slotMs = progress.progress.fired[row.name];
      if (slotMs !== undefined) fired.set(row, epochMs(slotMs));
      if (everySlot || !row.isGuard) this.#steps.set(row, row.next(fired.get(row) ?? clock.now()));
    }
    this.#guards = new GuardPlan(
      timetable.filter((row) => !this.#steps.has(row)),
      fired,
    );
  }

  /** Fires the slots again that an earlier run left open. */
  async resume(): Promise<void> {
    const { timetable, progress } = this.#parts;
    for (const { row: name, slotMs } of progress.progress.open) {
      const row = timetable.find((other) => other.name === name);
      if (row !== undefined) await this.#fire(row, epochMs(slotMs));
    }
    this.#stirred = true;
  }

  /** Runs everything that happens up to and including an instant, and leaves the clock there. */
  async runUntil(end: EpochMs): Promise<void> {
    const { clock, progress } = this.#parts;
    this.lookAgain();
    for (;;) {
      await this.drain();
      this.#guards.planDay(clock.now());
      if (this.#stirred) this.#guards.planAfter(clock.now());
      this.#stirred = false;
      const happening = this.#next(end);
      if (happening === null) break;
      if (happening.at > clock.now()) clock.moveTo(happening.at);
      progress.moved(clock.now());
      await this.#happen(happening);
    }
    if (end > clock.now()) clock.moveTo(end);
    progress.moved(clock.now());
    this.lookAgain();
    await this.drain();
  }

  /** Asks every source again: somebody outside of this process may have put something in. */
  lookAgain(): void {
    for (const source of this.#parts.sources) source.lookAgain();
  }

  /** Works off everything that is pending now. */
  async drain(): Promise<void> {
    const { runtime, frames, progress, isWaiting } = this.#parts;
    for (;;) {
      for (const invocation of runtime.running()) invocation.endIfOverdue();
      await runtime.settled();
      const venueMoved = this.#advanceVenue();
      const framesCame = await frames.settled();
      if (venueMoved || framesCame) {
        this.#stirred = true;
        continue;
      }
      // A person's request may have come in between.
      if (!(await this.#stepSources()) && runtime.isSettled()) break;
    }
    if (!isWaiting()) progress.workedOff();
  }

  #advanceVenue(): boolean {
    const { venue, clock } = this.#parts;
    const due = venue.nextDueAt();
    if (due === null || due > clock.now()) return false;
    venue.advanceTo(clock.now());
    return true;
  }

  async #stepSources(): Promise<boolean> {
    for (const source of this.#parts.sources) {
      if (!(await source.step())) continue;
      if (this.#parts.lanes.has(source)) this.#stirred = true;
      return true;
    }
    return false;
  }

  /** The next thing that happens up to an instant, guards before a step put in. */
  #next(end: EpochMs): Happening | null {
    const { clock } = this.#parts;
    const now = clock.now();
    let next: Happening | null = null;
    const consider = (happening: Happening | null): void => {
      if (happening !== null && happening.at <= end && (next === null || goesBefore(happening, next))) next = happening;
    };
    for (const happening of this.#steady(now)) consider(happening);
    const step = first(this.#disturbing(now));
    if (step !== null && step.at <= end) this.#guards.planBefore(step.at, now);
    consider(step);
    const guard = this.#guards.next();
    consider(guard === null ? null : { kind: 'guard', at: later(guard.slot, now), row: guard.row });
    return next;
  }

  /** What happens without concerning orders. */
  #steady(now: EpochMs): readonly Happening[] {
    const wakes = this.#parts.runtime.running().flatMap((invocation) => {
      const sleepingUntilMs = invocation.sleepingUntilMs();
      return sleepingUntilMs === null ? [] : [Math.min(sleepingUntilMs, invocation.deadlineMs)];
    });
    const day: Happening = { kind: 'day', at: this.#guards.nextDayAt(now) };
    return wakes.length === 0 ? [day] : [day, { kind: 'wake', at: later(Math.min(...wakes), now) }];
  }

  /** What may concern orders: the guards look before it. */
  #disturbing(now: EpochMs): readonly Happening[] {
    const { agenda, venue } = this.#parts;
    const found: Happening[] = [];
    const agendaAt = agenda.nextAtMs();
    if (agendaAt !== null) found.push({ kind: 'agenda', at: later(agendaAt, now) });
    for (const [row, slot] of this.#steps) if (slot !== null) found.push({ kind: 'slot', at: later(slot, now), row });
    const due = venue.nextDueAt();
    if (due !== null) found.push({ kind: 'venue', at: later(due, now) });
    return found;
  }

  async #happen(happening: Happening): Promise<void> {
    const { agenda, clock } = this.#parts;
    switch (happening.kind) {
      case 'day':
      case 'wake':
        return;
      case 'venue':
        this.#stirred = this.#advanceVenue();
        return;
      case 'agenda':
        this.#stirred = true;
        await agenda.step(clock.now());
        return;
      case 'guard': {
        const planned = this.#guards.next();
        if (planned === null) return;
        this.#guards.done(planned);
        await this.#fire(planned.row, planned.slot);
        return;
      }
      case 'slot': {
        const slot = this.#steps.get(happening.row);
        if (slot === undefined || slot === null) return;
        this.#steps.set(happening.row, happening.row.next(slot));
        await this.#fire(happening.row, slot);
        return;
      }
    }
  }

  async #fire(row: TimetableRow, slot: EpochMs): Promise<void> {
    this.#parts.progress.opened(row.name, slot);
    await this.#parts.invoker.invoke(row.functionName, row.event(slot));
  }
}

const later = (instantMs: number, now: EpochMs): EpochMs => epochMs(Math.max(instantMs, now));

function first(happenings: readonly Happening[]): Happening | null {
  let found: Happening | null = null;
  for (const happening of happenings) if (found === null || goesBefore(happening, found)) found = happening;
  return found;
}
