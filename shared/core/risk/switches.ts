/** Switches that a deployment sets in its environment: by hand, and stronger than any policy. */
import type { StrategyId } from '#shared/core/kernel/identity.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import type { OrderClass } from '#shared/core/safety/order-class.ts';

export interface Switches {
  /** Nothing passes but cancels and an operator's flatten. */
  readonly tradingDisabled: boolean;
  /** Nothing is written at the broker but cancels. */
  readonly safeMode: boolean;
  /** Strategies that may only close positions. */
  readonly strategiesDisabled: readonly StrategyId[];
}

export const NO_SWITCHES: Switches = { tradingDisabled: false, safeMode: false, strategiesDisabled: [] };

/** Why a switch bars an order, or null; asked at the clearing and again before each send. */
export function switchRefusal(switches: Switches, orderClass: OrderClass, strategyId: StrategyId): Refusal | null {
  if (switches.safeMode) return refusal('safe-mode', 'SAFE_MODE is on: only cancels go to the broker', {});
  if (switches.tradingDisabled && orderClass !== 'flatten') {
    return refusal('trading-disabled', 'TRADING_DISABLED is on: only cancels and a flatten pass', {});
  }
  return orderClass === 'entry' && switches.strategiesDisabled.includes(strategyId)
    ? refusal('strategy-disabled', `STRATEGY_DISABLED_LIST names ${strategyId}`, { strategyId })
    : null;
}
