/**
 * Holds the house's sessions to the broker's before a run decides: whoever trades by a wrong calendar takes an old bar for
 * the last one, and a close for an open.
 */
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { calendarDifferences } from '#shared/core/market/calendar-check.ts';
import { dateOfDayNumber, dayNumberOf } from '#shared/core/market/calendar-day.ts';
import { sessionsBetween } from '#shared/core/market/session-calendar.ts';
import type { Session } from '#shared/core/market/types.ts';
import type { Broker } from '#shared/ports/broker.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';

/** Closings are announced days ahead, and a person has to bring the calendar up to date. */
const DAYS_AHEAD = 7;

/**
 * @returns why nothing may be entered in the session of today; what differs later is said as an error
 * @throws Fault when the broker's calendar cannot be read
 */
export async function calendarRefusal(
  { broker, telemetry }: { readonly broker: Pick<Broker, 'calendar'>; readonly telemetry: Telemetry },
  today: Session,
): Promise<Refusal | null> {
  const until = dateOfDayNumber(dayNumberOf(today.date) + DAYS_AHEAD);
  const theirs = await broker.calendar(today.date, until);
  const differences = calendarDifferences(sessionsBetween(today.date, until), theirs);
  for (const { date, kind } of differences) telemetry.error('the calendar differs from the broker', { date, kind });
  const now = differences.find(({ date }) => date === today.date);
  return now === undefined
    ? null
    : refusal('calendar-differs', `the broker's session of ${today.date} is not the house's`, { kind: now.kind });
}
