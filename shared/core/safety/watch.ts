/** What the monitor remembers from one look at an account to the next. */
import type { Money, Price } from '#shared/core/kernel/decimal.ts';
import type { StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import type { TripCause } from '#shared/core/portfolio/safety-policy.ts';

/** A cause to trip that held when the monitor looked. */
export interface HoldingCause {
  readonly cause: TripCause;
  readonly message: string;
}

/** One question to the broker's clock. */
export interface Probe {
  readonly at: EpochMs;
  /** The broker's time less the house's; null where nothing was answered. */
  readonly skewMs: number | null;
}

/** What is remembered of one strategy's share of a symbol while it is open. */
export interface PositionWatch {
  readonly strategyId: StrategyId;
  readonly ticker: Ticker;
  /** Since when no protective stop stands for all of it. */
  readonly nakedSince: EpochMs | null;
  /** When a person was told of it; null while it is not worth telling. */
  readonly flaggedAt: EpochMs | null;
  /** Protective stops asked for since then. */
  readonly attempts: number;
  readonly attemptedAt: EpochMs | null;
  /** Since when the price lies beyond the stop. */
  readonly hitSince: EpochMs | null;
  /** The best price since the entry: the highest of a long position, the lowest of a short one. */
  readonly bestPrice: Price | null;
}

export interface Watch {
  /** When the monitor looked last. */
  readonly at: EpochMs;
  readonly holding: readonly HoldingCause[];
  /** The session that `sessionPeak` belongs to. */
  readonly session: CalendarDate | null;
  /** Highest equity of the session, and of all. */
  readonly sessionPeak: Money | null;
  readonly peak: Money | null;
  /** The last ones, oldest first. */
  readonly probes: readonly Probe[];
  readonly positions: readonly PositionWatch[];
  /** Counts writes, from 1. */
  readonly version: number;
}

/** What is remembered of a share before the first look at it. */
export const firstPositionWatch = (strategyId: StrategyId, ticker: Ticker): PositionWatch => ({
  strategyId,
  ticker,
  nakedSince: null,
  flaggedAt: null,
  attempts: 0,
  attemptedAt: null,
  hitSince: null,
  bestPrice: null,
});

/** Before the first look. */
export const firstWatch = (at: EpochMs): Watch => ({
  at,
  holding: [],
  session: null,
  sessionPeak: null,
  peak: null,
  probes: [],
  positions: [],
  version: 0,
});
