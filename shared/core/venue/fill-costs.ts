/** What getting a fill costs in its price. Commission is the venue's own fee (`fees.ts`). */
import { type Price, maxPrice, minPrice, proratePrice, roundPrice } from '#shared/core/kernel/decimal.ts';
import { priceTick } from '#shared/core/market/instrument-rules.ts';
import type { Side } from '#shared/core/order/terms.ts';
import type { Offer } from './fill-rule.ts';

/** The market's price moved against the order and rounded to its tick, against the order as well. */
export function slippedPrice(side: Side, price: Price, slippagePerMillion: number): Price {
  const share = side === 'buy' ? 1_000_000 + slippagePerMillion : 1_000_000 - slippagePerMillion;
  const rounding = side === 'buy' ? 'ceiling' : 'floor';
  const slipped = proratePrice(price, BigInt(share), 1_000_000n, rounding);
  return roundPrice(slipped, priceTick(price), rounding);
}

/** What an order pays for an offer, moved against it by so many millionths but never beyond the offer's worst. */
export function paidPrice(side: Side, offer: Offer, perMillion: number): Price {
  if (!offer.moves) return offer.shown;
  const moved = slippedPrice(side, offer.shown, perMillion);
  if (offer.worst === null) return moved;
  return side === 'buy' ? minPrice(moved, offer.worst) : maxPrice(moved, offer.worst);
}
