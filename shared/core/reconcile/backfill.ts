/** What a person may ask to be read again. */
import { addMs, type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { refusal, type Refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import type { TimeSpan } from '#shared/core/reconcile/gaps.ts';

const DAY_MS = 24 * 60 * 60_000;
/** The longest span of one request; a longer one is asked for in parts. */
export const BACKFILL_DAYS_MAX = 31;

export interface BackfillWish {
  /** Exclusive. */
  readonly after: EpochMs;
  /** Exclusive; null for up to now. */
  readonly until: EpochMs | null;
  readonly dryRun: boolean;
  readonly now: EpochMs;
}

/**
 * The span whose executions are to be read again, or why not: a dry run books nothing, and a span lies in the past, ends
 * after it begins and is at most a month.
 */
export function backfillSpan({ after, until, dryRun, now }: BackfillWish): Result<TimeSpan, Refusal> {
  if (dryRun) {
    return fail(refusal('backfill-in-dry-run', 'a dry run books no executions; deploy without DRY_RUN to backfill'));
  }
  const end = until ?? now;
  const context = { after: formatEpochMs(after), until: formatEpochMs(end), now: formatEpochMs(now) };
  if (end > now) return fail(refusal('backfill-span', 'the span must end no later than now', context));
  if (after >= end) return fail(refusal('backfill-span', 'the span must begin before it ends', context));
  if (end > addMs(after, BACKFILL_DAYS_MAX * DAY_MS)) {
    const why = `a span is at most ${BACKFILL_DAYS_MAX} days long; ask for a longer one in parts`;
    return fail(refusal('backfill-span', why, context));
  }
  return succeed({ after, until: end });
}
