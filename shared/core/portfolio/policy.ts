/**
 * The runtime policy: limits, thresholds, universe and strategies, as one versioned document. A decision records the
 * version that it used; the claim holds it to that version.
 */
import type { Money, Price, Quantity } from '#shared/core/kernel/decimal.ts';
import type { StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import type { UniverseSource } from '#shared/core/market/universe.ts';
import type { DecisionPolicy } from '#shared/core/portfolio/decision-policy.ts';
import type { BreakerPolicy, CheckPolicy, MonitorPolicy, StopPolicy } from '#shared/core/portfolio/safety-policy.ts';

/** One strategy's place in the policy. */
export interface StrategyPolicy {
  readonly strategyId: StrategyId;
  readonly enabled: boolean;
  /** Cash that the strategy may commit at most. */
  readonly cash: Money;
  /** Plain numbers for the strategy's own rules, such as periods and thresholds. */
  readonly parameters: Readonly<Record<string, number>>;
}

export interface PolicyLimits {
  /** Positions at cost plus all reservations, per account. */
  readonly grossExposureMax: Money;
  /** Positions at cost plus reservations, per symbol. */
  readonly symbolExposureMax: Money;
  readonly positionsMax: number;
  readonly ordersOpenMax: number;
  readonly ordersPerDayMax: number;
  readonly ordersPerCycleMax: number;
  readonly notionalPerCycleMax: Money;
  readonly fatFingerNotionalMax: Money;
  readonly fatFingerQuantityMax: Quantity;
  /** Share of average daily volume that one order may be, in basis points. */
  readonly fatFingerVolumeShareBpsMax: bigint;
  readonly priceMin: Price;
  readonly orderNotionalMin: Money;
  /** Distance from the last quote beyond which a price is refused, in basis points. */
  readonly collarBps: bigint;
  /** Widest quoted spread that a market order may meet, in basis points of the mid. */
  readonly spreadBpsMax: bigint;
  readonly quoteAgeMsMax: number;
  readonly reconciliationAgeMsMax: number;
  /** How long a decision may wait before it is sent. */
  readonly decisionAgeMsMax: number;
  /** Daily loss against the equity at session start, in basis points. */
  readonly dailyLossBpsMax: bigint;
  readonly drawdownBpsMax: bigint;
}

/** What reconciliation may let pass, and what it does with orders that are not ours. */
export interface ReconciliationPolicy {
  /**
   * What becomes of an order that somebody else placed at the broker. Its executions are booked in any case.
   * `ignore`: nothing more. `claim`: it is taken into the table, as an order of the strategy "manual". `quarantine`: its
   * symbol takes no entries until a person lifts that.
   */
  readonly foreignOrders: 'ignore' | 'claim' | 'quarantine';
  /** By how much of its equity the account's cash may differ from what the books expect, in basis points. */
  readonly cashToleranceBps: bigint;
  /** More quarantined symbols than this stop entries for the account. */
  readonly quarantinesMax: number;
  /** An order of unknown fate older than this is reported with each pass. */
  readonly unknownAgeMsMax: number;
}

export interface Policy {
  readonly version: number;
  /** Symbols that are looked at; of a dynamic universe the candidates. */
  readonly universe: readonly Ticker[];
  readonly universeSource: UniverseSource;
  readonly strategies: readonly StrategyPolicy[];
  readonly limits: PolicyLimits;
  readonly decision: DecisionPolicy;
  readonly checks: CheckPolicy;
  readonly breaker: BreakerPolicy;
  readonly monitor: MonitorPolicy;
  readonly stops: StopPolicy;
  readonly reconciliation: ReconciliationPolicy;
}
