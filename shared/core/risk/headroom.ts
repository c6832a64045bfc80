/** What the claim holds an entry to once more, in its own transaction: limits, and counters as the clearing saw them. */
import type { Money } from '#shared/core/kernel/decimal.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { type Exposure, minuteOf, NO_PACE, type Pace } from '#shared/core/portfolio/exposure.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import type { StrategySafety } from '#shared/core/safety/safety-facts.ts';

/** A counter as it was read, and how far it may go. */
export interface Rate {
  readonly seen: Pace;
  readonly ordersMax: number;
}

/** What the account may commit in all, and how fast. */
export interface Headroom {
  readonly grossExposureMax: Money;
  readonly ordersOpenMax: number;
  readonly ordersPerDayMax: number;
  /** The window that a claim made now falls in. */
  readonly minute: string;
  readonly ofAccount: Rate;
  readonly ofStrategy: Rate;
  readonly ofCycle: Rate & { readonly notionalMax: Money };
}

/** A counter whose item is missing counts from nothing: the claim refuses for the item itself. */
export function headroomOf(
  { limits, checks }: Policy,
  seen: { readonly exposure: Exposure | null; readonly strategy: StrategySafety | null },
  now: EpochMs,
): Headroom {
  return {
    grossExposureMax: limits.grossExposureMax,
    ordersOpenMax: limits.ordersOpenMax,
    ordersPerDayMax: limits.ordersPerDayMax,
    minute: minuteOf(now),
    ofAccount: { seen: seen.exposure?.minute ?? NO_PACE, ordersMax: checks.submitsPerMinuteMax },
    ofStrategy: { seen: seen.strategy?.minute ?? NO_PACE, ordersMax: checks.strategySubmitsPerMinuteMax },
    ofCycle: {
      seen: seen.exposure?.cycle ?? NO_PACE,
      ordersMax: limits.ordersPerCycleMax,
      notionalMax: limits.notionalPerCycleMax,
    },
  };
}
