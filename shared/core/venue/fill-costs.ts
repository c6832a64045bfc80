/** What a modelled fill costs beside its price: slippage against the order, and commission for each share. */
import {
  type Money,
  type Price,
  type Quantity,
  notionalOf,
  proratePrice,
  roundPrice,
  subtractPrice,
} from '#shared/core/kernel/decimal.ts';
import { priceTick } from '#shared/core/market/instrument-rules.ts';
import type { Side } from '#shared/core/order/terms.ts';

export interface FillCosts {
  /** Millionths of the price: 750 is 7.5 basis points. */
  readonly slippagePerMillion: number;
  /** Dollars for each share, bought or sold. */
  readonly commissionPerShare: Price;
}

/** What a model makes of an order in one bar. */
export interface ModelFill {
  readonly price: Price;
  readonly quantity: Quantity;
  /** Difference between this price and the market's, over the whole quantity; never negative. */
  readonly slippage: Money;
  readonly commission: Money;
}

/** The market's price moved against the order and rounded to its tick, against the order as well. */
export function slippedPrice(side: Side, price: Price, slippagePerMillion: number): Price {
  const share = side === 'buy' ? 1_000_000 + slippagePerMillion : 1_000_000 - slippagePerMillion;
  const rounding = side === 'buy' ? 'ceiling' : 'floor';
  const slipped = proratePrice(price, BigInt(share), 1_000_000n, rounding);
  return roundPrice(slipped, priceTick(price), rounding);
}

/** A fill at a price that the market showed, with the costs of getting it. */
export function costedFill(side: Side, quantity: Quantity, shown: Price, paid: Price, costs: FillCosts): ModelFill {
  const worse = side === 'buy' ? subtractPrice(paid, shown) : subtractPrice(shown, paid);
  return {
    price: paid,
    quantity,
    slippage: notionalOf(worse, quantity),
    commission: notionalOf(costs.commissionPerShare, quantity),
  };
}
