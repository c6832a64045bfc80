/** Safety facts: read before a decision, changed only by compare and swap, each change with its fact. */
import type { AccountId, BuildId, StrategyId } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import type { Result } from '#shared/core/kernel/result.ts';
import type { GateReference } from '#shared/core/safety/gate-conditions.ts';
import type { OrderClass } from '#shared/core/safety/order-class.ts';
import type {
  AccountSafety,
  GlobalSafety,
  KillCancels,
  StrategySafety,
  TradingState,
} from '#shared/core/safety/safety-facts.ts';

/** What a kill switch stops: the whole deployment, one account, one strategy of it. */
export type KillScope =
  | { readonly kind: 'global' }
  | { readonly kind: 'account' }
  | { readonly kind: 'strategy'; readonly strategyId: StrategyId };

export interface KillSwitchChange {
  readonly scope: KillScope;
  readonly by: string;
  readonly reason: string;
  readonly now: EpochMs;
  readonly correlationId: string;
}

/** What a change in the name of a person carries. */
export interface PersonsChange {
  readonly by: string;
  readonly reason: string;
  readonly now: EpochMs;
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
  /** Retries until committed; refuses only where the item does not exist. An engaged switch stays as it was engaged. */
  engageKillSwitch(
    accountId: AccountId,
    change: KillSwitchChange & { readonly cancels: KillCancels },
  ): Promise<Result<void, Refusal>>;
  disengageKillSwitch(accountId: AccountId, change: KillSwitchChange): Promise<Result<void, Refusal>>;
  /**
   * Says that no send which began before the engagement is on its way any more.
   * @param engagedAt of the engagement that was swept; one that was engaged anew since is left as it is
   * @param canceled how many cancels were asked for
   */
  settleKillSwitch(
    accountId: AccountId,
    settled: {
      readonly scope: KillScope;
      readonly engagedAt: EpochMs | null;
      readonly canceled: number;
      readonly now: EpochMs;
    },
  ): Promise<void>;
  /** A breaker that is tripped already stays with the cause that it has. */
  tripBreaker(accountId: AccountId, trip: BreakerTrip): Promise<void>;
  /** Begins the quiet period. Refused while a cause still holds, or was not looked at since the trip. */
  resetBreaker(
    accountId: AccountId,
    change: PersonsChange & { readonly quietMs: number },
  ): Promise<Result<EpochMs, Refusal>>;
  /** Ends a quiet period that is over. True when it was ended by this call. */
  armBreaker(accountId: AccountId, now: EpochMs): Promise<boolean>;
  /** Lets a live account take entries until an instant; null disarms it. */
  armLive(
    accountId: AccountId,
    change: PersonsChange & { readonly until: EpochMs | null },
  ): Promise<Result<void, Refusal>>;
  /**
   * True when the state was another.
   * @param change `ownOnly` leaves a state that somebody else has set, unless that is ACTIVE
   */
  setTradingState(
    accountId: AccountId,
    change: PersonsChange & { readonly state: TradingState; readonly ownOnly?: boolean },
  ): Promise<boolean>;
  /** Opens the gate for a session and build. The start of the pass only ever grows; an older pass changes nothing. */
  recordPass(accountId: AccountId, pass: ReconciledPass): Promise<void>;
  setEnabled(accountId: AccountId, strategyId: StrategyId, change: EnabledChange): Promise<Result<void, Refusal>>;
}
