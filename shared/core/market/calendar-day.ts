/** Arithmetic on calendar days, as whole days since 1970-01-01 in the proleptic Gregorian calendar. */
import { type CalendarDate, calendarDate } from '#shared/core/kernel/instant.ts';

/** Whole days since 1970-01-01 of a year, a month (1 to 12) and a day of the month. */
export function dayNumber(year: number, month: number, day: number): number {
  // Years are counted from March, so that the leap day is the last of its year.
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Whole days since 1970-01-01 of a date. */
export const dayNumberOf = (date: CalendarDate): number =>
  dayNumber(Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8, 10)));

/** A few decades of days at most are ever asked for. */
const madeDates = new Map<number, CalendarDate>();

/** The date that lies so many whole days after 1970-01-01. */
export function dateOfDayNumber(day: number): CalendarDate {
  const known = madeDates.get(day);
  if (known !== undefined) return known;
  const made = calendarDate(new Date(day * 86_400_000).toISOString().slice(0, 10));
  madeDates.set(day, made);
  return made;
}

/** 0 is Sunday, 6 is Saturday. */
export const weekdayOf = (day: number): number => (((day + 4) % 7) + 7) % 7;

/** The n-th weekday of a month, counted from its start (1 is the first) or from its end (-1 is the last). */
export function nthWeekday(year: number, month: number, weekday: number, n: number): number {
  if (n > 0) {
    const first = dayNumber(year, month, 1);
    return first + ((weekday - weekdayOf(first) + 7) % 7) + (n - 1) * 7;
  }
  const last = month === 12 ? dayNumber(year, 12, 31) : dayNumber(year, month + 1, 1) - 1;
  return last - ((weekdayOf(last) - weekday + 7) % 7) + (n + 1) * 7;
}
