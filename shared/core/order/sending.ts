/**
 * How an order is brought to the broker: claim, last look, call, answer. `claimed` proves that nothing is at the broker,
 * `sending` proves nothing after a crash. Each step asks the lifecycle table first and is a value: who writes it does so
 * under the version that he read.
 */
import { addMs } from '#shared/core/kernel/instant.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import { fail, succeed } from '#shared/core/kernel/result.ts';
import type { Result } from '#shared/core/kernel/result.ts';
import { standStill, stepTo } from '#shared/core/order/advance.ts';
import { clientOrderIdFor, payloadHashOf } from '#shared/core/order/client-order-id.ts';
import { consequencesOf } from '#shared/core/order/consequences.ts';
import type { Step } from '#shared/core/order/consequences.ts';
import { illegalReason } from '#shared/core/order/lifecycle.ts';
import type { HouseEvent, IllegalReason } from '#shared/core/order/lifecycle.ts';
import type {
  Ambiguity,
  HouseEnd,
  Order,
  OrderIntent,
  OrderState,
  Reason,
  Reservation,
} from '#shared/core/order/order.ts';
import { type OrderRecord, orderOf, standingOf } from '#shared/core/order/standing.ts';
import type { Grounds } from '#shared/core/order/standing.ts';

/** Longer than a function may run, shorter than a message stays hidden. */
export const LEASE_MS = 45_000;
/** The broker's call starts no later than this after its last look has committed. */
export const LAST_LOOK_TO_CALL_MS_MAX = 500;

/** Why a step is not taken: the table forbids it, or a rule refuses it. */
export type StepRefusal =
  | { readonly kind: 'illegal'; readonly state: OrderState; readonly event: HouseEvent; readonly why: IllegalReason }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export type StepResult = Result<Step, StepRefusal>;

export interface ClaimRequest {
  readonly intent: OrderIntent;
  readonly reservation: Reservation;
  /** One run of one sender; nobody else may send while its lease lasts. */
  readonly holder: string;
  readonly at: EpochMs;
  /** The order passes every gate and ends at once, reserving nothing and reaching no broker. */
  readonly dryRun: boolean;
}

const DRY_RUN: Reason = {
  code: 'dry-run',
  message: 'This is a dry run: the order passed every gate and was not sent.',
  context: {},
};

/** A new order as its row is first written: claimed, nothing sent. */
export function claimOrder(request: ClaimRequest): Step {
  const { intent, reservation, at } = request;
  const grounds: Grounds = {
    intent,
    state: 'claimed',
    reservation,
    houseEnded: request.dryRun ? { end: 'dry_run', at, reason: DRY_RUN } : null,
    cancelRequested: null,
    evidence: [],
  };
  const record: OrderRecord = {
    ...grounds,
    clientOrderId: clientOrderIdFor(intent.terms, intent.decision),
    payloadHash: payloadHashOf(intent.terms, intent.decision),
    version: 1,
    journalSequence: 0,
    lease: request.dryRun ? null : { holder: request.holder, until: addMs(at, LEASE_MS) },
    attempt: 0,
    ambiguity: null,
    refusal: null,
    claimedAt: at,
    sentAt: null,
    acknowledgedAt: null,
    endedAt: request.dryRun ? at : null,
    updatedAt: at,
  };
  const order = orderOf(record, standingOf(grounds));
  const consequences = consequencesOf(null, order);
  return { order: { ...order, journalSequence: consequences.facts.length }, changed: true, consequences };
}

function guarded(order: Order, event: HouseEvent, step: () => StepResult): StepResult {
  const why = illegalReason(order.state, event);
  return why === null ? step() : fail({ kind: 'illegal', state: order.state, event, why });
}

const refused = (reason: Refusal): StepResult => fail({ kind: 'refused', refusal: reason });

/** True when the holder may act for the order: the lease is its own, or it is nobody's any more. */
export const mayHold = (order: Order, holder: string, now: EpochMs): boolean =>
  order.lease === null || order.lease.holder === holder || order.lease.until <= now;

/** Why an order that was not sent, or may be sent again, must not be: lease, cancel, answer, age. Null when it may. */
export function sendBar(order: Order, holder: string, now: EpochMs): Refusal | null {
  if (!mayHold(order, holder, now)) {
    return refusal('lease-lost', 'Another sender holds the lease of this order.', {
      holder: order.lease?.holder ?? '',
      until: String(order.lease?.until ?? ''),
    });
  }
  if (order.cancelRequested !== null) {
    return refusal(
      'cancel-requested',
      `A cancel was requested by ${order.cancelRequested.by} before the order was sent.`,
      {
        by: order.cancelRequested.by,
        reason: order.cancelRequested.reason.code,
      },
    );
  }
  // Another repetition would get the same answer, and each would leave it to the broker alone that only one order lives.
  const answer = order.ambiguity?.answer ?? null;
  if (answer !== null) {
    return refusal(answer.code, 'The broker has answered a repetition of this order: it is only looked for.', {
      answer: answer.message,
    });
  }
  // An exit holds for as long as it is open, and nobody else submits its orders: one that cannot be found is sent again.
  const { purpose, validUntil } = order.intent;
  const isDurable = order.state === 'unknown' && (purpose === 'exit' || purpose === 'flatten');
  if (now >= validUntil && !isDurable) {
    return refusal('decision-stale', 'The decision is past its time; it is never sent.', {
      validUntil: String(order.intent.validUntil),
      now: String(now),
    });
  }
  return null;
}

