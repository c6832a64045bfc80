/** How many of the broker's requests were answered and how many failed, minute by minute, for the monitor to look back on. */
import type { EpochMs } from '#shared/core/kernel/instant.ts';

export interface TallyMinute {
  /** Minutes since the epoch. */
  readonly minute: number;
  readonly answered: number;
  readonly failed: number;
}

/** The minutes in which anything was counted, oldest first. */
export type RequestTally = readonly TallyMinute[];

const MINUTE_MS = 60_000;
/** As far as anybody may look back. */
export const TALLY_MINUTES = 30;

/** The tally with more counted in the minute of an instant; minutes that are too old fall out. */
export function counted(tally: RequestTally, more: { answered?: number; failed?: number }, now: EpochMs): RequestTally {
  const minute = Math.floor(now / MINUTE_MS);
  const before = tally.find((one) => one.minute === minute) ?? { minute, answered: 0, failed: 0 };
  const here = {
    minute,
    answered: before.answered + (more.answered ?? 0),
    failed: before.failed + (more.failed ?? 0),
  };
  const others = tally.filter((one) => one.minute !== minute && one.minute > minute - TALLY_MINUTES);
  return [...others, here].sort((a, b) => a.minute - b.minute);
}

/** What was counted in the minutes that a window touches. */
export function talliedSince(
  tally: RequestTally,
  windowMs: number,
  now: EpochMs,
): { readonly answered: number; readonly failed: number } {
  const first = Math.floor((now - windowMs) / MINUTE_MS);
  const within = tally.filter(({ minute }) => minute > first);
  return {
    answered: within.reduce((sum, { answered }) => sum + answered, 0),
    failed: within.reduce((sum, { failed }) => sum + failed, 0),
  };
}
