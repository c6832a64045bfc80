/** A resting limit order in one bar: it fills where the bar reaches it. */
import type { Price, Quantity } from '#shared/core/kernel/decimal.ts';
import type { Side } from '#shared/core/order/terms.ts';
import { type FillCosts, type ModelFill, costedFill } from './fill-costs.ts';

export interface LimitBar {
  readonly open: Price;
  readonly high: Price;
  readonly low: Price;
}

/** `touch` fills when the bar reaches the limit; `through` only when it goes beyond, as an order at the back of a queue. */
export type LimitDepth = 'touch' | 'through';

/**
 * The fill at the limit, or at the open where the bar opens on the better side of it; null where the bar stays away.
 * A limit order has no slippage: its price is its own.
 */
export function fillAtLimit(
  side: Side,
  quantity: Quantity,
  limit: Price,
  bar: LimitBar,
  depth: LimitDepth,
  costs: FillCosts,
): ModelFill | null {
  const opensBetter = side === 'buy' ? bar.open <= limit : bar.open >= limit;
  if (opensBetter) return costedFill(side, quantity, bar.open, bar.open, costs);
  const reach = side === 'buy' ? limit - bar.low : bar.high - limit;
  const reached = depth === 'touch' ? reach >= 0n : reach > 0n;
  return reached ? costedFill(side, quantity, limit, limit, costs) : null;
}
