/**
 * Orders whose fate nobody proved. One is settled by finding it, by sending the same id again where the broker guards
 * ids, or by watching until it cannot turn up any more; never by silence.
 */
import { addMs } from '#shared/core/kernel/instant.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import { fail, succeed } from '#shared/core/kernel/result.ts';
import type { Result } from '#shared/core/kernel/result.ts';
import type { Session } from '#shared/core/market/types.ts';
import { stepTo } from '#shared/core/order/advance.ts';
import { illegalReason } from '#shared/core/order/lifecycle.ts';
import { isEnd, type Order } from '#shared/core/order/order.ts';
import { sendBar } from '#shared/core/order/sending.ts';
import { isClosing } from '#shared/core/order/terms.ts';
import type { StepResult } from '#shared/core/order/sending.ts';

/** Lookups that must have missed since the last send before the same id may be sent again. */
export const LOOKUP_MISSES_BEFORE_RESEND = 2;
/** A call may still be on its way for so long after it was made: the broker's deadline and the network's. */
export const IN_FLIGHT_MS_MAX = 60_000;
/** An immediate order is looked for this long. */
export const IMMEDIATE_WATCH_MS = 15 * 60_000;
/** A broker settles the day's ends within this time after the close. */
export const AFTER_CLOSE_MS = 15 * 60_000;

export interface ResendFacts {
  readonly duplicateGuard: boolean;
  readonly holder: string;
  readonly now: EpochMs;
  /** Lookups by client order id that found nothing since the last send. */
  readonly lookupMisses: number;
}

export type ResendBar =
  /** The order is not one of unknown fate. */
  | { readonly kind: 'not-unknown' }
  /** The broker would take the same id twice: it is watched, never sent again. */
  | { readonly kind: 'no-duplicate-guard' }
  /** Look it up first. */
  | { readonly kind: 'look-up-first'; readonly missesLeft: number }
  /** Somebody else holds the lease, a cancel was requested, or the decision is stale. */
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * Whether the same id and body may be sent again. The caller then makes another last look; the broker's guard lets only
 * one of the two live.
 */
export function mayResend(order: Order, facts: ResendFacts): Result<true, ResendBar> {
  if (order.state !== 'unknown') return fail({ kind: 'not-unknown' });
  if (!facts.duplicateGuard) return fail({ kind: 'no-duplicate-guard' });
  const bar = sendBar(order, facts.holder, facts.now);
  if (bar !== null) return fail({ kind: 'refused', refusal: bar });
  const missesLeft = LOOKUP_MISSES_BEFORE_RESEND - facts.lookupMisses;
  return missesLeft > 0 ? fail({ kind: 'look-up-first', missesLeft }) : succeed(true);
}

/** The last attempt of which nobody knows whether it arrived. */
export const lastDoubtAt = ({ ambiguity, sentAt, claimedAt }: Order): EpochMs =>
  ambiguity?.lastAt ?? sentAt ?? claimedAt;

/** Since when it may be at the broker: the first attempt that nobody proved, however often it was sent again since. */
export const mayBeThereSince = ({ ambiguity, sentAt, claimedAt }: Order): EpochMs =>
  ambiguity?.firstAt ?? sentAt ?? claimedAt;

/** How long an order of unknown fate has to be watched. */
export type Watch =
  | { readonly kind: 'until'; readonly at: EpochMs }
  /** It could turn up at any time: an operator decides. */
  | { readonly kind: 'operator' }
  /** The session calendar does not reach far enough to tell. */
  | { readonly kind: 'calendar-too-short' };

/**
 * How long it could still turn up, from the last attempt that nobody proved. A day order joins the session that is on, or
 * the next one, at the time at which the call may have arrived, and is gone after its close; an immediate order is gone after a quarter of an hour; any other
 * may rest for ever.
 * @param sessions of the order's market, ascending; empty for a market that never closes, whose day orders do not exist.
 */
