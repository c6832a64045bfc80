/** When and at what price an order may fill: the paper engine's rules, pure. */
import {
  type Price,
  type Quantity,
  ZERO_PRICE,
  minQuantity,
  parsePrice,
  parseQuantity,
  proratePrice,
  prorateQuantity,
  roundPrice,
  roundQuantity,
  subtractQuantity,
  wholeQuantity,
} from '#shared/core/kernel/decimal.ts';
import { priceTick } from '#shared/core/market/instrument-rules.ts';
import type { Quote } from '#shared/core/market/types.ts';
import type { OrderType, Side } from '#shared/core/order/terms.ts';
import type { PriceTest } from './venue-market.ts';

const FIFTY_DOLLARS = parsePrice('50');
const HIGHEST = parsePrice('1000000000');
const ONE_SHARE = wholeQuantity(1);
const SMALLEST_STEP = parseQuantity('0.000000001');

/** A market buy and a triggered buy stop work as limit orders: 4 % above below $50, 2.5 % above from there on. */
export function buyCollar(reference: Price): Price {
  const raised = proratePrice(reference, reference < FIFTY_DOLLARS ? 1_040n : 1_025n, 1_000n, 'floor');
  return roundPrice(raised, priceTick(raised), 'floor');
}

/** True for the types that wait for a stop price first. */
export const waitsForStop = (type: OrderType): boolean => type === 'stop' || type === 'stop_limit';

/** What triggers a stop: the last print at or beyond it. */
export const triggerTest = (side: Side, stopPrice: Price): PriceTest => ({
  of: 'trade',
  is: side === 'buy' ? 'at-least' : 'at-most',
  price: stopPrice,
});

/** What makes an order with a working limit fill: the far side of the market at or within it. */
export const fillTest = (side: Side, workingLimit: Price): PriceTest =>
  side === 'buy'
    ? { of: 'ask', is: 'at-most', price: workingLimit }
    : { of: 'bid', is: 'at-least', price: workingLimit };

/** Any price at all on the far side. */
export const anyFillTest = (side: Side): PriceTest => fillTest(side, side === 'buy' ? HIGHEST : ZERO_PRICE);

export const holds = (test: PriceTest, price: Price): boolean =>
  test.is === 'at-most' ? price <= test.price : price >= test.price;

/** The price that an order would fill at now, or null when it would not. The quote's size is not looked at. */
export function fillPrice(side: Side, workingLimit: Price | null, quote: Quote | null): Price | null {
  const price = side === 'buy' ? quote?.ask : quote?.bid;
  if (price === undefined || price === null) return null;
  return workingLimit === null || holds(fillTest(side, workingLimit), price) ? price : null;
}

/**
 * The part of an open quantity that a partial fill takes, at least one step and less than all: whole shares stay
 * whole. Returns all of it where no smaller part exists.
 */
export function partOf(open: Quantity, share: number): Quantity {
  const whole = open % ONE_SHARE === 0n;
  const step = whole ? ONE_SHARE : SMALLEST_STEP;
  if (open <= step) return open;
  const part = roundQuantity(
    prorateQuantity(open, BigInt(Math.floor(share * 1e6)), 1_000_000n, 'floor'),
    step,
    'floor',
  );
  return minQuantity(part < step ? step : part, subtractQuantity(open, step));
}
