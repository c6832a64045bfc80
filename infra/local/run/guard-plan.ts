/**
 * Which slots of the guards a fast run keeps. A guard's slot is left out when nothing has happened since its last one
 * and nothing is about to: kept are the first and the last slot of a day, those at the open and the close of a session,
 * the one right before each step and the one right after each step that did something.
 */
import { type CalendarDate, type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import { newYorkDate, newYorkInstant } from '#shared/core/market/new-york-time.ts';
import { sessionOf } from '#shared/core/market/session-calendar.ts';

const MINUTES_A_DAY = 24 * 60;

/** What is asked of a guard's row. */
export interface GuardRow {
  readonly periodMs: number;
  next(after: EpochMs): EpochMs | null;
  last(atOrBefore: EpochMs): EpochMs | null;
}

export interface PlannedSlot<Row extends GuardRow> {
  readonly row: Row;
  readonly slot: EpochMs;
}

export class GuardPlan<Row extends GuardRow> {
  readonly #guards: readonly Row[];
  readonly #planned = new Map<Row, EpochMs[]>();
  readonly #fired = new Map<Row, EpochMs>();
  #day: CalendarDate | null = null;

  constructor(guards: readonly Row[], fired: ReadonlyMap<Row, EpochMs>) {
    this.#guards = guards;
    for (const guard of guards) {
      this.#planned.set(guard, []);
      const last = fired.get(guard);
      if (last !== undefined) this.#fired.set(guard, last);
    }
  }

  /** Plans the marks of the day that an instant lies in, once a day. */
  planDay(now: EpochMs): void {
    const day = newYorkDate(now);
    if (day === this.#day) return;
    this.#day = day;
    const [start, end] = [newYorkInstant(day, 0), newYorkInstant(day, MINUTES_A_DAY)];
    const session = sessionOf(day);
    for (const guard of this.#guards) {
      const first = guard.next(epochMs(start - 1));
      if (first === null || first >= end) continue;
      this.#plan(guard, first, now);
      this.#plan(guard, guard.last(epochMs(end - 1)), now);
      if (session === null) continue;
      this.#planAt(guard, session.openAt, now);
      this.#planAt(guard, session.closeAt, now);
    }
  }

  /** When the next day's marks must be planned. */
  nextDayAt(now: EpochMs): EpochMs {
    return newYorkInstant(newYorkDate(now), MINUTES_A_DAY);
  }

  /** Plans each guard's last slot at or before a step, where it is still to come. */
  planBefore(step: EpochMs, now: EpochMs): void {
    for (const guard of this.#guards) this.#planAt(guard, step, now);
  }

  /** Plans each guard's next slot after something happened. */
  planAfter(now: EpochMs): void {
    for (const guard of this.#guards) {
      const slot = guard.next(now);
      if (slot !== null && slot - now <= guard.periodMs) this.#plan(guard, slot, now);
    }
  }

  /** The next slot that is planned; of one instant the first guard in the order of the timetable. */
  next(): PlannedSlot<Row> | null {
    let best: PlannedSlot<Row> | null = null;
    for (const guard of this.#guards) {
      const slot = this.#planned.get(guard)?.[0];
      if (slot !== undefined && (best === null || slot < best.slot)) best = { row: guard, slot };
    }
    return best;
  }

  /** Takes a slot, and all that the guard had planned before it, off the plan. */
  done({ row, slot }: PlannedSlot<Row>): void {
    this.#fired.set(row, slot);
    this.#planned.set(
      row,
      (this.#planned.get(row) ?? []).filter((planned) => planned > slot),
    );
  }

  /** The slot that is current at an instant, when it still is. */
  #planAt(guard: Row, at: EpochMs, now: EpochMs): void {
    const slot = guard.last(at);
    if (slot !== null && at - slot < guard.periodMs) this.#plan(guard, slot, now);
  }

  #plan(guard: Row, slot: EpochMs | null, now: EpochMs): void {
    const planned = this.#planned.get(guard) ?? [];
    const fired = this.#fired.get(guard);
    if (slot === null || slot < now || planned.includes(slot) || (fired !== undefined && slot <= fired)) return;
    this.#planned.set(
      guard,
      [...planned, slot].sort((a, b) => a - b),
    );
  }
}
