/** What an order sets aside while it may still fill. */
import type { Price, Quantity } from '#shared/core/kernel/decimal.ts';
import { averagePrice, notionalOf, subtractQuantity, unitsFor, ZERO_MONEY } from '#shared/core/kernel/decimal.ts';
import type { Rounding } from '#shared/core/kernel/decimal.ts';
import { invariant } from '#shared/core/kernel/fault.ts';
import type { Order, OrderTerms, Reservation } from '#shared/core/order/order.ts';
import { isClosing } from '#shared/core/order/terms.ts';

/**
 * The price that an order reserves at: its limit where it has one, else the collar's price, beyond which nothing fills.
 * @param collarPrice the worst price that the collar lets the order fill at: above the market for a buy, below for a sell.
 */
const reservationPrice = (terms: OrderTerms, collarPrice: Price): Price => terms.limitPrice ?? collarPrice;

/**
 * What is set aside for the whole order. An order that closes sets aside units and no money: what it frees counts only
 * once it has filled. A notional order sets aside its money, and the units that this would buy at the reservation's
 * price.
 * @throws Bug when the size or the price is not positive.
 */
export function reservationFor(terms: OrderTerms, collarPrice: Price): Reservation {
  const price = reservationPrice(terms, collarPrice);
  invariant(price > 0n, `an order reserves at a positive price, not ${price}`);
  const closing = isClosing(terms.positionIntent);
  if (terms.size.kind === 'quantity') {
    const quantity = terms.size.quantity;
    invariant(quantity > 0n, `an order has a positive quantity, not ${quantity}`);
    return { quantity, price, money: closing ? ZERO_MONEY : notionalOf(price, quantity) };
  }
  const notional = terms.size.notional;
  invariant(notional > 0n, `an order has a positive notional, not ${notional}`);
  return { quantity: unitsFor(notional, price, 'ceiling'), price, money: closing ? ZERO_MONEY : notional };
}

/** Units whose executions are known. */
export const bookedQuantity = (order: Order): Quantity => subtractQuantity(order.filledQuantity, order.gapQuantity);

/**
 * The average price of the executions that are known, weighted by their units; null while there is none. The cost itself
 * is exact and this is its only division: for display and reports.
 */
export function averageFillPrice(order: Order, rounding: Rounding): Price | null {
  const booked = bookedQuantity(order);
  return booked === 0n ? null : averagePrice(order.filledCost, booked, rounding);
}
