/** Whether the venue takes an order, and what it holds back for it: every rule that needs the account or the market. */
import {
  type Money,
  type Price,
  type Quantity,
  ZERO_MONEY,
  ZERO_PRICE,
  ZERO_QUANTITY,
  absoluteQuantity,
  formatMoney,
  formatPrice,
  formatQuantity,
  maxPrice,
  notionalOf,
  parseMoney,
  proratePrice,
  roundMoney,
  subtractQuantity,
  unitsFor,
} from '#shared/core/kernel/decimal.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { type Result, fail, succeed } from '#shared/core/kernel/result.ts';
import { priceTick } from '#shared/core/market/instrument-rules.ts';
import { type PositionIntent, isClosing, oppositeSide } from '#shared/core/order/terms.ts';
import { MARGIN_EQUITY_MIN, accountFigures } from './account-figures.ts';
import { buyCollar } from './marketability.ts';
import { sessionAt } from './session-index.ts';
import type { VenueAsset } from './venue-market.ts';
import type { OrderRequest, VenueOrder } from './venue-order.ts';
import { type VenueRefusal, venueRefusal } from './venue-refusal.ts';
import { type Venue, sideOf } from './venue-state.ts';

/** Dollars; sells are exempt. */
const NOTIONAL_MIN = parseMoney('1');

/** What an accepted order holds back. */
export interface Admission {
  readonly positionIntent: PositionIntent;
  readonly holdPrice: Price;
  readonly heldMoney: Money;
  readonly heldQuantity: Quantity;
}

const WHOLE_SHARE = 1_000_000_000n;

const isFractional = (request: OrderRequest): boolean =>
  request.notional !== null || (request.quantity !== null && request.quantity % WHOLE_SHARE !== 0n);

const isDuplicate = (venue: Venue, request: OrderRequest): boolean =>
  request.clientOrderId !== null && venue.state.numberByClientOrderId.has(request.clientOrderId);

/** Rules of the account's state. */
function accountRefusal(venue: Venue): VenueRefusal | null {
  const { flags } = venue.state;
  if (flags.accountBlocked || flags.tradingBlocked || flags.tradeSuspended)
    return venueRefusal('account-not-authorized');
  return flags.equitiesAllowed ? null : venueRefusal('account-without-equities');
}

/** The smallest price step: cents from one dollar up, hundredths of a cent below. */
function incrementRefusal(request: OrderRequest): VenueRefusal | null {
  const prices = [
    ['limit_price', request.limitPrice],
    ['stop_price', request.stopPrice],
  ] as const;
  for (const [field, price] of prices) {
    if (price !== null && price % priceTick(price) !== 0n) {
      return venueRefusal('price-below-increment', { field, price: formatPrice(price) });
    }
  }
  return null;
}

/** The matrix of types and times in force, and who may trade fractions. */
function formRefusal(venue: Venue, request: OrderRequest, asset: VenueAsset): VenueRefusal | null {
  const immediate = request.timeInForce === 'ioc' || request.timeInForce === 'fok';
  if (isFractional(request)) {
    if (!venue.state.flags.fractionalTrading) return venueRefusal('account-without-fractions');
    if (!asset.fractionable) return venueRefusal('asset-not-fractionable', { symbol: request.ticker });
    if (request.timeInForce !== 'day') return venueRefusal('fractional-not-day');
  }
  if (immediate && request.type !== 'market' && request.type !== 'limit') return venueRefusal('time-in-force-invalid');
  if (immediate && !venue.rules.immediateOrders) return venueRefusal('time-in-force-invalid');
  if (request.notional !== null && request.side === 'buy' && request.notional < NOTIONAL_MIN) {
    return venueRefusal('notional-below-minimum', { minimum: formatMoney(NOTIONAL_MIN) });
  }
  return null;
}

