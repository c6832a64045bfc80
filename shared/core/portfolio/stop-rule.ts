/**
 * Where the stop of a position lies, when a price has reached it, and the order that rests at the broker for it: one rule
 * for the house and for a backtest. Without trailing the stop is a function of the share as it stands and of nothing that
 * happened on the way, so that whoever looks, and whenever, finds the same.
 */
import {
  absoluteMoney,
  absoluteQuantity,
  addPrice,
  averagePrice,
  maxPrice,
  minPrice,
  type Price,
  proratePrice,
  type Quantity,
  roundPrice,
  roundQuantity,
  subtractPrice,
  wholeQuantity,
} from '#shared/core/kernel/decimal.ts';
import type { CorrelationId, DecisionId } from '#shared/core/kernel/identity.ts';
import { addMs, type EpochMs } from '#shared/core/kernel/instant.ts';
import { priceTick } from '#shared/core/market/instrument-rules.ts';
import type { Quote } from '#shared/core/market/types.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import { type Book, openQuantityOf, type StrategyShare } from '#shared/core/portfolio/book.ts';
import { stopReached } from '#shared/core/portfolio/position-size.ts';
import type { StopPolicy } from '#shared/core/portfolio/safety-policy.ts';

const FULL_BPS = 10_000n;
/** A stop that trails moves by a tenth of its distance at least: each move is a cancel and an order at the broker. */
const TRAIL_STEPS = 10n;

export type HeldSide = 'long' | 'short';
export const heldSide = ({ quantity }: Pick<StrategyShare, 'quantity'>): HeldSide | null =>
  quantity === 0n ? null : quantity > 0n ? 'long' : 'short';

export interface StopGround {
  readonly share: StrategyShare;
  /**
   * Average true range of 14 sessions as of the session before the one in which the position was opened, on the history
   * that belongs to that session; null where it is not known.
   */
  readonly range: Price | null;
  /** The best price since the entry, for a stop that trails; null while none was seen. */
  readonly bestPrice: Price | null;
  readonly rules: Pick<StopPolicy, 'rangePercent' | 'fallbackBps' | 'trailing'>;
}

/** So far from a price, on the tick, and never at or below zero: a long position's stop is rounded down, a short one's up. */
function levelFrom(side: HeldSide, price: Price, distance: Price): Price {
  const tick = priceTick(price);
  if (side === 'short') return roundPrice(addPrice(price, distance), tick, 'ceiling');
  const level = distance < price ? subtractPrice(price, distance) : tick;
  return maxPrice(roundPrice(level, priceTick(level), 'floor'), priceTick(level));
}

/**
 * The stop of a share: `rangePercent` hundredths of the average true range (3 by default) below the average entry price
 * of a long position and above that of a short one, or `fallbackBps` of the price where no range is known. One that
 * trails follows the best price by the same distance, and never goes back.
 * @returns null for a share that is flat, or whose cost nobody knows yet
 */
export function stopOf({ share, range, bestPrice, rules }: StopGround): Price | null {
  const side = heldSide(share);
  if (side === null || share.cost === 0n) return null;
  const entry = averagePrice(absoluteMoney(share.cost), absoluteQuantity(share.quantity), 'half-even');
  if (entry <= 0n) return null;
  const distance =
    range !== null && range > 0n
      ? proratePrice(range, rules.rangePercent, 100n, 'ceiling')
      : proratePrice(entry, rules.fallbackBps, FULL_BPS, 'ceiling');
  const base = levelFrom(side, entry, distance);
  if (!rules.trailing) return base;
  const better = side === 'long' ? maxPrice : minPrice;
  const trailed = bestPrice === null ? base : better(base, levelFrom(side, bestPrice, distance));
  if (share.stopPrice === null) return trailed;
  const before = share.stopPrice;
  const gained = side === 'long' ? trailed - before : before - trailed;
  return gained * TRAIL_STEPS < distance ? before : trailed;
}

/** The price that the position would be closed at: the bid of a long one, the ask of a short one. */
export const closingPrice = (side: HeldSide, quote: Quote): Price | null => {
  const price = side === 'long' ? quote.bid : quote.ask;
  return price === null || price <= 0n ? null : price;
};

/** The price by which a stop was reached, or null while it was not. */
export function stopHit(side: HeldSide, stopPrice: Price, quote: Quote): Price | null {
  const price = closingPrice(side, quote);
  return price !== null && stopReached(side, stopPrice, price) ? price : null;
}

/** The better of two prices for a position. */
export const betterPrice = (side: HeldSide, a: Price, b: Price): Price =>
  side === 'long' ? maxPrice(a, b) : minPrice(a, b);

/** Units that a stop may rest for at the broker: whole ones, since fractions may not stay overnight. */
export const restingUnits = ({ quantity }: Pick<StrategyShare, 'quantity'>): Quantity =>
  roundQuantity(absoluteQuantity(quantity), wholeQuantity(1), 'floor');

/** A stop that is not claimed by then is asked for anew. */
const STOP_VALIDITY_MS = 55_000;

/** The stop order that rests at the broker till canceled, with the purpose that tells it from every decision. */
export function protectiveStop(
  book: Book,
  share: StrategyShare,
  order: {
    readonly quantity: Quantity;
    readonly stopPrice: Price;
    readonly decisionId: DecisionId;
    readonly correlationId: CorrelationId;
    readonly policyVersion: number;
    readonly now: EpochMs;
  },
): OrderIntent {
  const sells = share.quantity > 0n;
  return {
    terms: {
      accountId: book.accountId,
      strategyId: share.strategyId,
      ticker: book.ticker,
      side: sells ? 'sell' : 'buy',
      type: 'stop',
      timeInForce: 'gtc',
      positionIntent: sells ? 'sell_to_close' : 'buy_to_close',
      size: { kind: 'quantity', quantity: order.quantity },
      limitPrice: null,
      stopPrice: order.stopPrice,
    },
    decision: { decisionId: order.decisionId, generation: 0, slice: 0 },
    purpose: 'protective-stop',
    correlationId: order.correlationId,
    runId: null,
    decidedAt: order.now,
    validUntil: addMs(order.now, STOP_VALIDITY_MS),
    arrivalPrice: order.stopPrice,
    policyVersion: order.policyVersion,
    basis: { position: share.quantity, openQuantity: openQuantityOf(book, share.strategyId) },
  };
}
