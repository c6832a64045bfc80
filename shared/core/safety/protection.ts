/**
 * What is to be done about one position's protection: which resting stops go, which one is placed, and whether the
 * position is naked. Pure; whatever stops the house between two looks, the next one finds the same and goes on.
 */
import {
  addQuantity,
  minQuantity,
  type Price,
  type Quantity,
  subtractQuantity,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import { addMs, type EpochMs } from '#shared/core/kernel/instant.ts';
import { wantsCancel } from '#shared/core/order/cancel.ts';
import { isOpen, type Order, type Reason } from '#shared/core/order/order.ts';
import { isClosing, type Side } from '#shared/core/order/terms.ts';
import type { Book, StrategyShare } from '#shared/core/portfolio/book.ts';
import type { StopPolicy } from '#shared/core/portfolio/safety-policy.ts';
import { restingUnits } from '#shared/core/portfolio/stop-rule.ts';
import type { PositionWatch } from '#shared/core/safety/watch.ts';

/** A stop that did not come to stand is asked for again after so long, then twice as long, up to the maximum. */
const RETRY_MS_BASE = 60_000;
const RETRY_MS_MAX = 300_000;

/** Codes of a quarantine under which prices and units of the symbol may have changed their meaning. */
const RESTATED: ReadonlySet<string> = new Set(['split', 'price-jump']);

/** A stop in old units would sell at once what has only been split: until a person has restated the position, none rests. */
export const isSplitInDoubt = ({ quarantine }: Pick<Book, 'quarantine'>): boolean =>
  quarantine !== null && RESTATED.has(quarantine.code);

export interface ProtectionGround {
  readonly now: EpochMs;
  readonly rules: StopPolicy;
  readonly book: Book;
  readonly share: StrategyShare;
  /** Where its stop lies; null while that is not known. */
  readonly stopPrice: Price | null;
  /** The house's open orders on the symbol, whoever's and whatever for. */
  readonly orders: readonly Order[];
  readonly watch: PositionWatch;
}

export interface ProtectionPlan {
  readonly cancels: readonly { readonly order: Order; readonly reason: Reason }[];
  /** The stop to be placed now, or null. */
  readonly place: { readonly quantity: Quantity; readonly stopPrice: Price } | null;
  /** With how long the position has been naked, and what was asked for. */
  readonly watch: PositionWatch;
  /** Whether the share has whole units for which no stop stands at the broker. */
  readonly isNaked: boolean;
}

const reason = (code: string, message: string): Reason => ({ code, message, context: {} });

const RESTATE = reason('stop-restated', 'The resting stop is for another price or another number of units.');
const SPLIT = reason('stop-in-old-units', 'The symbol may have been split: its stop rests again once it is restated.');
const NO_POSITION = reason('stop-without-position', 'There is no position that the resting stop protects.');
const GIVES_WAY = reason('entry-blocks-stop', 'The entry rests, and the broker takes no stop beside it.');

const LOST = reason('stop-of-unknown-fate', 'Nobody knows whether the resting stop is there: another takes its place.');

/** Nobody has heard of it for a minute: it protects nothing that could be relied on. */
const isLost = ({ state, sentAt, claimedAt }: Order, now: EpochMs): boolean =>
  state === 'unknown' && now - (sentAt ?? claimedAt) >= RETRY_MS_BASE;

const sum = (orders: readonly Order[]): Quantity =>
  orders.reduce((total, order) => addQuantity(total, order.reserved.quantity), ZERO_QUANTITY);

const isStopOf =
  (share: StrategyShare) =>
  ({ intent }: Order): boolean =>
    intent.purpose === 'protective-stop' && intent.terms.strategyId === share.strategyId;

/** The broker has it, and nobody wants it gone. */
const stands = ({ state, cancelRequested }: Order): boolean =>
  (state === 'acknowledged' || state === 'partially_filled') && cancelRequested === null;

/** Stops at the right price, largest first, as far as they fit the units. */
function kept(stops: readonly Order[], side: Side, price: Price, units: Quantity): readonly Order[] {
  const fitting: Order[] = [];
  const right = stops.filter(
    ({ intent, cancelRequested }) =>
      cancelRequested === null && intent.terms.side === side && intent.terms.stopPrice === price,
  );
  for (const order of [...right].sort((a, b) => (a.reserved.quantity > b.reserved.quantity ? -1 : 1))) {
    if (addQuantity(sum(fitting), order.reserved.quantity) <= units) fitting.push(order);
  }
  return fitting;
}

const retryAt = ({ attemptedAt, attempts }: PositionWatch): EpochMs | null =>
  attemptedAt === null
    ? null
    : addMs(attemptedAt, Math.min(RETRY_MS_MAX, RETRY_MS_BASE * 2 ** Math.min(Math.max(0, attempts - 1), 10)));

/** Units that no closing order of the strategy holds yet. */
function freeUnits({ share, orders, now }: ProtectionGround, side: Side): Quantity {
  // What the broker holds for a lost one is found out by its own position, which such an order is sized from.
  const closing = orders.filter(
    (order) =>
      order.intent.terms.strategyId === share.strategyId && order.intent.terms.side === side && !isLost(order, now),
  );
  const left = subtractQuantity(restingUnits(share), sum(closing));
  return left > 0n ? left : ZERO_QUANTITY;
}

/** Opening orders on the other side: the broker takes no stop beside them. */
const inTheWay = (orders: readonly Order[], side: Side): readonly Order[] =>
  orders.filter(({ intent }) => intent.terms.side !== side);

/**
 * The plan for one share. An exit that is open on the symbol clears and sells by itself, so that nothing is placed or
 * taken away beside it.
 */
export function planProtection(ground: ProtectionGround): ProtectionPlan {
  const { book, share, stopPrice, rules, now } = ground;
  const orders = ground.orders.filter(isOpen);
  const stops = orders.filter(isStopOf(share));
  const side: Side = share.quantity > 0n ? 'sell' : 'buy';
  const units = restingUnits(share);
  const mayRest = rules.resident && !isSplitInDoubt(book) && stopPrice !== null && units > 0n;
  const known = stops.filter((order) => !isLost(order, now));
  const fitting = mayRest ? kept(known, side, stopPrice, units) : [];
  const isNaked = rules.resident && units > 0n && sum(fitting.filter(stands)) < units;
  const watch = watchOf(ground.watch, isNaked, now);
  if (book.exitId !== null) return { cancels: [], place: null, watch, isNaked };
  const why = units === 0n ? NO_POSITION : isSplitInDoubt(book) ? SPLIT : RESTATE;
  const cancels = stops
    .filter((order) => !fitting.includes(order) && wantsCancel(order, now))
    .map((order) => ({ order, reason: isLost(order, now) ? LOST : why }));
  const missing = subtractQuantity(units, sum(fitting));
  if (!mayRest || missing <= 0n) return { cancels, place: null, watch, isNaked };
  const blocking = inTheWay(orders, side);
  const overdue = watch.nakedSince !== null && now - watch.nakedSince >= rules.nakedMsMax;
  const giveWay = blocking
    .filter((order) => overdue && !isClosing(order.intent.terms.positionIntent) && wantsCancel(order, now))
    .map((order) => ({ order, reason: GIVES_WAY }));
  const quantity = minQuantity(missing, freeUnits({ ...ground, orders }, side));
  const next = retryAt(watch);
  const waits = next !== null && now < next;
  if (blocking.length > 0 || quantity <= 0n || waits) {
    return { cancels: [...cancels, ...giveWay], place: null, watch, isNaked };
  }
  const asked = { ...watch, attempts: watch.attempts + 1, attemptedAt: now };
  return { cancels, place: { quantity, stopPrice }, watch: asked, isNaked };
}

function watchOf(before: PositionWatch, isNaked: boolean, now: EpochMs): PositionWatch {
  if (isNaked) return { ...before, nakedSince: before.nakedSince ?? now };
  return { ...before, nakedSince: null, flaggedAt: null, attempts: 0, attemptedAt: null };
}