/** What the order does to the position as it stands. No order goes through zero. */
function inferIntent(position: Quantity, side: OrderRequest['side']): PositionIntent {
  if (side === 'buy') return position < 0n ? 'buy_to_close' : 'buy_to_open';
  return position > 0n ? 'sell_to_close' : 'sell_to_open';
}

function shortRefusal(venue: Venue, request: OrderRequest, asset: VenueAsset, now: EpochMs): VenueRefusal | null {
  const { flags } = venue.state;
  if (isFractional(request)) return venueRefusal('fractional-short');
  if (!flags.shortingEnabled || flags.noShorting) return venueRefusal('account-not-allowed-to-short');
  if (accountFigures(venue, now).equity < MARGIN_EQUITY_MIN) return venueRefusal('account-not-allowed-to-short');
  if (!asset.shortable) return venueRefusal('asset-not-shortable', { symbol: request.ticker });
  if (!asset.easyToBorrow && request.timeInForce !== 'day') {
    return venueRefusal('asset-hard-to-borrow', { symbol: request.ticker });
  }
  return null;
}

/** A limit that an order would trade at; a stop or market order may trade at any price. */
const limitOf = (order: { readonly type: string; readonly limitPrice: Price | null }): Price | null =>
  order.type === 'limit' || order.type === 'stop_limit' ? order.limitPrice : null;

/** Could the two trade with each other? */
function couldCross(request: OrderRequest, resting: VenueOrder): boolean {
  const mine = limitOf(request);
  const theirs = limitOf(resting);
  if (mine === null || theirs === null) return true;
  return request.side === 'buy' ? mine >= theirs : theirs >= mine;
}

/** Own orders on the other side: they may not meet, and may not open both ways at once. */
function opposingRefusal(venue: Venue, request: OrderRequest, intent: PositionIntent): VenueRefusal | null {
  const book = venue.state.books.get(request.ticker);
  if (book === undefined) return null;
  let opensOtherWay = false;
  for (const number of sideOf(book, oppositeSide(request.side))) {
    const resting = venue.state.orders[number - 1];
    if (resting === undefined) continue;
    if (couldCross(request, resting)) {
      const reason =
        limitOf(resting) === null ? 'opposite side market/stop order exists' : 'opposite side limit order exists';
      return venueRefusal('wash-trade', { existing_order_id: resting.id, reject_reason: reason });
    }
    opensOtherWay ||= !isClosing(resting.positionIntent);
  }
  if (!opensOtherWay || isClosing(intent)) return null;
  return venueRefusal(request.side === 'buy' ? 'long-buy-against-short-sell' : 'short-sell-against-long-buy');
}

/** While the market is closed a sum of money cannot be sold beside another closing order of the symbol. */
function closedMarketRefusal(venue: Venue, request: OrderRequest, now: EpochMs): VenueRefusal | null {
  const book = venue.state.books.get(request.ticker);
  if (book === undefined || sessionAt(venue.market.sessions, now) !== null) return null;
  for (const number of sideOf(book, request.side)) {
    const resting = venue.state.orders[number - 1];
    if (resting === undefined || !isClosing(resting.positionIntent)) continue;
    if (request.notional !== null || resting.notional !== null) return venueRefusal('notional-against-closing');
  }
  return null;
}

/** A price per unit at which buying power is held back for an order that opens; null where nothing is known. */
function holdPriceOf(venue: Venue, request: OrderRequest, now: EpochMs): Price | null {
  const inSession = sessionAt(venue.market.sessions, now) !== null;
  const last = venue.market.tradeAt(request.ticker, now)?.price ?? null;
  const ask = (inSession ? venue.market.quoteAt(request.ticker, now)?.ask : null) ?? last;
  if (request.side === 'sell') {
    if (ask === null) return request.limitPrice;
    return maxPrice(request.limitPrice ?? ZERO_PRICE, proratePrice(ask, 103n, 100n, 'ceiling'));
  }
  if (request.limitPrice !== null) return request.limitPrice;
  return request.stopPrice === null ? ask : buyCollar(request.stopPrice);
}

