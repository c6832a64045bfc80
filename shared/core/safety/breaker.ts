/** The circuit breaker: armed, tripped, and the quiet period between a reset and armed. */
import { addMs, type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { TRIP_CAUSES } from '#shared/core/portfolio/safety-policy.ts';
import type { Breaker } from '#shared/core/safety/safety-facts.ts';
import type { Watch } from '#shared/core/safety/watch.ts';

const isWatched = (cause: string | null): boolean => TRIP_CAUSES.some((known) => known === cause);

/**
 * Why a person may not reset the breaker now, or null. What the monitor watches must have been looked at since the trip
 * and hold no more; a trip for another reason, such as a person's, is that person's to judge.
 */
export function resetRefusal(breaker: Breaker, watch: Watch | null): Refusal | null {
  if (breaker.state !== 'TRIPPED') {
    return refusal('breaker-not-tripped', `the breaker is ${breaker.state}: there is nothing to reset`, {
      state: breaker.state,
    });
  }
  const trippedAt = breaker.at;
  const looked = watch !== null && trippedAt !== null && watch.at > trippedAt;
  if (isWatched(breaker.cause) && !looked) {
    return refusal('breaker-cause-holds', `the monitor has not looked at ${breaker.cause} since the trip`, {
      cause: breaker.cause ?? '',
      trippedAt: trippedAt === null ? 'never' : formatEpochMs(trippedAt),
      lookedAt: watch === null ? 'never' : formatEpochMs(watch.at),
    });
  }
  const [holds] = watch?.holding ?? [];
  return holds === undefined
    ? null
    : refusal('breaker-cause-holds', `${holds.cause} still holds: ${holds.message}`, {
        cause: holds.cause,
        lookedAt: watch === null ? 'never' : formatEpochMs(watch.at),
      });
}

/** The breaker after a reset: quiet until the period is over. */
export const resetBreaker = (breaker: Breaker, by: string, now: EpochMs, quietMs: number): Breaker => ({
  ...breaker,
  state: 'QUIET_PERIOD',
  by,
  at: now,
  quietUntil: addMs(now, quietMs),
});

/** The breaker armed again, or null while it is not quiet or its period is not over. */
export const armedBreaker = (breaker: Breaker, now: EpochMs): Breaker | null =>
  breaker.state === 'QUIET_PERIOD' && breaker.quietUntil !== null && breaker.quietUntil <= now
    ? { ...breaker, state: 'ARMED', at: now, quietUntil: null }
    : null;

/** The breaker tripped, or null when it is so already: the first cause stays. */
export const trippedBreaker = (
  breaker: Breaker,
  trip: { readonly cause: string; readonly by: string; readonly now: EpochMs },
): Breaker | null =>
  breaker.state === 'TRIPPED'
    ? null
    : { state: 'TRIPPED', cause: trip.cause, by: trip.by, at: trip.now, quietUntil: null };
