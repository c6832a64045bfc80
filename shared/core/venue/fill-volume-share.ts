/** No order may be more than a share of what was traded in its bar, and the larger its share the worse its price. */
import {
  type Price,
  type Quantity,
  minQuantity,
  prorateQuantity,
  roundQuantity,
  wholeQuantity,
} from '#shared/core/kernel/decimal.ts';
import type { Side } from '#shared/core/order/terms.ts';
import { type FillCosts, type ModelFill, costedFill, slippedPrice } from './fill-costs.ts';

export interface VolumeShareRule {
  /** Thousandths of the bar's volume that one order may take: 25 is 2.5 %. */
  readonly perMilleMax: number;
  /** Millionths of the price that an order of the whole volume would move it by; the move grows with the share squared. */
  readonly impactPerMillion: number;
}

const ONE_SHARE = wholeQuantity(1);

/**
 * What one bar gives of an open quantity, in whole shares, at the bar's price moved by impact and slippage. Null where
 * the bar's volume gives no share at all; the rest waits for the next bar.
 */
export function fillShareOfVolume(
  side: Side,
  openQuantity: Quantity,
  price: Price,
  volume: Quantity,
  rule: VolumeShareRule,
  costs: FillCosts,
): ModelFill | null {
  if (volume <= 0n) return null;
  const ceiling = prorateQuantity(volume, BigInt(rule.perMilleMax), 1_000n, 'floor');
  const quantity = minQuantity(openQuantity, roundQuantity(ceiling, ONE_SHARE, 'floor'));
  if (quantity <= 0n) return null;
  const share = Number((quantity * 1_000_000n) / volume) / 1_000_000;
  const impact = Math.ceil(rule.impactPerMillion * share * share);
  const paid = slippedPrice(side, price, impact + costs.slippagePerMillion);
  return costedFill(side, quantity, price, paid, costs);
}
