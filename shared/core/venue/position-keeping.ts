/** A position by average cost: opening adds cost, closing takes its share of it out and realises the difference. */
import {
  type Money,
  type Price,
  type Quantity,
  ZERO_MONEY,
  ZERO_QUANTITY,
  absoluteQuantity,
  addMoney,
  addQuantity,
  averagePrice,
  minQuantity,
  negateMoney,
  negateQuantity,
  notionalOf,
  prorateMoney,
  prorateQuantity,
  subtractMoney,
  subtractQuantity,
} from '#shared/core/kernel/decimal.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { Side } from '#shared/core/order/terms.ts';
import type { VenuePosition } from './venue-order.ts';

export const flatPosition = (ticker: Ticker): VenuePosition => ({ ticker, quantity: ZERO_QUANTITY, cost: ZERO_MONEY });

/** Positive for a buy, negative for a sell. */
export const signedQuantity = (side: Side, quantity: Quantity): Quantity =>
  side === 'buy' ? quantity : negateQuantity(quantity);

export interface PositionChange {
  readonly position: VenuePosition;
  /** Profit of what was closed, before fees. */
  readonly realised: Money;
}

/**
 * Books an execution. One that goes through zero closes all and opens the rest on the other side.
 * Cost leaves pro rata, rounded half-even at 18 decimals; the last share takes what is left, so none is ever stranded.
 */
export function applyToPosition(position: VenuePosition, side: Side, quantity: Quantity, price: Price): PositionChange {
  const change = signedQuantity(side, quantity);
  const opens = position.quantity === 0n || position.quantity > 0n === change > 0n;
  if (opens) {
    const cost = addMoney(position.cost, notionalOf(price, change));
    return { position: { ...position, quantity: addQuantity(position.quantity, change), cost }, realised: ZERO_MONEY };
  }
  const open = absoluteQuantity(position.quantity);
  const closed = minQuantity(open, quantity);
  const costClosed = closed === open ? position.cost : prorateMoney(position.cost, closed, open, 'half-even');
  // A long gives its cost back and takes the proceeds; a short holds negative cost and pays the price.
  const proceeds = negateMoney(notionalOf(price, signedQuantity(side, closed)));
  const realised = subtractMoney(proceeds, costClosed);
  const rest = subtractQuantity(quantity, closed);
  return {
    position: {
      ...position,
      quantity: addQuantity(position.quantity, change),
      cost: addMoney(subtractMoney(position.cost, costClosed), notionalOf(price, signedQuantity(side, rest))),
    },
    realised,
  };
}

/** Average price of what is open, rounded half-even to 9 decimals. @throws RangeError for a flat position. */
export const averageEntryPrice = (position: VenuePosition): Price =>
  averagePrice(position.cost, position.quantity, 'half-even');

/** A split multiplies the shares and leaves their cost; a fraction of 10^-9 of a share is cut off. */
export const splitPosition = (position: VenuePosition, numerator: number, denominator: number): VenuePosition => ({
  ...position,
  quantity: prorateQuantity(position.quantity, BigInt(numerator), BigInt(denominator), 'toward-zero'),
});
