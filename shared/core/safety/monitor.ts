/** What the post-trade monitor looks at, and when it trips the breaker: pure, from facts that protect has read. */
import { formatMoney, type Money, prorateMoney, subtractMoney } from '#shared/core/kernel/decimal.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { PolicyLimits } from '#shared/core/portfolio/policy.ts';

export interface MonitorFacts {
  readonly now: EpochMs;
  readonly limits: PolicyLimits;
  /** Null until the first pass of the session has read it. */
  readonly equityAtOpen: Money | null;
  readonly equity: Money | null;
  readonly reconciledAt: EpochMs | null;
  /** When the oldest order of unknown fate was sent; null when there is none. */
  readonly oldestUnknownAt: EpochMs | null;
}

export interface Trip {
  readonly cause: 'daily-loss' | 'reconciliation-stale' | 'unknown-order-old';
  readonly message: string;
}

/** An order whose fate nobody knows for this long is more than a slow broker. */
const UNKNOWN_AGE_MS_MAX = 5 * 60_000;

/** Every reason to trip, in the order of their weight; empty when all is well. */
export function tripsOf(facts: MonitorFacts): readonly Trip[] {
  return [dailyLoss(facts), reconciliationStale(facts), unknownOld(facts)].filter((trip) => trip !== null);
}

function dailyLoss({ equityAtOpen, equity, limits }: MonitorFacts): Trip | null {
  if (equityAtOpen === null || equity === null) return null;
  const loss = subtractMoney(equityAtOpen, equity);
  const limit = prorateMoney(equityAtOpen, limits.dailyLossBpsMax, 10_000n, 'floor');
  return loss > limit
    ? {
        cause: 'daily-loss',
        message: `lost ${formatMoney(loss)} since the session began; the limit is ${formatMoney(limit)}`,
      }
    : null;
}

function reconciliationStale({ reconciledAt, now, limits }: MonitorFacts): Trip | null {
  if (reconciledAt !== null && now - reconciledAt <= 2 * limits.reconciliationAgeMsMax) return null;
  const since = reconciledAt === null ? 'ever' : `for ${Math.round((now - reconciledAt) / 1000)} s`;
  return { cause: 'reconciliation-stale', message: `no reconciliation pass has succeeded ${since}` };
}

const unknownOld = ({ oldestUnknownAt, now }: MonitorFacts): Trip | null =>
  oldestUnknownAt !== null && now - oldestUnknownAt > UNKNOWN_AGE_MS_MAX
    ? {
        cause: 'unknown-order-old',
        message: `the fate of an order has not been known for ${Math.round((now - oldestUnknownAt) / 1000)} s`,
      }
    : null;
