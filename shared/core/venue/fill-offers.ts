/** What an order is offered at an instant, and how much of it is taken at which price, under a venue's fill rule. */
import { type Price, type Quantity, ZERO_QUANTITY, addQuantity, minQuantity } from '#shared/core/kernel/decimal.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { openQuantity } from './execution-booking.ts';
import { paidPrice } from './fill-costs.ts';
import { offerAtLimit } from './fill-limit-touch.ts';
import { isOpening, offerAtOpen } from './fill-next-open.ts';
import type { FillRule, Offer } from './fill-rule.ts';
import { takeOfVolume } from './fill-volume-share.ts';
import { fillPrice } from './marketability.ts';
import { sessionAt } from './session-index.ts';
import type { VenueOrder } from './venue-order.ts';
import type { Venue } from './venue-state.ts';

/** `reached` is a resting limit order that the market came to; `market` any that takes what the market shows. */
export type Meeting = 'market' | 'reached';

/** The far side of the quotes. */
function offerAtQuotes(venue: Venue, order: VenueOrder, at: EpochMs): Offer | null {
  const shown = fillPrice(order.side, order.workingLimit, venue.market.quoteAt(order.ticker, at));
  return shown === null ? null : { shown, worst: order.workingLimit, moves: true };
}

/** The open of the session, if an order that fills within so long of it may have it. */
function openWithin(venue: Venue, order: VenueOrder, at: EpochMs, openingMs: number): Price | null {
  const session = sessionAt(venue.market.sessions, at);
  if (session === null || !isOpening(session.openAt, at, openingMs)) return null;
  return venue.market.barAt(order.ticker, at)?.open ?? null;
}

function offerByRule(venue: Venue, rule: FillRule, order: VenueOrder, at: EpochMs, meeting: Meeting): Offer | null {
  if (order.type === 'market' && rule.openingMs !== null) {
    const open = openWithin(venue, order, at, rule.openingMs);
    if (open !== null) return offerAtOpen(order.side, open);
  }
  if (rule.limitDepth !== null && order.limitPrice !== null) {
    // An order that waited for the open is routed with it, and fills as soon as the venue's own latency lets it.
    const { acknowledgeMs, fillMs } = venue.rules;
    const open = openWithin(venue, order, at, acknowledgeMs + fillMs);
    const offer = offerAtLimit(order.side, order.limitPrice, open);
    if (meeting === 'reached' || offer.shown === open) return offer;
  }
  return offerAtQuotes(venue, order, at);
}

/** What the market gives an order now; null when it gives nothing. */
export function offerTo(venue: Venue, order: VenueOrder, at: EpochMs, meeting: Meeting): Offer | null {
  const { fills } = venue.rules;
  return fills === null ? offerAtQuotes(venue, order, at) : offerByRule(venue, fills, order, at, meeting);
}

/** What all orders of a symbol have got in the session of an instant: one that is sent anew gets no share anew. */
function takenInSession(venue: Venue, { ticker }: VenueOrder, at: EpochMs): Quantity {
  const openAt = sessionAt(venue.market.sessions, at)?.openAt ?? at;
  const { executions } = venue.state;
  let taken = ZERO_QUANTITY;
  for (let index = executions.length - 1; index >= 0; index -= 1) {
    const execution = executions[index];
    if (execution === undefined || execution.at < openAt) break;
    if (execution.ticker === ticker && execution.kind === 'fill') taken = addQuantity(taken, execution.quantity);
  }
  return taken;
}

/** One fill. */
export interface Take {
  readonly quantity: Quantity;
  readonly price: Price;
  readonly completes: boolean;
}

/**
 * How much an order takes of an offer where it wants so much of what is open, and what it pays.
 * @returns null when the session gives the order nothing more
 */
export function takeOf(
  venue: Venue,
  order: VenueOrder,
  offer: Offer,
  { wanted, open }: { readonly wanted: Quantity; readonly open: Quantity },
  at: EpochMs,
): Take | null {
  const { fills } = venue.rules;
  if (fills === null) return { quantity: wanted, price: offer.shown, completes: wanted === open };
  const { slippagePerMillion, volumeShare } = fills;
  const volume = volumeShare === null ? ZERO_QUANTITY : (venue.market.barAt(order.ticker, at)?.volume ?? ZERO_QUANTITY);
  const given =
    volumeShare === null
      ? { quantity: wanted, impactPerMillion: 0 }
      : takeOfVolume(wanted, takenInSession(venue, order, at), volume, volumeShare);
  if (given === null) return null;
  if (order.timeInForce === 'fok' && given.quantity < open) return null;
  const price = paidPrice(order.side, offer, given.impactPerMillion + slippagePerMillion);
  // A sum of money buys less at the price that is paid than at the one that was shown.
  const affordable = openQuantity(order, price);
  const quantity = minQuantity(given.quantity, affordable);
  return quantity > 0n ? { quantity, price, completes: quantity === affordable } : null;
}
