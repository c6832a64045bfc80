/**
 * New York's clock, from the rules of law instead of a time-zone library: the conversion runs inside the hot loops of
 * a simulation, and a core that formats through a locale is neither fast nor the same everywhere. The tests hold it to
 * the runtime's own time-zone database.
 */
import { type CalendarDate, type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import { dateOfDayNumber, dayNumberOf, nthWeekday } from './calendar-day.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const STANDARD_OFFSET_MIN = -300;
const DAYLIGHT_OFFSET_MIN = -240;
const SUNDAY = 0;

interface DaylightTime {
  /** First instant of daylight time: 02:00 standard time. */
  readonly fromMs: number;
  /** First instant of standard time after it: 02:00 daylight time. */
  readonly untilMs: number;
}

const daylightByYear = new Map<number, DaylightTime>();

/**
 * Daylight time of a year by the Uniform Time Act and its changes: from 1967 the last Sunday of April, from 1987 the
 * first Sunday of April, from 2007 the second Sunday of March; to the last Sunday of October, from 2007 the first of
 * November. The energy-crisis years 1974 and 1975 are not covered.
 */
function daylightTime(year: number): DaylightTime {
  const known = daylightByYear.get(year);
  if (known !== undefined) return known;
  const startDay =
    year >= 2007
      ? nthWeekday(year, 3, SUNDAY, 2)
      : year >= 1987
        ? nthWeekday(year, 4, SUNDAY, 1)
        : nthWeekday(year, 4, SUNDAY, -1);
  const endDay = year >= 2007 ? nthWeekday(year, 11, SUNDAY, 1) : nthWeekday(year, 10, SUNDAY, -1);
  const made = {
    fromMs: startDay * DAY_MS + (120 - STANDARD_OFFSET_MIN) * MINUTE_MS,
    untilMs: endDay * DAY_MS + (120 - DAYLIGHT_OFFSET_MIN) * MINUTE_MS,
  };
  daylightByYear.set(year, made);
  return made;
}

/** Minutes that New York's clock is ahead of UTC at an instant: -300 or -240. Right from 1976 on. */
function newYorkOffsetMin(instantMs: number): number {
  const { fromMs, untilMs } = daylightTime(new Date(instantMs).getUTCFullYear());
  return instantMs >= fromMs && instantMs < untilMs ? DAYLIGHT_OFFSET_MIN : STANDARD_OFFSET_MIN;
}

/** New York's date and minutes past its midnight at an instant. */
export function newYorkTime(instant: EpochMs): { readonly date: CalendarDate; readonly minuteOfDay: number } {
  const localMs = instant + newYorkOffsetMin(instant) * MINUTE_MS;
  const day = Math.floor(localMs / DAY_MS);
  return { date: dateOfDayNumber(day), minuteOfDay: Math.floor((localMs - day * DAY_MS) / MINUTE_MS) };
}

export const newYorkDate = (instant: EpochMs): CalendarDate => newYorkTime(instant).date;

/**
 * The instant at which New York's clock shows a minute of a day. Where the clock goes back, the first of the two; where
 * it goes forward, the skipped minute is read as standard time.
 */
export function newYorkInstant(date: CalendarDate, minuteOfDay: number): EpochMs {
  return epochMs(newYorkDayInstantMs(dayNumberOf(date), minuteOfDay));
}

/** The same for a day counted from 1970-01-01, in milliseconds. */
export function newYorkDayInstantMs(day: number, minuteOfDay: number): number {
  const localMs = day * DAY_MS + minuteOfDay * MINUTE_MS;
  const asDaylight = localMs - DAYLIGHT_OFFSET_MIN * MINUTE_MS;
  if (newYorkOffsetMin(asDaylight) === DAYLIGHT_OFFSET_MIN) return asDaylight;
  return localMs - STANDARD_OFFSET_MIN * MINUTE_MS;
}

/** The day of New York's calendar, counted from 1970-01-01, at an instant. */
export const newYorkDayNumber = (instant: EpochMs): number =>
  Math.floor((instant + newYorkOffsetMin(instant) * MINUTE_MS) / DAY_MS);
