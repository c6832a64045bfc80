/** Portfolio heat: what all positions together would lose if every stop were reached, against equity. */
import {
  absoluteQuantity,
  addMoney,
  divideRounded,
  formatMoney,
  type Money,
  notionalOf,
  type Price,
  prorateMoney,
  type Quantity,
  subtractPrice,
  ZERO_MONEY,
} from '#shared/core/kernel/decimal.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';

export interface PositionAtRisk {
  /** Negative when short. */
  readonly quantity: Quantity;
  /** Last price. */
  readonly price: Price;
  readonly stopPrice: Price | null;
}

/**
 * Loss from the last price to the stop; nothing where the stop locks a profit in against the last price. A position
 * without a stop stakes all that it is worth.
 */
export function riskOf({ quantity, price, stopPrice }: PositionAtRisk): Money {
  const size = absoluteQuantity(quantity);
  if (stopPrice === null) return notionalOf(price, size);
  const distance = quantity > 0n ? subtractPrice(price, stopPrice) : subtractPrice(stopPrice, price);
  return distance > 0n ? notionalOf(distance, size) : ZERO_MONEY;
}

export const heatOf = (positions: readonly PositionAtRisk[]): Money =>
  positions.reduce((sum, position) => addMoney(sum, riskOf(position)), ZERO_MONEY);

/**
 * Why a position's risk does not fit under the heat that the regime allows, or null when it does.
 * @param heat risk of what is held and of what was accepted before in this run.
 */
export function heatRefusal(heat: Money, added: Money, equity: Money, heatBpsMax: bigint): Refusal | null {
  const limit = prorateMoney(equity, heatBpsMax, 10_000n, 'floor');
  const total = addMoney(heat, added);
  if (total <= limit) return null;
  const neededBps = equity > 0n ? divideRounded(total * 10_000n, equity, 'ceiling') : null;
  return refusal('portfolio-heat', 'the positions together would risk more than the regime allows', {
    actual: formatMoney(total),
    limit: formatMoney(limit),
    limitBps: String(heatBpsMax),
    wouldPassAt: neededBps === null ? 'no equity' : `${neededBps} bps`,
  });
}
