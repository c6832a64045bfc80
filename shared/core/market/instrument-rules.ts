/**
 * What a US equity may be ordered in, and the one door from a statistic to a price or a quantity: every number that
 * becomes money passes `quantize` and has its rounding named there.
 */
import {
  divideRounded,
  PRICE_SCALE,
  type Price,
  parsePrice,
  parseQuantity,
  proratePrice,
  prorateQuantity,
  QUANTITY_SCALE,
  type Quantity,
  type Rounding,
  wholeQuantity,
} from '#shared/core/kernel/decimal.ts';
import { invariant } from '#shared/core/kernel/fault.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { Instrument } from './types.ts';

/** SEC Rule 612: quotes and orders at or above one dollar move in cents, below it in hundredths of a cent. */
const TICK_FROM_ONE_DOLLAR = parsePrice('0.01');
const TICK_BELOW_ONE_DOLLAR = parsePrice('0.0001');
const ONE_DOLLAR = parsePrice('1');
const WHOLE_SHARE = wholeQuantity(1);
const FRACTION_OF_SHARE = parseQuantity('0.000000001');

/** The step that a price of this size moves in. */
export const priceTick = (price: Price): Price => (price >= ONE_DOLLAR ? TICK_FROM_ONE_DOLLAR : TICK_BELOW_ONE_DOLLAR);

/** A company's share as Alpaca describes one: tradable, fractionable, shortable. */
export const equityInstrument = (ticker: Ticker, name: string): Instrument => ({
  ticker,
  name,
  assetClass: 'equity',
  tradable: true,
  fractionable: true,
  shortable: true,
  marginable: true,
  quantityStep: FRACTION_OF_SHARE,
  quantityMin: FRACTION_OF_SHARE,
});

/** A statistic that can be no price or no quantity. */
export class QuantizeError extends Error {
  override readonly name = 'QuantizeError';
}

/** 10^0, 10^1 and so on, as far as the text of a number can ask for. */
const POWERS = Array.from({ length: 40 }, (_, exponent) => 10n ** BigInt(exponent));

/**
 * A number as a multiple of a step. The number is read by its shortest text: 0.29 is 0.29 here and not
 * 0.28999999999999998, so that what lies on its step stays there.
 */
function stepsOf(value: number, stepScaled: bigint, stepScale: number, rounding: Rounding): bigint {
  const shortest = value.toString();
  const text = shortest.includes('e') ? value.toFixed(20) : shortest;
  const point = text.indexOf('.');
  const decimals = point < 0 ? 0 : text.length - point - 1;
  const digits = BigInt(point < 0 ? text : text.slice(0, point) + text.slice(point + 1));
  const power = POWERS[Math.abs(stepScale - decimals)];
  invariant(power !== undefined, `${text} has more decimals than any number`);
  return decimals <= stepScale
    ? divideRounded(digits * power, stepScaled, rounding)
    : divideRounded(digits, stepScaled * power, rounding);
}

function requireNumber(value: number, what: string): void {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e15) {
    throw new QuantizeError(`${value} can be no ${what}: expected a finite number below 10^15`);
  }
}

export interface Quantizer {
  /** A price on the instrument's tick. @throws QuantizeError unless the number is finite and not negative. */
  price(value: number, rounding: Rounding): Price;
  /**
   * A quantity on the step: whole shares, or the instrument's own step when fractions are asked for and allowed.
   * @throws QuantizeError unless the number is finite.
   */
  quantity(value: number, rounding: Rounding, fractions?: 'whole' | 'fractional'): Quantity;
}

/** Opens the door for one instrument. */
export function quantize(instrument: Instrument): Quantizer {
  return {
    price(value, rounding) {
      requireNumber(value, 'price');
      if (value < 0) throw new QuantizeError(`${value} can be no price: expected zero or more`);
      const tick = value >= 1 ? TICK_FROM_ONE_DOLLAR : TICK_BELOW_ONE_DOLLAR;
      return proratePrice(tick, stepsOf(value, tick, PRICE_SCALE, rounding), 1n, 'floor');
    },
    quantity(value, rounding, fractions = 'whole') {
      requireNumber(value, 'quantity');
      const step = fractions === 'fractional' && instrument.fractionable ? instrument.quantityStep : WHOLE_SHARE;
      return prorateQuantity(step, stepsOf(value, step, QUANTITY_SCALE, rounding), 1n, 'floor');
    },
  };
}
