/** Safety facts: read before a decision, changed only by compare and swap, each change with its fact. */
import type { AccountId, BuildId, StrategyId } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import type { Result } from '#shared/core/kernel/result.ts';
import type { GateReference } from '#shared/core/safety/gate-conditions.ts';
import type { OrderClass } from '#shared/core/safety/order-class.ts';
import type { AccountSafety, GlobalSafety, StrategySafety } from '#shared/core/safety/safety-facts.ts';

export interface KillSwitchChange {
  readonly scope: 'global' | 'account';
  readonly by: string;
  readonly reason: string;
  readonly now: EpochMs;
  readonly correlationId: string;
}

export interface BreakerTrip {
  /** Stable, kebab-case. */
  readonly cause: string;
  readonly by: string;
  readonly message: string;
  readonly now: EpochMs;
}

export interface EnabledChange {
  readonly enabled: boolean;
  readonly by: string;
  readonly reason: string;
  readonly now: EpochMs;
}

/** A pass of reconciliation that compared everything. */
export interface ReconciledPass {
  readonly startedAt: EpochMs;
  readonly session: CalendarDate;
  readonly build: BuildId;
}

export interface SafetyFacts {
  /** Null where `belay init` has not made the item; a reader treats that as a no. */
  readonly global: GlobalSafety | null;
  readonly account: AccountSafety | null;
}

export interface Safety {
  read(accountId: AccountId): Promise<SafetyFacts>;
  /** The first gate that is shut for a class of order, or null: the conditions of the claim, looked at beforehand. */
  shutGate(accountId: AccountId, orderClass: OrderClass, reference: GateReference): Promise<Refusal | null>;
  strategies(accountId: AccountId): Promise<readonly StrategySafety[]>;
  /** Retries until committed; refuses only where the item does not exist. */
  engageKillSwitch(accountId: AccountId, change: KillSwitchChange): Promise<Result<void, Refusal>>;
  disengageKillSwitch(accountId: AccountId, change: KillSwitchChange): Promise<Result<void, Refusal>>;
  /** Says that no send which began before the engagement is on its way any more. */
  settleKillSwitch(accountId: AccountId, change: KillSwitchChange, canceled: number): Promise<void>;
  tripBreaker(accountId: AccountId, trip: BreakerTrip): Promise<void>;
  /** Opens the gate for a session and build. The start of the pass only ever grows; an older pass changes nothing. */
  recordPass(accountId: AccountId, pass: ReconciledPass): Promise<void>;
  setEnabled(accountId: AccountId, strategyId: StrategyId, change: EnabledChange): Promise<Result<void, Refusal>>;
}