/** Holds shares of the position back; a notional order holds as many as it would sell at the present price. */
function closingAdmission(
  venue: Venue,
  request: OrderRequest,
  positionIntent: PositionIntent,
  now: EpochMs,
): Result<Admission, VenueRefusal> {
  const existing = absoluteQuantity(venue.state.positions.get(request.ticker)?.quantity ?? ZERO_QUANTITY);
  const held = venue.state.books.get(request.ticker)?.heldQuantity ?? ZERO_QUANTITY;
  const available = subtractQuantity(existing, held);
  let requested = request.quantity;
  if (requested === null && request.notional !== null) {
    const price = venue.market.tradeAt(request.ticker, now)?.price ?? null;
    requested = price === null ? null : unitsFor(request.notional, price, 'ceiling');
  }
  if (requested === null || requested > available) {
    return fail(
      venueRefusal('quantity-insufficient', {
        requested: requested === null ? 'unknown' : formatQuantity(requested),
        available: formatQuantity(available),
        existing_qty: formatQuantity(existing),
        held_for_orders: formatQuantity(held),
        symbol: request.ticker,
      }),
    );
  }
  return succeed({ positionIntent, holdPrice: ZERO_PRICE, heldMoney: ZERO_MONEY, heldQuantity: requested });
}

/** Holds buying power back. */
function openingAdmission(
  venue: Venue,
  request: OrderRequest,
  positionIntent: PositionIntent,
  now: EpochMs,
): Result<Admission, VenueRefusal> {
  const holdPrice = holdPriceOf(venue, request, now);
  if (holdPrice === null) return fail(venueRefusal('asset-not-tradable', { symbol: request.ticker }));
  const cost = request.notional ?? notionalOf(holdPrice, request.quantity ?? ZERO_QUANTITY);
  const { buyingPower } = accountFigures(venue, now);
  if (cost > buyingPower) {
    return fail(
      venueRefusal('buying-power-insufficient', {
        buying_power: formatMoney(roundMoney(buyingPower, 2, 'floor')),
        cost_basis: formatMoney(roundMoney(cost, 2, 'ceiling')),
      }),
    );
  }
  return succeed({ positionIntent, holdPrice, heldMoney: cost, heldQuantity: ZERO_QUANTITY });
}

/** Every rule between the form of an order and its acceptance, in the order in which the venue looks at them. */
export function admit(venue: Venue, request: OrderRequest, now: EpochMs): Result<Admission, VenueRefusal> {
  const duplicate = isDuplicate(venue, request) ? venueRefusal('client-order-id-taken') : null;
  if (duplicate !== null && venue.rules.duplicateCheck === 'first') return fail(duplicate);
  const asset = venue.market.asset(request.ticker);
  if (asset === null) return fail(venueRefusal('asset-unknown', { symbol: request.ticker }));
  if (!asset.tradable || !asset.active) return fail(venueRefusal('asset-not-tradable', { symbol: request.ticker }));
  const early = accountRefusal(venue) ?? incrementRefusal(request) ?? formRefusal(venue, request, asset);
  if (early !== null) return fail(early);
  const position = venue.state.positions.get(request.ticker)?.quantity ?? ZERO_QUANTITY;
  const intent = inferIntent(position, request.side);
  if (request.positionIntent !== null && request.positionIntent !== intent) {
    return fail(venueRefusal('position-intent-mismatch', { inferred: intent, specified: request.positionIntent }));
  }
  const short = intent === 'sell_to_open' ? shortRefusal(venue, request, asset, now) : null;
  if (short !== null) return fail(short);
  const opposing =
    opposingRefusal(venue, request, intent) ?? (isClosing(intent) ? closedMarketRefusal(venue, request, now) : null);
  if (opposing !== null) return fail(opposing);
  const admission = isClosing(intent)
    ? closingAdmission(venue, request, intent, now)
    : openingAdmission(venue, request, intent, now);
  return admission.ok && duplicate !== null ? fail(duplicate) : admission;
}
