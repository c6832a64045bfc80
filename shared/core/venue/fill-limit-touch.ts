/** A limit order that rests fills where the market's prints reach it. */
import { type Price, addPrice, subtractPrice } from '#shared/core/kernel/decimal.ts';
import { priceTick } from '#shared/core/market/instrument-rules.ts';
import type { Side } from '#shared/core/order/terms.ts';
import type { LimitDepth, Offer } from './fill-rule.ts';
import type { PriceTest } from './venue-market.ts';

/** What a print must be to fill a resting order: at the limit or better, or better by a tick at least. */
export function restingTest(side: Side, limit: Price, depth: LimitDepth): PriceTest {
  const is = side === 'buy' ? 'at-most' : 'at-least';
  if (depth === 'touch') return { of: 'trade', is, price: limit };
  const tick = priceTick(limit);
  return { of: 'trade', is, price: side === 'buy' ? subtractPrice(limit, tick) : addPrice(limit, tick) };
}

/**
 * The limit, or the open where the session opens better and the order waited for it. Without slippage: the price of an
 * order that rests is its own.
 * @param open null when the order came after the open, which can give it nothing any more
 */
export function offerAtLimit(side: Side, limit: Price, open: Price | null): Offer {
  const opensBetter = open !== null && (side === 'buy' ? open <= limit : open >= limit);
  return { shown: opensBetter ? open : limit, worst: limit, moves: false };
}
