/** The part of the policy that decides: regimes, correlation, and how large a position may be. */
import { type CorrelationRules, DEFAULT_CORRELATION_RULES } from '#shared/core/portfolio/correlation-filter.ts';
import { DEFAULT_SIZING_RULES } from '#shared/core/portfolio/position-size.ts';
import { DEFAULT_REGIME_RULES, type RegimeRules } from '#shared/core/portfolio/regime.ts';
import type { TargetRules } from '#shared/core/portfolio/target-weights.ts';

/** How large a new position is. The distance of its stop is that of the stops section. */
export interface EntrySizing {
  /** Loss at the stop, in basis points of equity, before regime and correlation scale it. */
  readonly riskBps: bigint;
  /** Most that one position may be worth, in basis points of equity. */
  readonly weightBpsMax: bigint;
}

export interface DecisionPolicy {
  readonly regime: RegimeRules;
  readonly correlation: CorrelationRules;
  readonly sizing: EntrySizing;
  /** Null: as many positions as the limits allow, sized by risk alone. */
  readonly targets: TargetRules | null;
}

export const FIRST_DECISION: DecisionPolicy = {
  regime: DEFAULT_REGIME_RULES,
  correlation: DEFAULT_CORRELATION_RULES,
  sizing: { riskBps: DEFAULT_SIZING_RULES.riskBps, weightBpsMax: 1500n },
  targets: null,
};
