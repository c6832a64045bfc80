/** The safety facts of an account as they stand in the table, and the words they are written in. */
import type { AccountId, BuildId, StrategyId } from '#shared/core/kernel/identity.ts';
import type { Money } from '#shared/core/kernel/decimal.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import type { Pace } from '#shared/core/portfolio/exposure.ts';

/** ACTIVE: all orders. REDUCING: only orders that shrink a position. HALTED: cancels and an operator's flatten. */
export const TRADING_STATES = ['ACTIVE', 'REDUCING', 'HALTED'] as const;
export type TradingState = (typeof TRADING_STATES)[number];

/** A breaker that trades is ARMED; "open" would mean the opposite to half of the readers. */
export const BREAKER_STATES = ['ARMED', 'TRIPPED', 'QUIET_PERIOD'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

export interface KillSwitch {
  readonly engaged: boolean;
  readonly by: string | null;
  readonly reason: string | null;
  readonly at: EpochMs | null;
  /** Which open orders are canceled when it is engaged: those that may add risk, or all. */
  readonly cancels: KillCancels;
  /** No send that began before it is on its way any more, and every cancel has been asked for. */
  readonly settled: boolean;
}

export const KILL_CANCELS = ['risk-increasing', 'all'] as const;
export type KillCancels = (typeof KILL_CANCELS)[number];

export const DISENGAGED: KillSwitch = {
  engaged: false,
  by: null,
  reason: null,
  at: null,
  cancels: 'risk-increasing',
  settled: true,
};

export interface Breaker {
  readonly state: BreakerState;
  /** Why it tripped last. */
  readonly cause: string | null;
  readonly by: string | null;
  readonly at: EpochMs | null;
  /** End of the quiet period while in it. */
  readonly quietUntil: EpochMs | null;
}

export interface GlobalSafety {
  readonly killSwitch: KillSwitch;
  readonly version: number;
  /** Last fact sequence of the aggregate "global". */
  readonly sequence: number;
}

export interface AccountSafety {
  readonly accountId: AccountId;
  readonly killSwitch: KillSwitch;
  readonly breaker: Breaker;
  readonly tradingState: TradingState;
  /** Who set it: the monitor takes back only what it set itself. */
  readonly tradingStateBy: string | null;
  /** Live accounts take entries only while armed. */
  readonly live: boolean;
  readonly armedUntil: EpochMs | null;
  readonly policyVersion: number;
  /** Start of the last whole reconciliation pass; only ever grows. */
  readonly reconciledAt: EpochMs | null;
  readonly reconciledSession: CalendarDate | null;
  readonly reconciledBuild: BuildId | null;
  readonly version: number;
  /** Last fact sequence of the account's aggregate. */
  readonly sequence: number;
}

export interface StrategySafety {
  readonly strategyId: StrategyId;
  readonly enabled: boolean;
  readonly killSwitch: KillSwitch;
  /** Entries of the last minute in which there were any. */
  readonly minute: Pace;
  /** What the strategy may still commit: its allocation less positions at cost and reservations. */
  readonly cashAvailable: Money;
}
