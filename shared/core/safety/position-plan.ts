/**
 * Stops and their protection, position by position: where each stop lies, whether it was reached, what rests at the
 * broker for it and what is to be done. Pure, and the same for the house and for a backtest.
 */
import { formatPrice, formatQuantity, type Price, type Quantity } from '#shared/core/kernel/decimal.ts';
import { contentId } from '#shared/core/kernel/hash.ts';
import { correlationId, decisionId, type Ticker } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Quote } from '#shared/core/market/types.ts';
import type { ExitRequest } from '#shared/core/order/exit.ts';
import type { Order, OrderIntent } from '#shared/core/order/order.ts';
import { type Book, shareOf, type StrategyShare } from '#shared/core/portfolio/book.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import {
  betterPrice,
  closingPrice,
  heldSide,
  protectiveStop,
  stopHit,
  stopOf,
} from '#shared/core/portfolio/stop-rule.ts';
import { isSplitInDoubt, planProtection, type ProtectionPlan } from '#shared/core/safety/protection.ts';
import { firstPositionWatch, type PositionWatch } from '#shared/core/safety/watch.ts';

/** The stop that called for an exit. */
export interface StopHit {
  readonly stopPrice: Price;
  readonly lastPrice: Price;
}

/** A position that had no resting stop for longer than the policy bears. */
export interface Unprotected {
  readonly quantity: Quantity;
  readonly since: EpochMs;
  readonly message: string;
}

/** What is to be done for one share, in this order. */
export interface PositionPlan {
  readonly book: Book;
  readonly share: StrategyShare;
  readonly watch: PositionWatch;
  readonly isNaked: boolean;
  /** Where the stop lies when it lies elsewhere than the book says; else null. */
  readonly restate: Price | null;
  readonly exit: { readonly request: ExitRequest; readonly hit: StopHit } | null;
  readonly cancels: ProtectionPlan['cancels'];
  readonly place: OrderIntent | null;
  readonly flag: Unprotected | null;
}

/** One strategy's share of a book, to be protected. */
export interface ProtectedShare {
  readonly book: Book;
  readonly share: StrategyShare;
}

/** What every position is looked at by. */
export interface ProtectionLook {
  readonly now: EpochMs;
  readonly policy: Policy;
  readonly books: readonly Book[];
  /** Orders that have not ended. */
  readonly orders: readonly Order[];
  readonly watch: { readonly positions: readonly PositionWatch[] };
  /**
   * Symbols whose position is being built in slices. The broker takes no order beside a resting one on the other side, so
   * that no stop rests there meanwhile: the house itself holds the position to its stop, without a grace.
   */
  readonly building: readonly Ticker[];
}

/** What is known of one position beside its book. */
export interface PositionFacts {
  /** A quote that a stop may be held to; null while there is none. */
  readonly quote: Quote | null;
  /** Average true range as of the session before the position was opened; null while the bars do not tell. */
  readonly range: Price | null;
}

/** Shares that are held, and flat ones of which a stop is left at the broker. */
export function sharesToProtect({
  books,
  orders,
}: Pick<ProtectionLook, 'books' | 'orders'>): readonly ProtectedShare[] {
  return books.flatMap((book) => {
    const held = book.shares.filter(({ quantity }) => quantity !== 0n);
    const stops = orders.filter(
      ({ intent }) => intent.purpose === 'protective-stop' && intent.terms.ticker === book.ticker,
    );
    const left = [...new Set(stops.map(({ intent }) => intent.terms.strategyId))]
      .map((strategyId) => shareOf(book, strategyId))
      .filter(({ quantity }) => quantity === 0n);
    return [...held, ...left].map((share) => ({ book, share }));
  });
}

/** True where the stop follows from what the position cost and from its range, and not from what was set before. */
export const isReckoned = (book: Book): boolean => !isSplitInDoubt(book) && book.gaps.length === 0;

function exitRequest(book: Book, share: StrategyShare, look: ProtectionLook, hit: StopHit): ExitRequest {
  const { accountId, ticker, version } = book;
  // The book's version makes each hit its own: a position that was closed and opened again is another.
  const id = contentId(['stop', accountId, share.strategyId, ticker, version], 26);
  return {
    exitId: decisionId(`stop:${id}`),
    accountId,
    strategyId: share.strategyId,
    ticker,
    purpose: 'exit',
    by: 'protect',
    reason: {
      code: 'stop-hit',
      message: 'The price reached the stop of the position.',
      context: { stopPrice: formatPrice(hit.stopPrice), lastPrice: formatPrice(hit.lastPrice) },
    },
    correlationId: correlationId(`stop:${id}`),
    openedAt: look.now,
  };
}

