/** Finds sessions in an ascending list by bisection. */
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Session } from '#shared/core/market/types.ts';

/** Index of the first session that closes after the instant; the list's length when there is none. */
export function indexOfSessionClosingAfter(sessions: readonly Session[], at: EpochMs): number {
  let low = 0;
  let high = sessions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const session = sessions[middle];
    if (session !== undefined && session.closeAt <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The session whose hours hold the instant, its open inclusive and its close exclusive. */
export function sessionAt(sessions: readonly Session[], at: EpochMs): Session | null {
  const session = sessions[indexOfSessionClosingAfter(sessions, at)];
  return session !== undefined && session.openAt <= at ? session : null;
}

/** The session at the instant, else the next one; null after the last. */
export function currentOrNextSession(sessions: readonly Session[], at: EpochMs): Session | null {
  return sessions[indexOfSessionClosingAfter(sessions, at)] ?? null;
}

/** The last session that closed at or before the instant. */
export function lastClosedSession(sessions: readonly Session[], at: EpochMs): Session | null {
  return sessions[indexOfSessionClosingAfter(sessions, at) - 1] ?? null;
}
