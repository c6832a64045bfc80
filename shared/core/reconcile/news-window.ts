/** From when on a pass reads: behind the high-water mark, so that what is told late or went missing in a page is met again. */
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';

/** Each order and each execution is read by every pass for so long after it happened. */
const OVERLAP_MS = 15 * 60_000;
/** What the first pass of an account reads. */
const FIRST_WINDOW_MS = 24 * 60 * 60_000;

/** @param seenTo the mark; 0 where no whole pass has been */
export const windowStart = (seenTo: EpochMs, startedAt: EpochMs): EpochMs =>
  epochMs(Math.max(0, seenTo === 0 ? startedAt - FIRST_WINDOW_MS : Math.min(seenTo, startedAt) - OVERLAP_MS));
