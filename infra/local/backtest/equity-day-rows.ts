/** The slots of the equity day as the deployed schedules have them, by arithmetic instead of cron: a backtest asks often. */
import { type CalendarDate, type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import { dateOfDayNumber, dayNumberOf, weekdayOf } from '#shared/core/market/calendar-day.ts';
import { newYorkDate, newYorkInstant } from '#shared/core/market/new-york-time.ts';
import { minuteOfDay, type ScheduleRow } from '#infra/cloud/equity-day.ts';
import type { GuardRow } from '#infra/local/run/guard-plan.ts';

const MINUTE_MS = 60_000;

const isWeekday = (date: CalendarDate): boolean => ![0, 6].includes(weekdayOf(dayNumberOf(date)));
const dayAfter = (date: CalendarDate, days: number): CalendarDate => dateOfDayNumber(dayNumberOf(date) + days);

/** The row of a schedule, on Monday to Friday in New York. */
export class EquityDayRow implements GuardRow {
  readonly kind: string;
  readonly periodMs: number;
  readonly #from: number;
  readonly #spanMs: number;
  #day: CalendarDate | null = null;
  #midnight = 0;
  #nextMidnight = 0;
  /** First slot of the day. */
  #first = 0;
  #trades = false;

  constructor({ kind, from, to, everyMinutes }: ScheduleRow) {
    this.kind = kind;
    this.periodMs = everyMinutes * MINUTE_MS;
    this.#from = minuteOfDay(from);
    const span = minuteOfDay(to) - this.#from;
    this.#spanMs = (span - (span % everyMinutes)) * MINUTE_MS;
  }

  next(after: EpochMs): EpochMs | null {
    const day = this.#dayOf(after);
    if (this.#trades) {
      const slot = Math.max(0, Math.floor((after - this.#first) / this.periodMs) + 1);
      if (slot * this.periodMs <= this.#spanMs) return epochMs(this.#first + slot * this.periodMs);
    }
    for (let days = 1; ; days += 1) {
      const later = dayAfter(day, days);
      if (isWeekday(later)) return newYorkInstant(later, this.#from);
    }
  }

  last(atOrBefore: EpochMs): EpochMs | null {
    const day = this.#dayOf(atOrBefore);
    if (this.#trades && atOrBefore >= this.#first) {
      const slot = Math.floor((atOrBefore - this.#first) / this.periodMs);
      return epochMs(this.#first + Math.min(slot * this.periodMs, this.#spanMs));
    }
    for (let days = 1; ; days += 1) {
      const earlier = dayAfter(day, -days);
      if (isWeekday(earlier)) return epochMs(newYorkInstant(earlier, this.#from) + this.#spanMs);
    }
  }

  /** The day of an instant; the one that was asked for last is kept, since most questions are about it. */
  #dayOf(instant: EpochMs): CalendarDate {
    if (this.#day !== null && instant >= this.#midnight && instant < this.#nextMidnight) return this.#day;
    const day = newYorkDate(instant);
    this.#day = day;
    this.#midnight = newYorkInstant(day, 0);
    this.#nextMidnight = newYorkInstant(dayAfter(day, 1), 0);
    this.#first = newYorkInstant(day, this.#from);
    this.#trades = isWeekday(day);
    return day;
  }
}
