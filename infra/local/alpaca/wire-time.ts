/** Instants as the broker writes them: nine digits in UTC, New York's offset where it prefers that. */
import { type EpochMs, type EpochNs, formatEpochNs, msOf } from '#shared/core/kernel/instant.ts';
import { dayNumberOf } from '#shared/core/market/calendar-day.ts';
import { newYorkTime } from '#shared/core/market/new-york-time.ts';

function offsetMin(at: EpochMs): number {
  const wall = newYorkTime(at);
  return dayNumberOf(wall.date) * 1440 + wall.minuteOfDay - Math.floor(at / 60_000);
}

const offsetText = (minutes: number): string => `-${String(-minutes / 60).padStart(2, '0')}:00`;

/** New York's wall time of an instant, "2026-03-09T09:30:00.123". */
const newYorkWallTime = (at: EpochMs): string => new Date(at + offsetMin(at) * 60_000).toISOString().slice(0, 23);

/** "2022-04-19T17:45:05.024916716Z"; trailing zeros are cut, as the broker's own encoder does. */
export function utcTime(stamp: EpochNs): string {
  return formatEpochNs(stamp).replace(/\.?0+Z$/, 'Z');
}

export const utcTimeOrNull = (stamp: EpochNs | null): string | null => (stamp === null ? null : utcTime(stamp));

/** The same instant with New York's offset, "2022-04-19T13:45:05.024916716-04:00". */
export function newYorkTimeOf(stamp: EpochNs): string {
  const at = msOf(stamp);
  const fraction = formatEpochNs(stamp).slice(19, 29);
  return `${newYorkWallTime(at).slice(0, 19)}${fraction}${offsetText(offsetMin(at))}`;
}

/** Whole seconds with New York's offset, as the clock has it. */
export const newYorkSeconds = (at: EpochMs): string =>
  `${newYorkWallTime(at).slice(0, 19)}${offsetText(offsetMin(at))}`;

/** "20220202135509981": New York's wall time to the millisecond, the first part of an activity's id. */
export const newYorkDigits = (at: EpochMs): string => newYorkWallTime(at).replace(/\D/g, '');
