/**
 * Days on which the New York Stock Exchange does not trade, or not its usual hours of 09:30 to 16:00, since 1990: the
 * holidays of NYSE Rule 7.2 as rules, and what no rule foretells as a table.
 */
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { dayNumber, dayNumberOf, nthWeekday, weekdayOf } from './calendar-day.ts';

const [SUNDAY, MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY] = [0, 1, 2, 3, 4, 5, 6] as const;

/** Minutes past New York's midnight between which the exchange trades on one day. */
export interface TradingHours {
  readonly openMinute: number;
  readonly closeMinute: number;
  /** The early close was scheduled; an interruption is no half day. */
  readonly halfDay: boolean;
}

const clock = (hour: number, minute = 0): number => hour * 60 + minute;
export const USUAL_HOURS: TradingHours = { openMinute: clock(9, 30), closeMinute: clock(16), halfDay: false };
const HALF_DAY: TradingHours = { openMinute: clock(9, 30), closeMinute: clock(13), halfDay: true };
const TWO_OCLOCK_CLOSE: TradingHours = { openMinute: clock(9, 30), closeMinute: clock(14), halfDay: true };

const day = (text: string): number => dayNumberOf(calendarDate(text));

/** Whole days without trading that no rule foretells. */
const SPECIAL_CLOSINGS: readonly (readonly [date: string, why: string])[] = [
  ['1994-04-27', 'funeral of President Nixon'],
  ['2001-09-11', 'attack on the World Trade Center'],
  ['2001-09-12', 'attack on the World Trade Center'],
  ['2001-09-13', 'attack on the World Trade Center'],
  ['2001-09-14', 'attack on the World Trade Center'],
  ['2004-06-11', 'mourning for President Reagan'],
  ['2007-01-02', 'mourning for President Ford'],
  ['2012-10-29', 'Hurricane Sandy'],
  ['2012-10-30', 'Hurricane Sandy'],
  ['2018-12-05', 'mourning for President George H. W. Bush'],
  ['2025-01-09', 'mourning for President Carter'],
];

/** Hours that no rule foretells: interruptions, moments of silence, and half days given once. */
const SPECIAL_HOURS: readonly (readonly [date: string, open: number, close: number, halfDay: boolean, why: string])[] =
  [
    ['1990-12-27', clock(11), clock(16), false, 'transformer explosion'],
    ['1991-01-17', clock(9, 31), clock(16), false, 'moment of silence'],
    ['1991-02-25', clock(9, 31), clock(16), false, 'moment of silence'],
    ['1994-02-11', clock(9, 30), clock(14, 30), false, 'snowstorm'],
    ['1995-12-18', clock(10, 30), clock(16), false, 'computer trouble'],
    ['1996-01-08', clock(11), clock(14), false, 'snowstorm'],
    ['1997-10-27', clock(9, 30), clock(15, 30), false, 'market-wide circuit breaker'],
    ['1997-12-26', clock(9, 30), clock(13), true, 'day after Christmas'],
    ['1999-12-31', clock(9, 30), clock(13), true, 'turn of the century'],
    ['2001-09-17', clock(9, 33), clock(16), false, 'moment of silence'],
    ['2001-10-08', clock(9, 31), clock(16), false, 'moment of silence'],
    ['2002-09-11', clock(12), clock(16), false, 'commemoration'],
    ['2003-03-20', clock(9, 32), clock(16), false, 'moment of silence'],
    ['2003-12-26', clock(9, 30), clock(13), true, 'day after Christmas'],
    ['2004-06-07', clock(9, 32), clock(16), false, 'moment of silence'],
    ['2005-06-01', clock(9, 30), clock(15, 56), false, 'communication failure'],
    ['2006-12-27', clock(9, 32), clock(16), false, 'moment of silence'],
  ];

/** Easter Sunday of the Gregorian calendar (anonymous algorithm of Meeus, Jones and Butcher). */
function easterSunday(year: number): number {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const e = b % 4;
  const f = Math.floor((b + 8) / 25);
  const g = Math.floor((b - f + 1) / 3);
  const h = (19 * a + b - d - g + 15) % 30;
  const i = Math.floor(c / 4);
  const k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const n = h + l - 7 * m + 114;
  return dayNumber(year, Math.floor(n / 31), (n % 31) + 1);
}

/** A holiday on a Saturday is kept on the Friday before, one on a Sunday on the Monday after. */
function observed(holiday: number): number {
  const weekday = weekdayOf(holiday);
  if (weekday === SATURDAY) return holiday - 1;
  return weekday === SUNDAY ? holiday + 1 : holiday;
}

/** Days of a year, counted from 1970-01-01, on which the exchange stays shut; weekends are not among them. */
export function closingsOf(year: number): ReadonlySet<number> {
  const newYear = dayNumber(year, 1, 1);
  const closings = new Set([
    nthWeekday(year, 2, MONDAY, 3),
    easterSunday(year) - 2,
    nthWeekday(year, 5, MONDAY, -1),
    observed(dayNumber(year, 7, 4)),
    nthWeekday(year, 9, MONDAY, 1),
    nthWeekday(year, 11, THURSDAY, 4),
    observed(dayNumber(year, 12, 25)),
  ]);
  // New Year's Day on a Saturday is not made up for: 31 December closes the books of the year.
  if (weekdayOf(newYear) !== SATURDAY) closings.add(observed(newYear));
  if (year >= 1998) closings.add(nthWeekday(year, 1, MONDAY, 3));
  if (year >= 2022) closings.add(observed(dayNumber(year, 6, 19)));
  for (const [date] of SPECIAL_CLOSINGS) if (date.startsWith(`${year}-`)) closings.add(day(date));
  return closings;
}

/** The half day that goes with Independence Day, or null in years without one. */
function independenceHalfDay(year: number): number | null {
  if (year < 1995) return null;
  const fourth = dayNumber(year, 7, 4);
  switch (weekdayOf(fourth)) {
    case TUESDAY:
    case WEDNESDAY:
    case FRIDAY:
      return fourth - 1;
    case THURSDAY:
      return year >= 2013 ? fourth - 1 : fourth + 1;
    default:
      return null;
  }
}

/** Unusual hours of a year, by day counted from 1970-01-01. */
export function unusualHoursOf(year: number): ReadonlyMap<number, TradingHours> {
  const hours = new Map<number, TradingHours>();
  const early = year >= 1993 ? HALF_DAY : TWO_OCLOCK_CLOSE;
  if (year >= 1992) hours.set(nthWeekday(year, 11, THURSDAY, 4) + 1, early);
  const christmasEve = dayNumber(year, 12, 24);
  const eve = weekdayOf(christmasEve);
  if (eve >= MONDAY && eve <= THURSDAY) hours.set(christmasEve, early);
  const independence = independenceHalfDay(year);
  if (independence !== null) hours.set(independence, HALF_DAY);
  for (const [date, openMinute, closeMinute, halfDay] of SPECIAL_HOURS) {
    if (date.startsWith(`${year}-`)) hours.set(day(date), { openMinute, closeMinute, halfDay });
  }
  return hours;
}
