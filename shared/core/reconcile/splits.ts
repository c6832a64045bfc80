/** What looks like a share split, in a price that jumped over night or in a position that was multiplied. */
import { averagePrice, type Money, type Price, type Quantity } from '#shared/core/kernel/decimal.ts';

/** `to` new shares for every `from` old ones. */
export interface SplitRatio {
  readonly to: number;
  readonly from: number;
}

/** Splits that happen: whole multiples, three for two, and the reverse splits that save a listing. */
const RATIOS: readonly SplitRatio[] = [
  { to: 3, from: 2 },
  ...Array.from({ length: 19 }, (_, index) => ({ to: index + 2, from: 1 })),
  { to: 2, from: 3 },
  ...Array.from({ length: 49 }, (_, index) => ({ to: 1, from: index + 2 })),
];

/** How far the price may stray from the ratio: a night moves it as well. */
const PRICE_TOLERANCE = 0.04;
/** How far the broker's average may stray from ours times the ratio: rounding alone. */
const AVERAGE_TOLERANCE_BPS = 50n;

/**
 * The ratio that a jump from one close to the next price would be. A market that really halves looks the same: the
 * symbol is stopped until a person has looked.
 * @returns null for an ordinary move, and for prices that are none
 */
export function splitInPrices(closeBefore: number, priceNow: number): SplitRatio | null {
  if (!(closeBefore > 0) || !(priceNow > 0)) return null;
  const shares = closeBefore / priceNow;
  const fit = (ratio: SplitRatio): number => Math.abs(shares / (ratio.to / ratio.from) - 1);
  const nearest = RATIOS.reduce<SplitRatio | null>(
    (best, ratio) => (best === null || fit(ratio) < fit(best) ? ratio : best),
    null,
  );
  return nearest !== null && fit(nearest) <= PRICE_TOLERANCE ? nearest : null;
}

/** A holding as one side has it. */
export interface Holding {
  readonly quantity: Quantity;
  readonly averagePrice: Price;
}

/**
 * The ratio by which the broker's holding is ours after a split: shares multiplied, average divided. A fraction that was
 * paid out in cash is cut off the broker's shares.
 */
export function splitInHoldings(ours: Holding, broker: Holding): SplitRatio | null {
  if (ours.quantity === 0n || broker.quantity === 0n || ours.averagePrice <= 0n || broker.averagePrice <= 0n)
    return null;
  const found = RATIOS.find(({ to, from }) => {
    const expected = (ours.quantity * BigInt(to)) / BigInt(from);
    const short = expected < 0n ? broker.quantity - expected : expected - broker.quantity;
    const one = 1_000_000_000n;
    if (short < 0n || short >= one) return false;
    const average = (ours.averagePrice * BigInt(from)) / BigInt(to);
    const off = average > broker.averagePrice ? average - broker.averagePrice : broker.averagePrice - average;
    return off * 10_000n <= average * AVERAGE_TOLERANCE_BPS;
  });
  return found ?? null;
}

/** The average of a position at cost; null for none. */
export const holdingOf = (quantity: Quantity, cost: Money): Holding | null =>
  quantity === 0n ? null : { quantity, averagePrice: averagePrice(cost, quantity, 'half-even') };
