/** What an order would cost, as the checks reckon it. */
import { type Money, notionalOf, type Price, proratePrice } from '#shared/core/kernel/decimal.ts';
import { reservationFor } from '#shared/core/order/reservation.ts';
import type { Reservation } from '#shared/core/order/order.ts';
import { type ClearingFacts, farSide } from '#shared/core/risk/check.ts';

/** What the order would be worth at its limit or the far side of the quote, or at its own notional; null without a price. */
export function worthOf({ intent, quote }: ClearingFacts): Money | null {
  if (intent.terms.size.kind === 'notional') return intent.terms.size.notional;
  const price = intent.terms.limitPrice ?? farSide(quote, intent.terms.side);
  return price === null ? null : notionalOf(price, intent.terms.size.quantity);
}

/** The worst price that the collar lets the order fill at; a short sale is reckoned above the quote, where it costs. */
function collarPrice(facts: ClearingFacts): Price | null {
  const { intent, orderClass, policy, quote } = facts;
  const { side, stopPrice, limitPrice } = intent.terms;
  // A closing order may go without a quote: it is then valued at what the decision saw.
  const fallback = orderClass === 'entry' ? null : intent.arrivalPrice;
  const reference = limitPrice ?? stopPrice ?? farSide(quote, side) ?? fallback;
  if (reference === null || reference <= 0n) return null;
  const opens = orderClass === 'entry' || side === 'buy';
  const numerator = opens ? 10_000n + policy.limits.collarBps : 10_000n - policy.limits.collarBps;
  return proratePrice(reference, numerator, 10_000n, opens ? 'ceiling' : 'floor');
}

/** What the claim sets aside, or null where there is no price to reckon with or nothing to reserve. */
export function reservationOf(facts: ClearingFacts): Reservation | null {
  const worst = collarPrice(facts);
  const { size } = facts.intent.terms;
  const positive = size.kind === 'quantity' ? size.quantity > 0n : size.notional > 0n;
  return worst === null || worst <= 0n || !positive ? null : reservationFor(facts.intent.terms, worst);
}
