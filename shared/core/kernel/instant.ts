/**
 * Instants. The house counts whole milliseconds since 1970 (EpochMs, a number); a broker's own stamps carry up to
 * nine digits of a second and are kept as nanoseconds (EpochNs, a big integer). Core never reads a clock.
 */

declare const brand: unique symbol;

export type EpochMs = number & { readonly [brand]: 'EpochMs' };
export type EpochNs = bigint & { readonly [brand]: 'EpochNs' };
/** A calendar day, "2026-03-09", in the time zone of its market. */
export type CalendarDate = string & { readonly [brand]: 'CalendarDate' };

export class InstantError extends Error {
  override readonly name = 'InstantError';
}

/** @throws InstantError unless the value is a whole number of milliseconds in the years 1970 to 9999. */
export function epochMs(value: number): EpochMs {
  if (!Number.isSafeInteger(value) || value < 0 || value > 253_402_300_799_999) {
    throw new InstantError(`${value} is not a number of milliseconds since 1970`);
  }
  return value as EpochMs;
}

export const addMs = (instant: EpochMs, durationMs: number): EpochMs => epochMs(instant + durationMs);

const NS_MAX = 253_402_300_799_999_999_999n;

/** @throws InstantError unless the value lies in the years 1970 to 9999. */
export function epochNs(value: bigint): EpochNs {
  if (value < 0n || value > NS_MAX) throw new InstantError(`${value} is not a number of nanoseconds since 1970`);
  return value as EpochNs;
}

export const nsOf = (instant: EpochMs): EpochNs => epochNs(BigInt(instant) * 1_000_000n);
/** The whole milliseconds of a nanosecond instant, the rest cut off. */
export const msOf = (instant: EpochNs): EpochMs => epochMs(Number(instant / 1_000_000n));

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/** Minutes east of UTC of a zone such as "Z" or "-05:00"; NaN for one that does not exist. */
function offsetMinOf(zone: string): number {
  if (zone.length === 1) return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))];
  if (hours > 23 || minutes > 59) return Number.NaN;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

/**
 * Reads an RFC 3339 timestamp with up to nine fractional digits and any offset. A leap second, which only the last
 * minute of a UTC day can have, counts as the second after it, as POSIX time has it.
 * @throws InstantError when it is none, or names a day or time that does not exist.
 */
export function parseEpochNs(text: string): EpochNs {
  const match = RFC3339.exec(text);
  if (match === null) throw new InstantError(`${JSON.stringify(text.slice(0, 60))} is not an RFC 3339 timestamp`);
  const field = (index: number): number => Number(match[index] ?? Number.NaN);
  const [year, month, day] = [field(1), field(2), field(3)];
  const [hour, minute, second] = [field(4), field(5), field(6)];
  const midnight = new Date(Date.UTC(year, month - 1, day));
  // Date.UTC carries a 30 February over into March, and reads the years 0 to 99 as 1900 to 1999.
  const dayExists = midnight.getUTCFullYear() === year && midnight.getUTCMonth() === month - 1;
  const minuteMs = midnight.getTime() + (hour * 60 + minute - offsetMinOf(match[8] ?? 'Z')) * 60_000;
  const isLastMinute = minuteMs % 86_400_000 === 86_340_000;
  if (!dayExists || hour > 23 || minute > 59 || second > (isLastMinute ? 60 : 59) || Number.isNaN(minuteMs)) {
    throw new InstantError(`${JSON.stringify(text)} names a time that does not exist`);
  }
  const fraction = BigInt((match[7] ?? '').padEnd(9, '0'));
  return epochNs(BigInt(minuteMs + second * 1000) * 1_000_000n + fraction);
}

export const parseEpochMs = (text: string): EpochMs => msOf(parseEpochNs(text));

/** RFC 3339 in UTC with three digits of a second. */
export const formatEpochMs = (instant: EpochMs): string => new Date(instant).toISOString();

/** RFC 3339 in UTC with nine digits of a second. */
export function formatEpochNs(instant: EpochNs): string {
  const ms = instant / 1_000_000n;
  const rest = instant - ms * 1_000_000n;
  return `${new Date(Number(ms)).toISOString().slice(0, 23)}${rest.toString().padStart(6, '0')}Z`;
}

function isCalendarDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(5, 7)) - 1, Number(text.slice(8, 10))];
  const midnight = new Date(Date.UTC(year, month, day));
  // A day that does not exist is carried over into the next month, and the years 0 to 99 into others.
  return midnight.getUTCFullYear() === year && midnight.getUTCMonth() === month && midnight.getUTCDate() === day;
}

/** @throws InstantError unless the text is a day of the calendar, as "2026-03-09". */
export function calendarDate(text: string): CalendarDate {
  if (!isCalendarDate(text))
    throw new InstantError(`${JSON.stringify(text.slice(0, 60))} is not a date such as 2026-03-09`);
  return text as CalendarDate;
}
