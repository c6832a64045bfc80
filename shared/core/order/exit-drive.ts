/** The next step of an exit. Pure: the same exit and the same view give the same step. */
import type { Quantity } from '#shared/core/kernel/decimal.ts';
import {
  absoluteQuantity,
  addQuantity,
  maxQuantity,
  minQuantity,
  negateQuantity,
  subtractQuantity,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import { wantsCancel } from '#shared/core/order/cancel.ts';
import { refusalEffect } from '#shared/core/order/exit.ts';
import type { Exit, ExitAction, ExitAlarm, ExitStep, ExitView } from '#shared/core/order/exit.ts';
import type { Order, OrderIntent } from '#shared/core/order/order.ts';
import { isOpen } from '#shared/core/order/order.ts';
import { oppositeSide } from '#shared/core/order/terms.ts';
import type { Side } from '#shared/core/order/terms.ts';
import { givesWay, neverArrives } from '#shared/core/order/unknown-fate.ts';

/** A broker's position older than this sizes nothing. */
export const POSITION_AGE_MS_MAX = 5_000;
/** An exit's order that is not claimed by then is never claimed. */
const EXIT_VALIDITY_MS = 120_000;
/** An exit's order that rests longer is canceled, and what remains is submitted anew. */
export const EXIT_RESTING_MS_MAX = 60_000;
const EXIT_BACKOFF_BASE_MS = 5_000;
export const EXIT_BACKOFF_MS_MAX = 300_000;
/** So many generations in a row without a fill raise an alarm. */
const EXIT_FAILURES_ALARM = 3;

/** base x 2^(n-1), capped; the first answer that only says how things stand is acted on at once. */
function nextTryAt(failures: number, effect: 're-enter' | 'retry', now: EpochMs): EpochMs | null {
  const counted = effect === 're-enter' ? failures - 1 : failures;
  if (counted <= 0) return null;
  return addMs(now, Math.min(EXIT_BACKOFF_MS_MAX, EXIT_BACKOFF_BASE_MS * 2 ** Math.min(counted - 1, 20)));
}

interface Settled {
  readonly exit: Exit;
  readonly alarms: readonly ExitAlarm[];
}

/** Takes in how the last order ended. */
function settleGeneration(exit: Exit, filled: Quantity, refusal: Refusal | null, now: EpochMs): Settled {
  const effect = refusal === null ? 'retry' : refusalEffect(refusal.code);
  if (effect === 'blocked') {
    return { exit: { ...exit, phase: 'blocked', submitted: null, blockedBy: refusal }, alarms: ['exit-blocked'] };
  }
  const failures = filled > 0n ? 0 : exit.failures + 1;
  return {
    exit: {
      ...exit,
      phase: 'opened',
      submitted: null,
      failures,
      notBefore: nextTryAt(failures, effect, now),
      distrustsBooks: filled === 0n,
    },
    alarms: failures === EXIT_FAILURES_ALARM ? ['exit-struggling'] : [],
  };
}

/** The order that was submitted never came to be: the next one takes its generation. */
const unclaimed = (exit: Exit, submitted: OrderIntent): Exit => ({
  ...exit,
  generations: submitted.decision.generation,
});

/** Why it came to nothing: its refusal, or what the broker said to a repetition of one that never turned up. */
const whyEnded = ({ refusal, ambiguity, brokerOrderId }: Order): Refusal | null =>
  refusal ?? (brokerOrderId === null ? (ambiguity?.answer ?? null) : null);

/** Where the last order stands: still to be awaited, to be submitted again, or over. */
function followOrder(exit: Exit, view: ExitView): Settled | ExitAction {
  const { current, now } = view;
  const submitted = exit.submitted;
  if (submitted === null) return { exit, alarms: [] };
  if (current !== null && isOpen(current)) {
    // Whatever it took at the broker, the broker's own position tells: the next generation takes what is available.
    if (neverArrives(current, now)) return settleGeneration(exit, current.filledQuantity, whyEnded(current), now);
    if (givesWay(current, now)) return { kind: 'cancel', orders: [current.clientOrderId], reason: GIVES_WAY };
    // Sent again after the close, it would join the next session with the size of this one; each pass looks for it.
    if (current.state === 'unknown' && !view.sessionOpen) return { kind: 'wait', for: 'order' };
    // The broker is not known to have it: whoever submits it goes on from its row, looks it up, or sends the same again.
    if (current.brokerOrderId === null && current.cancelRequested === null) {
      return { kind: 'submit', intent: submitted, attempt: exit.attempts };
    }
    const rested = now - (current.sentAt ?? current.claimedAt) > EXIT_RESTING_MS_MAX;
    if (!rested || !wantsCancel(current, now)) return { kind: 'wait', for: 'order' };
    return { kind: 'cancel', orders: [current.clientOrderId], reason: RESTS };
  }
  if (current !== null) return settleGeneration(exit, current.filledQuantity, whyEnded(current), now);
  const lost = unclaimed(exit, submitted);
  if (view.currentRefusal !== null) return settleGeneration(lost, ZERO_QUANTITY, view.currentRefusal, now);
  // Not claimed: the command is on its way, or was lost. Once it is stale nobody claims it any more.
  return now < submitted.validUntil
    ? { kind: 'submit', intent: submitted, attempt: exit.attempts }
    : settleGeneration(lost, ZERO_QUANTITY, null, now);
}

const GIVES_WAY = {
  code: 'exit-gives-way',
  message: 'The broker took no repetition of the order, and it was not found: the next one goes on beside it.',
  context: {},
} as const;

/** What there is to close, and how much of it an order may take. */
interface Holding {
  /** Null when there is nothing to close. */
  readonly side: Side | null;
  readonly free: Quantity;
}

const sideOf = (share: Quantity): Side | null => (share === 0n ? null : share > 0n ? 'sell' : 'buy');

/** What open orders of one side could still fill: the strategy's own, or those of all others. */
const openOf = (exit: Exit, view: ExitView, whose: 'own' | 'others', side: Side): Quantity =>
  view.openOrders
    .filter(({ intent }) => (intent.terms.strategyId === exit.strategyId) === (whose === 'own'))
    .filter(({ intent }) => intent.terms.side === side)
    .reduce((sum, order) => addQuantity(sum, order.reserved.quantity), ZERO_QUANTITY);

/** True while the book alone may size an order. */
const trustsBooks = (exit: Exit, view: ExitView): boolean =>
  view.booksFresh && !exit.distrustsBooks && !view.openOrders.some((order) => order.state === 'unknown');

function holdingByBook(exit: Exit, view: ExitView): Holding {
  const side = sideOf(view.share);
  if (side === null) return { side, free: ZERO_QUANTITY };
  return { side, free: subtractQuantity(absoluteQuantity(view.share), openOf(exit, view, 'own', side)) };
}

const unitsOf = (orders: readonly Order[]): Quantity =>
  orders.reduce((sum, order) => addQuantity(sum, order.reserved.quantity), ZERO_QUANTITY);

/** The broker has it, and nobody wants it gone: what it holds is no part of what the broker calls available. */
const holdsItsUnits = ({ state, cancelRequested }: Order): boolean =>
  (state === 'acknowledged' || state === 'partially_filled') && cancelRequested === null;

/**
 * What may be sold beside own closing orders of unknown fate that can no longer arrive: either the broker has one already,
 * and then holds its units, or nobody ever will. So they hold back nothing of what the broker calls available, less what
 * may belong to others; and where all is available, none of them is there.
 */
function freeBesideLost(exit: Exit, view: ExitView, side: Side, kept: Quantity, available: Quantity): Quantity {
  const own = view.openOrders.filter(
    ({ intent }) => intent.terms.strategyId === exit.strategyId && intent.terms.side === side,
  );
  const lost = own.filter((order) => neverArrives(order, view.now));
  if (lost.length === 0) return ZERO_QUANTITY;
  const heldByOthers = view.openOrders.filter(
    (order) =>
      order.intent.terms.strategyId !== exit.strategyId && order.intent.terms.side === side && holdsItsUnits(order),
  );
  const others = side === 'sell' ? view.othersShare : negateQuantity(view.othersShare);
  const loose = maxQuantity(ZERO_QUANTITY, subtractQuantity(others, unitsOf(heldByOthers)));
  const certain = unitsOf(own.filter((order) => !neverArrives(order, view.now)));
  return minQuantity(subtractQuantity(kept, certain), subtractQuantity(absoluteQuantity(available), loose));
}

/**
 * By the broker's own position. A strategy sells only its own, and while open orders of unknown fate may have filled, it
 * is not known whose the units are: the order takes what must be its own, even if others bought all that they could,
 * and leaves the rest to the next generation. A person's flatten takes all that no other strategy is known to hold.
 */
function holdingByBroker(exit: Exit, view: ExitView, position: Quantity, available: Quantity): Holding {
  const side = sideOf(position);
  if (side === null) return { side, free: ZERO_QUANTITY };
  const opening = oppositeSide(side);
  const along = (signed: Quantity): Quantity => (side === 'sell' ? signed : negateQuantity(signed));
  const held = along(position);
  const cuts = openOf(exit, view, 'own', side);
  const most = addQuantity(along(view.share), openOf(exit, view, 'own', opening));
  const least = subtractQuantity(along(view.share), cuts);
  const notOthers = subtractQuantity(held, along(view.othersShare));
  const surelyNotOthers = subtractQuantity(notOthers, openOf(exit, view, 'others', opening));
  const isFlatten = exit.purpose === 'flatten';
  const own = isFlatten ? notOthers : minQuantity(notOthers, minQuantity(most, maxQuantity(least, surelyNotOthers)));
  if (own <= 0n) return { side: null, free: ZERO_QUANTITY };
  const kept = isFlatten ? own : minQuantity(most, surelyNotOthers);
  const beside = freeBesideLost(exit, view, side, kept, available);
  const free = maxQuantity(maxQuantity(isFlatten ? ZERO_QUANTITY : least, subtractQuantity(kept, cuts)), beside);
  return { side, free: minQuantity(minQuantity(own, free), minQuantity(held, absoluteQuantity(available))) };
}

/** By the book where it may be trusted; else by a fresh read of the broker's position; null when nobody knows. */
function holdingOf(exit: Exit, view: ExitView): Holding | null {
  if (trustsBooks(exit, view)) return holdingByBook(exit, view);
  const read = view.brokerPosition;
  if (read === null || read.readAt > view.now || view.now - read.readAt > POSITION_AGE_MS_MAX) return null;
  return holdingByBroker(exit, view, read.quantity, read.available);
}

/** Own orders in the way: the strategy's own rest on the shares, those of the other side would trade with the exit. */
function inTheWay(exit: Exit, view: ExitView, side: Side | null): readonly Order[] {
  return view.openOrders.filter(
    (order) => order.intent.terms.strategyId === exit.strategyId || (side !== null && order.intent.terms.side !== side),
  );
}

/** The exit of another strategy is not canceled for this one's sake: whoever comes second waits. */
const mayCancel = (exit: Exit, { intent }: Order): boolean =>
  intent.terms.strategyId === exit.strategyId || (intent.purpose !== 'exit' && intent.purpose !== 'flatten');

function exitIntent(exit: Exit, view: ExitView, side: Side, quantity: Quantity): OrderIntent | null {
  if (view.pricing === null) return null;
  const { arrivalPrice, limitPrice } = view.pricing;
  const openQuantity = subtractQuantity(openOf(exit, view, 'own', 'buy'), openOf(exit, view, 'own', 'sell'));
  return {
    terms: {
      accountId: exit.accountId,
      strategyId: exit.strategyId,
      ticker: exit.ticker,
      side,
      type: limitPrice === null ? 'market' : 'limit',
      timeInForce: 'day',
      positionIntent: side === 'sell' ? 'sell_to_close' : 'buy_to_close',
      size: { kind: 'quantity', quantity },
      limitPrice,
      stopPrice: null,
    },
    decision: { decisionId: exit.exitId, generation: exit.generations, slice: 0 },
    purpose: exit.purpose,
    correlationId: exit.correlationId,
    runId: null,
    decidedAt: view.now,
    validUntil: addMs(view.now, EXIT_VALIDITY_MS),
    arrivalPrice,
    policyVersion: view.policyVersion,
    basis: { position: view.share, openQuantity },
  };
}

const RESTS = {
  code: 'exit-rests',
  message: 'The order of the exit rests; what remains is submitted anew.',
  context: {},
} as const;

const IN_THE_WAY = {
  code: 'exit-in-the-way',
  message: 'An exit of the symbol clears its way: the order holds its shares or would trade with it.',
  context: {},
} as const;

/** Clears the way, sizes and submits. */
function goOn(exit: Exit, view: ExitView): { readonly exit: Exit; readonly action: ExitAction } {
  const wait = (phase: Exit['phase'], what: Extract<ExitAction, { kind: 'wait' }>['for']) =>
    ({ exit: { ...exit, phase }, action: { kind: 'wait', for: what } }) as const;
  const holding = holdingOf(exit, view);
  const side = holding === null ? sideOf(view.share) : holding.side;
  const obstacles = inTheWay(exit, view, side);
  // One that can no longer arrive is looked for by each pass: asking again would keep the exit from ever going on.
  const untold = obstacles.filter(
    (order) => wantsCancel(order, view.now) && mayCancel(exit, order) && !neverArrives(order, view.now),
  );
  if (untold.length > 0) {
    const orders = untold.map((order) => order.clientOrderId);
    return { exit: { ...exit, phase: 'canceling-own' }, action: { kind: 'cancel', orders, reason: IN_THE_WAY } };
  }
  if (obstacles.some((order) => order.state !== 'unknown')) return wait('canceling-own', 'own-orders');
  if (holding === null) return { exit: { ...exit, phase: 'sizing' }, action: { kind: 'read-position' } };
  if (side === null) {
    // An order of unknown fate may still open what the exit is to close, or be on its way.
    if (obstacles.some((order) => !neverArrives(order, view.now))) return wait('canceling-own', 'own-orders');
    if (view.share !== 0n) return wait('sizing', 'books');
    return { exit: { ...exit, phase: 'completed' }, action: { kind: 'complete' } };
  }
  if (!view.sessionOpen) return wait('sizing', 'session');
  if (exit.notBefore !== null && view.now < exit.notBefore) return wait('sizing', 'backoff');
  if (holding.free <= 0n) return wait('sizing', 'shares-held');
  const intent = exitIntent(exit, view, side, holding.free);
  if (intent === null) return wait('sizing', 'price');
  const submitted: Exit = {
    ...exit,
    phase: 'submitted',
    submitted: intent,
    generations: exit.generations + 1,
    attempts: exit.attempts + 1,
    distrustsBooks: false,
    notBefore: null,
  };
  return { exit: submitted, action: { kind: 'submit', intent, attempt: submitted.attempts } };
}

/**
 * The next step of the exit. The caller writes the exit first where it changed, then does the action; drives again after
 * a cancel, a read or an order's end, and from time to time while it waits.
 */
export function driveExit(exit: Exit, view: ExitView): ExitStep {
  const stay = (action: ExitAction): ExitStep => ({ exit, changed: false, action, alarms: [] });
  if (exit.phase === 'completed') return stay({ kind: 'none' });
  if (exit.phase === 'blocked') return stay({ kind: 'wait', for: 'operator' });
  const followed = followOrder(exit, view);
  if ('kind' in followed) return stay(followed);
  if (followed.exit.phase === 'blocked') {
    return { ...followed, changed: true, action: { kind: 'wait', for: 'operator' } };
  }
  const next = goOn(followed.exit, view);
  const changed = followed.exit !== exit || next.exit.phase !== exit.phase;
  return { exit: next.exit, changed, action: next.action, alarms: followed.alarms };
}