function send(order: Order, holder: string, now: EpochMs): StepResult {
  const bar = sendBar(order, holder, now);
  if (bar !== null) return refused(bar);
  const lease = { holder, until: addMs(now, LEASE_MS) };
  return succeed(stepTo(order, { state: 'sending', attempt: order.attempt + 1, sentAt: now, lease }, now));
}

/** claimed -> sending. A lease that has run out is taken over. The gates themselves are the transaction's. */
export const lastLook = (order: Order, holder: string, now: EpochMs): StepResult =>
  guarded(order, 'last-look', () => send(order, holder, now));

/** unknown -> sending, with the same id and body. Ask `mayResend` first: this repeats only what the row itself knows. */
export const resend = (order: Order, holder: string, now: EpochMs): StepResult =>
  guarded(order, 'resend', () => send(order, holder, now));

function endByHouse(order: Order, end: HouseEnd, reason: Reason, at: EpochMs, why: Refusal | null): StepResult {
  return succeed(stepTo(order, { houseEnded: { end, at, reason }, refusal: why }, at));
}

/** claimed -> withdrawn: a gate closed, the decision went stale or a cancel came before anything was sent. */
export const withdraw = (order: Order, reason: Refusal, now: EpochMs): StepResult =>
  guarded(order, 'withdraw', () => endByHouse(order, 'withdrawn', reason, now, reason));

/** claimed -> failed: the command cannot be carried out and nothing was sent. */
export const failUnsent = (order: Order, reason: Reason, now: EpochMs): StepResult =>
  guarded(order, 'fail', () => endByHouse(order, 'failed', reason, now, null));

const doubtOf = (order: Order, reason: Reason): Ambiguity => {
  const lastAt = order.sentAt ?? order.claimedAt;
  return order.ambiguity === null ? { reason, firstAt: lastAt, lastAt, answer: null } : { ...order.ambiguity, lastAt };
};

const toUnknown = (order: Order, ambiguity: Ambiguity, now: EpochMs): StepResult =>
  succeed(stepTo(order, { state: 'unknown', ambiguity, lease: null }, now));

/** sending -> unknown: timeout, reset, 5xx, unreadable answer, or a sender that died. Repeating it changes nothing. */
export const markUnknown = (order: Order, reason: Reason, now: EpochMs): StepResult =>
  guarded(order, 'ambiguous', () =>
    order.state === 'unknown' ? succeed(standStill(order)) : toUnknown(order, doubtOf(order, reason), now),
  );

/**
 * sending -> unknown: the broker has an order of this id already, and does not show it yet. So this attempt brought
 * nothing to the market and no other could: whichever was taken is only looked for.
 */
export const markTaken = (order: Order, reason: Reason, now: EpochMs): StepResult =>
  guarded(order, 'ambiguous', () => {
    if (order.state === 'unknown') return succeed(standStill(order));
    const doubt = order.ambiguity ?? doubtOf(order, reason);
    return toUnknown(order, { ...doubt, answer: refusal('broker-duplicate', reason.message, reason.context) }, now);
  });

/**
 * sending -> claimed: the broker took nothing, and the order may have another last look. After an attempt that nobody
 * proved it goes back to unknown, since the answer speaks for this attempt alone.
 */
export const throttled = (order: Order, now: EpochMs): StepResult =>
  guarded(order, 'throttled', () =>
    succeed(stepTo(order, order.ambiguity === null ? { state: 'claimed' } : { state: 'unknown', lease: null }, now)),
  );

/**
 * sending -> rejected: the broker's own answer refused the order. After an attempt that nobody proved it goes back to
 * unknown: a broker may well refuse the repetition for the money, the shares or the position that the first one took.
 * The answer is kept: the order is not sent again, and is watched from the last attempt that nobody proved.
 */
export const refusedByBroker = (order: Order, reason: Refusal, now: EpochMs): StepResult =>
  guarded(order, 'refused', () =>
    order.ambiguity === null
      ? endByHouse(order, 'rejected', reason, now, reason)
      : toUnknown(order, { ...order.ambiguity, answer: reason }, now),
  );
