/**
 * Stops and their protection, position by position: where each stop lies, whether it was reached, what rests at the
 * broker for it and what is to be done. Reads, and changes nothing.
 */
import { formatPrice, formatQuantity, type Price } from '#shared/core/kernel/decimal.ts';
import { contentId } from '#shared/core/kernel/hash.ts';
import { correlationId, decisionId, type Ticker } from '#shared/core/kernel/identity.ts';
import { msOf } from '#shared/core/kernel/instant.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import type { Quote } from '#shared/core/market/types.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import type { ExitRequest } from '#shared/core/order/exit.ts';
import { type Book, shareOf, type StrategyShare } from '#shared/core/portfolio/book.ts';
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
import type { StopHit } from '#shared/ports/exits.ts';
import type { MarketStore, StoredQuote } from '#shared/ports/market-store.ts';
import type { Unprotected } from '#shared/ports/stops.ts';
import type { Look, ProtectDependencies } from './look.ts';

/** Two slots of the quotes; an older one is no price that a stop could be held to. */
const QUOTE_AGE_MS_MAX = 120_000;

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

interface Concerned {
  readonly book: Book;
  readonly share: StrategyShare;
}

/** Shares that are held, and flat ones of which a stop is left at the broker. */
function concerned({ books, orders }: Look): readonly Concerned[] {
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

/** The quotes that a stop may be held to: of this session, and read just now. */
async function readPrices(
  { marketStore }: { readonly marketStore: MarketStore },
  { open, now }: Look,
  symbols: readonly Ticker[],
): Promise<ReadonlyMap<Ticker, Quote>> {
  if (open === null || symbols.length === 0) return new Map();
  const isUsable = ({ quote, readAt }: StoredQuote): boolean =>
    now - readAt <= QUOTE_AGE_MS_MAX && msOf(quote.at) >= open.openAt;
  const found = await marketStore.loadQuotes(symbols);
  return new Map([...found].filter(([, stored]) => isUsable(stored)).map(([symbol, { quote }]) => [symbol, quote]));
}

function exitRequest(book: Book, share: StrategyShare, look: Look, hit: StopHit): ExitRequest {
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

function placed(book: Book, share: StrategyShare, look: Look, { place, watch }: ProtectionPlan): OrderIntent | null {
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

async function levelOf(
  { ranges }: ProtectDependencies,
  { policy, now, today }: Look,
  book: Book,
  share: StrategyShare,
  bestPrice: Price | null,
): Promise<Price | null> {
  // In old units nothing can be reckoned, and with a gap the cost is not the whole one: what was set stays.
  if (isSplitInDoubt(book) || book.gaps.length > 0) return isCostOpen(book, share) ? null : share.stopPrice;
  const { openedOn } = share;
  const range = openedOn === null ? null : await ranges.rangeOf(book.ticker, openedOn, today?.date ?? newYorkDate(now));
  return stopOf({ share, range, bestPrice, rules: policy.stops });
}

function flagOf(share: StrategyShare, { watch, isNaked }: ProtectionPlan, look: Look): Unprotected | null {
  const { nakedSince, flaggedAt } = watch;
  if (!isNaked || nakedSince === null || flaggedAt !== null) return null;
  if (look.now - nakedSince <= look.policy.stops.nakedMsMax) return null;
  const units = formatQuantity(share.quantity);
  return { quantity: share.quantity, since: nakedSince, message: `no stop rests at the broker for all of ${units}` };
}

/** The best price that the position has seen; a split makes all that was seen a price of something else. */
function bestOf({ book, share }: Concerned, before: Price | null, quote: Quote | null): Price | null {
  if (isSplitInDoubt(book)) return null;
  const side = heldSide(share);
  const price = side === null || quote === null ? null : closingPrice(side, quote);
  if (side === null || price === null) return before;
  return before === null ? price : betterPrice(side, before, price);
}

/** The price by which the stop was reached, where nobody sells the position already. */
function hitOf({ book, share }: Concerned, stopPrice: Price | null, quote: Quote | null): StopHit | null {
  const side = heldSide(share);
  if (side === null || stopPrice === null || quote === null) return null;
  if (book.exitId !== null || isSplitInDoubt(book)) return null;
  const lastPrice = stopHit(side, stopPrice, quote);
  return lastPrice === null ? null : { stopPrice, lastPrice };
}

async function planOne(
  dependencies: ProtectDependencies,
  look: Look,
  one: Concerned,
  quote: Quote | null,
): Promise<PositionPlan> {
  const { now, policy } = look;
  const { book, share } = one;
  const remembered =
    look.watch.positions.find((other) => other.ticker === book.ticker && other.strategyId === share.strategyId) ??
    firstPositionWatch(share.strategyId, book.ticker);
  const bestPrice = bestOf(one, remembered.bestPrice, quote);
  const stopPrice = heldSide(share) === null ? null : await levelOf(dependencies, look, book, share, bestPrice);
  const hit = hitOf(one, stopPrice, quote);
  const hitSince = hit === null ? null : (remembered.hitSince ?? now);
  const orders = look.orders.filter(({ intent }) => intent.terms.ticker === book.ticker);
  const watch = { ...remembered, bestPrice, hitSince };
  const plan = planProtection({ now, rules: policy.stops, book, share, stopPrice, orders, watch });
  // A stop that stands at the broker has its time to work before the house takes it away and sells by itself.
  const graceMs = policy.stops.resident && !plan.isNaked ? policy.stops.residentGraceMs : 0;
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

/** A plan for every share that is held, or of which a stop is left at the broker. */
export async function planPositions(dependencies: ProtectDependencies, look: Look): Promise<readonly PositionPlan[]> {
  const shares = concerned(look);
  const symbols = [...new Set(shares.map(({ book }) => book.ticker))];
  const prices = await readPrices(dependencies, look, symbols);
  const plans: PositionPlan[] = [];
  for (const one of shares) plans.push(await planOne(dependencies, look, one, prices.get(one.book.ticker) ?? null));
  return plans;
}
