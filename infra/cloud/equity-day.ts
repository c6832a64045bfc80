/** The equity day as data, in New York time, and the cron expressions that wake rooms for it. Both ends inclusive. */

export const EQUITY_TIME_ZONE = 'America/New_York';

export interface ScheduleRow {
  /** Tells the room which work is due; part of the schedule's input. */
  readonly kind: string;
  /** `HH:MM`, the first slot. */
  readonly from: string;
  /** `HH:MM`, the last possible slot. Equal to `from` for a slot that comes once a day. */
  readonly to: string;
  /** A divisor of 60. */
  readonly everyMinutes: number;
}

export const once = (kind: string, at: string): ScheduleRow => ({ kind, from: at, to: at, everyMinutes: 1 });

export const each = (kind: string, everyMinutes: number, from: string, to: string): ScheduleRow => ({
  kind,
  from,
  to,
  everyMinutes,
});

interface HourSlots {
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
}

/**
 * Cron expressions of EventBridge Scheduler (minute, hour, day of month, month, day of week, year) that together fire
 * in each slot of the row on Monday to Friday and at no other time. Holidays are the rooms' own business.
 * @throws RangeError when a time is not `HH:MM`, the order is wrong, or the step does not divide the hour.
 */
export function cronExpressions(row: ScheduleRow): readonly string[] {
  const first = minuteOfDay(row.from);
  const last = minuteOfDay(row.to);
  if (first > last) throw new RangeError(`${row.kind}: ${row.from} is later than ${row.to}`);
  if (row.everyMinutes < 1 || 60 % row.everyMinutes !== 0) {
    throw new RangeError(`${row.kind}: a step of ${row.everyMinutes} minutes does not divide the hour`);
  }
  return joinHours(slotsByHour(first, last, row.everyMinutes)).map(
    ({ hours, minutes }) => `cron(${numberList(minutes, 60)} ${numberList(hours, 24)} ? * MON-FRI *)`,
  );
}

/** @throws RangeError for anything but `HH:MM`. */
export function minuteOfDay(time: string): number {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time);
  if (match === null) throw new RangeError(`${JSON.stringify(time)} is no time of day: expected HH:MM`);
  return Number(match[1]) * 60 + Number(match[2]);
}

function slotsByHour(first: number, last: number, step: number): readonly HourSlots[] {
  const byHour = new Map<number, number[]>();
  for (let minute = first; minute <= last; minute += step) {
    const hour = Math.floor(minute / 60);
    byHour.set(hour, [...(byHour.get(hour) ?? []), minute % 60]);
  }
  return [...byHour].map(([hour, minutes]) => ({ hours: [hour], minutes }));
}

/** Neighbouring hours with the same minutes share one expression. */
function joinHours(rows: readonly HourSlots[]): readonly HourSlots[] {
  const joined: HourSlots[] = [];
  for (const row of rows) {
    const before = joined.at(-1);
    if (before !== undefined && before.minutes.join(',') === row.minutes.join(',')) {
      joined[joined.length - 1] = { hours: [...before.hours, ...row.hours], minutes: before.minutes };
    } else {
      joined.push(row);
    }
  }
  return joined;
}

/** Numbers as cron writes them: everything as `*`, a run of neighbours as a range, else a list. */
function numberList(numbers: readonly number[], whole: number): string {
  const [low, high] = [numbers[0] ?? 0, numbers.at(-1) ?? 0];
  if (numbers.length === whole) return '*';
  const isRun = numbers.length > 2 && high - low === numbers.length - 1;
  return isRun ? `${low}-${high}` : numbers.join(',');
}
