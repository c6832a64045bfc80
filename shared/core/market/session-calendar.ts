/**
 * The sessions of the New York Stock Exchange, 1990 to 2050. Sessions that lie ahead follow the rules of today; at run
 * time they are held against the broker's own calendar.
 */
import { type CalendarDate, type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import { dateOfDayNumber, dayNumber, dayNumberOf, weekdayOf } from './calendar-day.ts';
import { newYorkDayInstantMs, newYorkDayNumber } from './new-york-time.ts';
import { closingsOf, unusualHoursOf, USUAL_HOURS } from './nyse-closings.ts';
import type { Session } from './types.ts';

export const FIRST_YEAR = 1990;
export const LAST_YEAR = 2050;

/** A day outside the years that the calendar knows. */
export class CalendarRangeError extends Error {
  override readonly name = 'CalendarRangeError';
  constructor(what: string) {
    super(`${what} lies outside the session calendar, which covers ${FIRST_YEAR} to ${LAST_YEAR}`);
  }
}

interface YearOfSessions {
  readonly sessions: readonly Session[];
  readonly byDay: ReadonlyMap<number, Session>;
}

const years = new Map<number, YearOfSessions>();

function sessionsOfYear(year: number): YearOfSessions {
  const known = years.get(year);
  if (known !== undefined) return known;
  if (year < FIRST_YEAR || year > LAST_YEAR) throw new CalendarRangeError(String(year));
  const closings = closingsOf(year);
  const unusual = unusualHoursOf(year);
  const sessions: Session[] = [];
  const byDay = new Map<number, Session>();
  for (let day = dayNumber(year, 1, 1); day < dayNumber(year + 1, 1, 1); day += 1) {
    const weekday = weekdayOf(day);
    if (weekday === 0 || weekday === 6 || closings.has(day)) continue;
    const hours = unusual.get(day) ?? USUAL_HOURS;
    const session: Session = {
      date: dateOfDayNumber(day),
      openAt: epochMs(newYorkDayInstantMs(day, hours.openMinute)),
      closeAt: epochMs(newYorkDayInstantMs(day, hours.closeMinute)),
      halfDay: hours.halfDay,
    };
    sessions.push(session);
    byDay.set(day, session);
  }
  const made = { sessions, byDay };
  years.set(year, made);
  return made;
}

const yearOf = (date: CalendarDate): number => Number(date.slice(0, 4));

function sessionOfDay(day: number): Session | null {
  return sessionsOfYear(new Date(day * 86_400_000).getUTCFullYear()).byDay.get(day) ?? null;
}

/** Walks from a day, itself included, in steps of one day to the first that has a session. */
function walk(fromDay: number, step: 1 | -1): Session {
  // No closing has lasted longer than a week since 1933; the bound only keeps a broken table from looping.
  for (let day = fromDay; Math.abs(day - fromDay) <= 14; day += step) {
    const session = sessionOfDay(day);
    if (session !== null) return session;
  }
  throw new CalendarRangeError(dateOfDayNumber(fromDay));
}

/** The session of a day, or null on a day without one. @throws CalendarRangeError outside 1990 to 2050. */
export const sessionOf = (date: CalendarDate): Session | null =>
  sessionsOfYear(yearOf(date)).byDay.get(dayNumberOf(date)) ?? null;

/** Sessions from one day to another, both included, oldest first. @throws CalendarRangeError outside 1990 to 2050. */
export function sessionsBetween(from: CalendarDate, to: CalendarDate): readonly Session[] {
  const found: Session[] = [];
  for (let year = yearOf(from); year <= yearOf(to); year += 1) {
    for (const session of sessionsOfYear(year).sessions) {
      if (session.date >= from && session.date <= to) found.push(session);
    }
  }
  return found;
}

/** The session that trades at an instant (open included, close not), or null between sessions. */
export function currentSession(now: EpochMs): Session | null {
  const session = sessionOfDay(newYorkDayNumber(now));
  return session !== null && session.openAt <= now && now < session.closeAt ? session : null;
}

/** The last session whose close has come. */
export function lastCompletedSession(now: EpochMs): Session {
  const today = newYorkDayNumber(now);
  const session = walk(today, -1);
  return session.closeAt <= now ? session : walk(dayNumberOf(session.date) - 1, -1);
}

/**
 * The session that a pass of reconciliation counts for, and of which the gates ask a pass: from midnight in New York on
 * the day's own, as passes begin before the open; on a day without one the last that was.
 */
export const sessionToReconcile = (now: EpochMs): Session =>
  sessionOfDay(newYorkDayNumber(now)) ?? lastCompletedSession(now);

/** The first session that opens after an instant. */
export function nextSession(now: EpochMs): Session {
  const session = walk(newYorkDayNumber(now), 1);
  return session.openAt > now ? session : walk(dayNumberOf(session.date) + 1, 1);
}

/** When the market opens next, strictly after an instant. */
export const nextOpen = (now: EpochMs): EpochMs => nextSession(now).openAt;

/** The first session after a day. */
export const sessionAfter = (date: CalendarDate): Session => walk(dayNumberOf(date) + 1, 1);

/** The last session before a day. */
export const sessionBefore = (date: CalendarDate): Session => walk(dayNumberOf(date) - 1, -1);

/** How many sessions lie after one day up to another, that one included; 0 when it is not later. */
export const sessionsSince = (from: CalendarDate, to: CalendarDate): number =>
  to <= from ? 0 : sessionsBetween(from, to).length - (sessionOf(from) === null ? 0 : 1);