function placed(
  book: Book,
  share: StrategyShare,
  look: ProtectionLook,
  { place, watch }: ProtectionPlan,
): OrderIntent | null {
  if (place === null) return null;
  // The book's last fact and the count of attempts tell each placing from every other, and no clock does.
  const id = contentId(['rest', book.accountId, share.strategyId, book.ticker, book.sequence, watch.attempts], 26);
  return protectiveStop(book, share, {
    ...place,
    decisionId: decisionId(`rest:${id}`),
    correlationId: correlationId(`rest:${id}`),
    policyVersion: look.policy.version,
    now: look.now,
  });
}

/** Whether the stop is still to be set by a price whose executions are not all known. */
const isCostOpen = (book: Book, share: StrategyShare): boolean => book.gaps.length > 0 && share.stopPrice === null;

function levelOf({ policy }: ProtectionLook, { book, share }: ProtectedShare, range: Price | null, best: Price | null) {
  // In old units nothing can be reckoned, and with a gap the cost is not the whole one: what was set stays.
  if (!isReckoned(book)) return isCostOpen(book, share) ? null : share.stopPrice;
  return stopOf({ share, range, bestPrice: best, rules: policy.stops });
}

function flagOf(share: StrategyShare, { watch, isNaked }: ProtectionPlan, look: ProtectionLook): Unprotected | null {
  const { nakedSince, flaggedAt } = watch;
  if (!isNaked || nakedSince === null || flaggedAt !== null) return null;
  if (look.now - nakedSince <= look.policy.stops.nakedMsMax) return null;
  const units = formatQuantity(share.quantity);
  return { quantity: share.quantity, since: nakedSince, message: `no stop rests at the broker for all of ${units}` };
}

/** The best price that the position has seen; a split makes all that was seen a price of something else. */
function bestOf({ book, share }: ProtectedShare, before: Price | null, quote: Quote | null): Price | null {
  if (isSplitInDoubt(book)) return null;
  const side = heldSide(share);
  const price = side === null || quote === null ? null : closingPrice(side, quote);
  if (side === null || price === null) return before;
  return before === null ? price : betterPrice(side, before, price);
}

/** The price by which the stop was reached, where nobody sells the position already. */
function hitOf({ book, share }: ProtectedShare, stopPrice: Price | null, quote: Quote | null): StopHit | null {
  const side = heldSide(share);
  if (side === null || stopPrice === null || quote === null) return null;
  if (book.exitId !== null || isSplitInDoubt(book)) return null;
  const lastPrice = stopHit(side, stopPrice, quote);
  return lastPrice === null ? null : { stopPrice, lastPrice };
}

/** The plan for one share. Nothing is changed by making it. */
export function planPosition(look: ProtectionLook, one: ProtectedShare, { quote, range }: PositionFacts): PositionPlan {
  const { now, policy } = look;
  const { book, share } = one;
  const remembered =
    look.watch.positions.find((other) => other.ticker === book.ticker && other.strategyId === share.strategyId) ??
    firstPositionWatch(share.strategyId, book.ticker);
  const bestPrice = bestOf(one, remembered.bestPrice, quote);
  const stopPrice = heldSide(share) === null ? null : levelOf(look, one, range, bestPrice);
  const hit = hitOf(one, stopPrice, quote);
  const hitSince = hit === null ? null : (remembered.hitSince ?? now);
  const orders = look.orders.filter(({ intent }) => intent.terms.ticker === book.ticker);
  const watch = { ...remembered, bestPrice, hitSince };
  const rules = look.building.includes(book.ticker) ? { ...policy.stops, resident: false } : policy.stops;
  const plan = planProtection({ now, rules, book, share, stopPrice, orders, watch });
  // A stop that stands at the broker has its time to work before the house takes it away and sells by itself.
  const graceMs = rules.resident && !plan.isNaked ? policy.stops.residentGraceMs : 0;
  const sells = hit !== null && hitSince !== null && now - hitSince >= graceMs;
  const flag = flagOf(share, plan, look);
  return {
    book,
    share,
    isNaked: plan.isNaked,
    watch: flag === null ? plan.watch : { ...plan.watch, flaggedAt: now },
    restate: stopPrice === share.stopPrice ? null : stopPrice,
    exit: sells ? { request: exitRequest(book, share, look, hit), hit } : null,
    cancels: sells ? [] : plan.cancels,
    place: sells ? null : placed(book, share, look, plan),
    flag,
  };
}
