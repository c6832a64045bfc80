/** Canceling an order, and replacing one: cancel, confirm, then a new generation for what remains. */
import type { Quantity } from '#shared/core/kernel/decimal.ts';
import { subtractQuantity } from '#shared/core/kernel/decimal.ts';
import type { BrokerOrderId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { fail, succeed } from '#shared/core/kernel/result.ts';
import type { Result } from '#shared/core/kernel/result.ts';
import { standStill, stepTo } from '#shared/core/order/advance.ts';
import { illegalReason } from '#shared/core/order/lifecycle.ts';
import type { Order, OrderIntent, Reason } from '#shared/core/order/order.ts';
import { isEnd, orderedQuantity } from '#shared/core/order/order.ts';
import { mayHold } from '#shared/core/order/sending.ts';
import type { StepResult } from '#shared/core/order/sending.ts';

/** Writes down that somebody wants the order gone. The first request stays; another changes nothing. */
export function requestCancel(order: Order, by: string, reason: Reason, now: EpochMs): StepResult {
  const why = illegalReason(order.state, 'cancel-request');
  if (why !== null) return fail({ kind: 'illegal', state: order.state, event: 'cancel-request', why });
  if (order.cancelRequested !== null) return succeed(standStill(order));
  return succeed(stepTo(order, { cancelRequested: { by, reason, at: now } }, now));
}

/** Looks at orders that were just canceled, before their ends are left to their own news. */
export const LOOKS_MAX = 5;
export const LOOK_PAUSE_MS = 1_000;

/** A cancel that brought no end in this time is asked for again. */
export const CANCEL_AGAIN_MS = 30_000;

/** True while nobody asked for the order's cancel, or nothing came of it. */
export const wantsCancel = ({ cancelRequested }: Order, now: EpochMs): boolean =>
  cancelRequested === null || now - cancelRequested.at > CANCEL_AGAIN_MS;

/** What brings a requested cancel about. */
export type CancelAction =
  | { readonly kind: 'none' }
  /** Nothing was sent and nobody is at it: withdraw it here. */
  | { readonly kind: 'withdraw' }
  /** A sender holds it and will find the request at its last look. */
  | { readonly kind: 'await-sender'; readonly until: EpochMs }
  /** It may be at the broker under an id that nobody knows yet: find it first. */
  | { readonly kind: 'look-up' }
  | { readonly kind: 'call-broker'; readonly brokerOrderId: BrokerOrderId };

/** The next thing to do for an order whose cancel was requested. An answer to the call is no news: the order's own is. */
export function cancelAction(order: Order, now: EpochMs): CancelAction {
  if (isEnd(order.state) || order.cancelRequested === null) return { kind: 'none' };
  if (order.brokerOrderId !== null) return { kind: 'call-broker', brokerOrderId: order.brokerOrderId };
  if (!mayHold(order, '', now)) return { kind: 'await-sender', until: order.lease?.until ?? now };
  return order.state === 'claimed' ? { kind: 'withdraw' } : { kind: 'look-up' };
}

/** Units that the order could still fill; null for a notional order, whose units nobody knows. */
export function openRemaining(order: Order): Quantity | null {
  const ordered = orderedQuantity(order.intent.terms);
  if (ordered === null) return null;
  return ordered > order.filledQuantity
    ? subtractQuantity(ordered, order.filledQuantity)
    : subtractQuantity(ordered, ordered);
}

export type ReplaceBar =
  /** Cancel it, and wait for its end. */
  | 'not-ended'
  /** It filled, or what remains is not known. */
  | 'nothing-remains'
  | 'notional';

/**
 * The next generation of an order that has ended, for what remains of it.
 * @param changes terms that are to differ, and when the new decision was made and how long it holds.
 */
export function replacementOf(
  ended: Order,
  changes: Pick<OrderIntent, 'decidedAt' | 'validUntil' | 'arrivalPrice' | 'policyVersion' | 'basis'> & {
    readonly terms?: Partial<Pick<OrderIntent['terms'], 'type' | 'timeInForce' | 'limitPrice' | 'stopPrice'>>;
  },
): Result<OrderIntent, ReplaceBar> {
  if (!isEnd(ended.state)) return fail('not-ended');
  const remaining = openRemaining(ended);
  if (remaining === null) return fail('notional');
  if (remaining === 0n) return fail('nothing-remains');
  const { terms: termChanges, ...decided } = changes;
  return succeed({
    ...ended.intent,
    ...decided,
    terms: { ...ended.intent.terms, ...termChanges, size: { kind: 'quantity', quantity: remaining } },
    decision: { ...ended.intent.decision, generation: ended.intent.decision.generation + 1 },
  });
}
