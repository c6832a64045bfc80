/**
 * How large a position is: so large that the way to its stop costs a fixed share of equity. The stop lies a multiple of
 * the average true range away, so that quiet symbols get more shares and wild ones fewer.
 */
import {
  addPrice,
  formatMoney,
  formatPrice,
  type Money,
  maxPrice,
  maxQuantity,
  minPrice,
  minQuantity,
  notionalOf,
  type Price,
  prorateMoney,
  proratePrice,
  type Quantity,
  roundPrice,
  roundQuantity,
  subtractPrice,
  unitsFor,
  wholeQuantity,
  ZERO_PRICE,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import { priceTick, quantize } from '#shared/core/market/instrument-rules.ts';
import type { Instrument } from '#shared/core/market/types.ts';

export interface SizingRules {
  /** Loss at the stop, in basis points of equity, before regime and correlation scale it. */
  readonly riskBps: bigint;
  /** Distance of the stop, in hundredths of an average true range. */
  readonly stopRangePercent: bigint;
}

export const DEFAULT_SIZING_RULES: SizingRules = { riskBps: 100n, stopRangePercent: 200n };

export interface SizingRequest {
  readonly instrument: Instrument;
  readonly side: 'long' | 'short';
  readonly price: Price;
  /** Average true range in the unit of the price; a statistic. */
  readonly atr: number;
  readonly equity: Money;
  /** Scales of the size in basis points, applied one after the other: regime, correlation. */
  readonly scalesBps: readonly bigint[];
  /** Most that the position may be worth: the smallest of the limits that apply. */
  readonly notionalMax: Money;
  readonly fractions: 'whole' | 'fractional';
}

export interface PositionSize {
  readonly quantity: Quantity;
  readonly notional: Money;
  readonly stopPrice: Price;
  /** Loss at the stop, without slippage. */
  readonly risk: Money;
  /** Which bound decided: the risk budget, or the most that the position may be worth. */
  readonly boundBy: 'risk' | 'notional';
}

const FULL_BPS = 10_000n;

/** Distance of the stop from the entry, rounded up to a tick. */
export function stopDistance(instrument: Instrument, price: Price, atr: number, rules: SizingRules): Price {
  const range = quantize(instrument).price(atr, 'ceiling');
  return roundPrice(proratePrice(range, rules.stopRangePercent, 100n, 'ceiling'), priceTick(price), 'ceiling');
}

/** Where the stop of a new position lies: below a long one, above a short one; never at or below zero. */
const stopLevel = (side: 'long' | 'short', price: Price, distance: Price): Price =>
  side === 'short' ? addPrice(price, distance) : distance < price ? subtractPrice(price, distance) : ZERO_PRICE;

/** @returns the size, or `size-below-minimum` when not one step of the instrument fits. */
export function sizePosition(request: SizingRequest, rules: SizingRules): Result<PositionSize, Refusal> {
  const { instrument, side, price, equity, scalesBps, notionalMax } = request;
  if (!Number.isFinite(request.atr) || request.atr <= 0 || price <= 0n) {
    return fail(
      refusal('size-below-minimum', `${instrument.ticker} has no range to size by`, {
        averageTrueRange: String(request.atr),
        price: formatPrice(price),
      }),
    );
  }
  const distance = stopDistance(instrument, price, request.atr, rules);
  const stopPrice = stopLevel(side, price, distance);
  const atStake = side === 'long' ? subtractPrice(price, stopPrice) : distance;
  const budget = scalesBps.reduce<Money>(
    (money, scale) => prorateMoney(money, scale, FULL_BPS, 'floor'),
    prorateMoney(equity, rules.riskBps, FULL_BPS, 'floor'),
  );
  const step =
    request.fractions === 'fractional' && instrument.fractionable ? instrument.quantityStep : wholeQuantity(1);
  const byRisk = budget > 0n ? unitsFor(budget, atStake, 'floor') : ZERO_QUANTITY;
  const byNotional = notionalMax > 0n ? unitsFor(notionalMax, price, 'floor') : ZERO_QUANTITY;
  const quantity = roundQuantity(minQuantity(byRisk, byNotional), step, 'floor');
  if (quantity <= 0n || quantity < instrument.quantityMin) return fail(tooSmall(request, atStake, budget, step));
  return succeed({
    quantity,
    notional: notionalOf(price, quantity),
    stopPrice,
    risk: notionalOf(atStake, quantity),
    boundBy: byRisk <= byNotional ? 'risk' : 'notional',
  });
}

/** Names the bound that one step does not fit under, and what it would have to be. */
function tooSmall(request: SizingRequest, atStake: Price, budget: Money, step: Quantity): Refusal {
  const { instrument, price, notionalMax } = request;
  const least = maxQuantity(step, instrument.quantityMin);
  const riskOfLeast = notionalOf(atStake, least);
  const byRisk = riskOfLeast > budget;
  return refusal(
    'size-below-minimum',
    `not one step of ${instrument.ticker} fits under its ${byRisk ? 'risk budget' : 'largest size'}`,
    {
      bound: byRisk ? 'risk' : 'notional',
      actual: formatMoney(byRisk ? riskOfLeast : notionalOf(price, least)),
      limit: formatMoney(byRisk ? budget : notionalMax),
      wouldPassAt: formatMoney(byRisk ? riskOfLeast : notionalOf(price, least)),
    },
  );
}

/**
 * A stop that follows a long position up and a short one down, and never back: the best price since the entry less (or
 * plus) the distance, but never worse than the stop before.
 */
export function trailStop(side: 'long' | 'short', before: Price, bestPrice: Price, distance: Price): Price {
  const level = stopLevel(side, bestPrice, distance);
  return side === 'long' ? maxPrice(before, level) : minPrice(before, level);
}

/** True when a price has reached a stop. */
export const stopReached = (side: 'long' | 'short', stopPrice: Price, price: Price): boolean =>
  side === 'long' ? price <= stopPrice : price >= stopPrice;
