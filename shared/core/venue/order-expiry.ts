/** When an order's time in force runs out. */
import { invariant } from '#shared/core/kernel/fault.ts';
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import { newYorkDayInstantMs, newYorkDayNumber } from '#shared/core/market/new-york-time.ts';
import type { Session } from '#shared/core/market/types.ts';
import type { TimeInForce } from '#shared/core/order/terms.ts';
import { currentOrNextSession } from './session-index.ts';

/** Days after which a gtc order is canceled. */
const GTC_AGE_DAYS = 90;
/** 16:15 in New York. */
const GTC_END_MINUTE = 975;

/** The close of the session that the order belongs to; for gtc, 16:15 in New York 90 days on. */
export function expiryOf(timeInForce: TimeInForce, now: EpochMs, sessions: readonly Session[]): EpochMs {
  if (timeInForce === 'gtc') return epochMs(newYorkDayInstantMs(newYorkDayNumber(now) + GTC_AGE_DAYS, GTC_END_MINUTE));
  const session = currentOrNextSession(sessions, now);
  invariant(session !== null, 'the market must know the sessions that lie ahead');
  return session.closeAt;
}