export function watchOf(order: Order, sessions: readonly Session[]): Watch {
  const sentAt = lastDoubtAt(order);
  const timeInForce = order.intent.terms.timeInForce;
  switch (timeInForce) {
    case 'ioc':
    case 'fok':
      return { kind: 'until', at: addMs(sentAt, IMMEDIATE_WATCH_MS) };
    case 'gtc':
      return { kind: 'operator' };
    case 'day': {
      const arrivedAt = addMs(sentAt, IN_FLIGHT_MS_MAX);
      const session = sessions.find(({ closeAt }) => closeAt > arrivedAt);
      return session === undefined
        ? { kind: 'calendar-too-short' }
        : { kind: 'until', at: addMs(session.closeAt, AFTER_CLOSE_MS) };
    }
  }
}

/**
 * True for a closing order of unknown fate that is at the broker by now or never will be: a cancel was requested, so that
 * no last look of it passes any more, and the last call is over. It stays watched; but what the broker says of its own
 * position tells whether it holds anything.
 */
export function neverArrives(order: Order, now: EpochMs): boolean {
  const { state, cancelRequested, intent } = order;
  if (state !== 'unknown' || cancelRequested === null || !isClosing(intent.terms.positionIntent)) return false;
  return now >= addMs(lastDoubtAt(order), IN_FLIGHT_MS_MAX);
}

/**
 * True once a closing order of unknown fate is to be given way to: the broker has answered a repetition, so that nobody
 * sends it again, and the last call of which nobody knows is over. A cancel that is asked for then keeps it from working
 * beside what follows it, should it turn up.
 */
export function givesWay(order: Order, now: EpochMs): boolean {
  const { state, ambiguity, cancelRequested, intent } = order;
  const isAnswered = state === 'unknown' && ambiguity !== null && ambiguity.answer !== null && cancelRequested === null;
  return isAnswered && isClosing(intent.terms.positionIntent) && now >= addMs(ambiguity.lastAt, IN_FLIGHT_MS_MAX);
}

export interface AbandonFacts {
  readonly watch: Watch;
  /** When a complete lookup last found nothing; a failed or torn one is none. */
  readonly lastMissAt: EpochMs | null;
  /** The operator who gives the order up, where the watch leaves it to one. */
  readonly operator: string | null;
  readonly now: EpochMs;
}

/**
 * unknown -> abandoned, once it cannot turn up any more and a lookup after that found nothing.
 * @returns `illegal` for an order whose fate is not unknown, `refused` while it is to be watched.
 */
export function abandon(order: Order, facts: AbandonFacts): StepResult {
  const why = illegalReason(order.state, 'abandon');
  if (why !== null) return fail({ kind: 'illegal', state: order.state, event: 'abandon', why });
  const { watch, lastMissAt, operator, now } = facts;
  const watchedOut = watch.kind === 'until' ? now >= watch.at && lastMissAt !== null && lastMissAt >= watch.at : false;
  const givenUp = operator !== null && lastMissAt !== null && lastMissAt >= addMs(lastDoubtAt(order), IN_FLIGHT_MS_MAX);
  if (!watchedOut && !givenUp) {
    return fail({
      kind: 'refused',
      refusal: refusal('symbol-has-unknown-order', 'The order may still turn up; it is watched and stays reserved.', {
        watch: watch.kind,
        until: watch.kind === 'until' ? String(watch.at) : '',
        lastMissAt: String(lastMissAt ?? ''),
      }),
    });
  }
  const reason = {
    code: operator === null ? 'watched-out' : 'given-up-by-operator',
    message:
      operator === null
        ? 'The order never turned up while it could.'
        : `The order was looked for in vain and ${operator} gave it up.`,
    context: { sentAt: String(order.sentAt ?? ''), lastMissAt: String(lastMissAt) },
  };
  return succeed(stepTo(order, { houseEnded: { end: 'abandoned', at: now, reason } }, now));
}

/**
 * True for an order that adds risk, of which the broker first told when the decision behind it was long over: it was
 * thought lost, the world has moved on, and it must not fill. One that closes is left to work: it only takes risk off.
 */
export function turnedUpLate(order: Order): boolean {
  const { intent, sentAt, acknowledgedAt } = order;
  if (isEnd(order.state) || order.brokerOrderId === null || sentAt === null || acknowledgedAt === null) return false;
  // What was never sent while it was valid was taken in as it is, by a person or with a lost row.
  const wasInTime = sentAt <= intent.validUntil;
  return (
    wasInTime && !isClosing(intent.terms.positionIntent) && acknowledgedAt > addMs(intent.validUntil, IN_FLIGHT_MS_MAX)
  );
}
