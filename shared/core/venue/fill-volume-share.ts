/** Orders may be no more than a share of what their session trades, and the larger the share the worse the price. */
import {
  type Quantity,
  addQuantity,
  minQuantity,
  prorateQuantity,
  roundQuantity,
  subtractQuantity,
  wholeQuantity,
} from '#shared/core/kernel/decimal.ts';
import type { VolumeShareRule } from './fill-rule.ts';

export interface VolumeTake {
  readonly quantity: Quantity;
  /** Millionths of the price. */
  readonly impactPerMillion: number;
}

const ONE_SHARE = wholeQuantity(1);

/**
 * What a session's volume gives of a wanted quantity, in whole shares, where some of it was taken before; what was taken
 * counts for the impact too, so that parts are no cheaper. Null where nothing is left to give. The quadratic impact is
 * that of zipline's `VolumeShareSlippage`.
 */
export function takeOfVolume(
  wanted: Quantity,
  taken: Quantity,
  volume: Quantity,
  rule: VolumeShareRule,
): VolumeTake | null {
  if (volume <= 0n) return null;
  const share = prorateQuantity(volume, BigInt(rule.perMilleMax), 1_000n, 'floor');
  const left = subtractQuantity(roundQuantity(share, ONE_SHARE, 'floor'), taken);
  const quantity = minQuantity(wanted, left);
  if (quantity <= 0n) return null;
  const ofVolume = Number((addQuantity(taken, quantity) * 1_000_000n) / volume) / 1_000_000;
  return { quantity, impactPerMillion: Math.ceil(rule.impactPerMillion * ofVolume * ofVolume) };
}
