/**
 * What a plan does next, given what is known of the slice at work: at most one slice is at work at a time, and what it
 * leaves is known for certain before another one is sized. Pure; the same row and the same sight give the same step.
 */
import { addQuantity, type Quantity, subtractQuantity, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import { correlationId, type ClientOrderId } from '#shared/core/kernel/identity.ts';
import { addMs, type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import { type RefusalCode, isRefusalCode } from '#shared/core/kernel/refusal.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import {
  type DecisionBasis,
  isEnd,
  type Order,
  type OrderEnd,
  type OrderIntent,
  type Reason,
} from '#shared/core/order/order.ts';
import {
  countedOf,
  type PlanEndKind,
  type PlanStop,
  planEndsAt,
  type Slice,
  sliceEndsAt,
  type SlicePlan,
  sliceQuantity,
  totalOf,
} from '#shared/core/order/slice-plan.ts';

/** What is known of the slice at work. */
export interface SliceSight {
  readonly order: Order | null;
  /** Why there will never be an order; null while there may be one. */
  readonly refused: Reason | null;
}

/** What a change of a plan tells. */
export type PlanNews =
  | { readonly kind: 'created' }
  | { readonly kind: 'slice-sent'; readonly index: number; readonly missed: number }
  | { readonly kind: 'slice-ended'; readonly index: number; readonly fate: SliceFate }
  | { readonly kind: 'cancel-requested' }
  | { readonly kind: 'ended' };

/** used-up: nothing is left of it. carried: later slices make up for what it left. dropped: nobody does. */
export type SliceFate = 'used-up' | 'carried' | 'dropped';

export interface PlanChange {
  readonly plan: SlicePlan;
  readonly news: readonly PlanNews[];
}

export type SliceStep =
  /** Nothing is to be done before the next wake. */
  | { readonly kind: 'wait' }
  /** The decision of the slice is put on its lane, perhaps not for the first time; its id makes that harmless. */
  | { readonly kind: 'send'; readonly intent: OrderIntent }
  /** It is too late for an order: its id is closed, so that there will never be one. */
  | { readonly kind: 'close'; readonly intent: OrderIntent; readonly why: RefusalCode }
  /** The order has outlived its slice. */
  | {
      readonly kind: 'cancel';
      readonly intent: OrderIntent;
      readonly clientOrderId: ClientOrderId;
      readonly attempt: number;
    }
  /** The slice may be decided on. */
  | { readonly kind: 'decide'; readonly index: number }
  /** To be written down. */
  | { readonly kind: 'change'; readonly change: PlanChange };

/**
 * Refusals after which the plan stops: somebody's decision against the trade, doubt that a person has to lift, or a fact
 * that does not change within the session. After any other, later slices make up for the one that was refused.
 */
const STOPPING_REFUSALS = [
  'kill-switch-engaged',
  'safe-mode',
  'trading-disabled',
  'strategy-disabled',
  'strategy-missing',
  'not-armed',
  'safety-item-missing',
  'policy-missing',
  'book-missing',
  'symbol-quarantined',
  'exit-in-progress',
  'symbol-blacklisted',
  'symbol-not-whitelisted',
  'instrument-unknown',
  'instrument-not-tradable',
  'instrument-not-shortable',
  'instrument-not-fractionable',
  'order-malformed',
  'idempotency-conflict',
  'broker-account-restricted',
  'broker-account-blocked',
  'broker-account-permission',
  'broker-credentials',
  'broker-not-tradable',
  'broker-not-shortable',
  'broker-instrument-unknown',
  'broker-duplicate-mismatch',
] as const satisfies readonly RefusalCode[];

const STOPPING: ReadonlySet<RefusalCode> = new Set(STOPPING_REFUSALS);
export const isStopping = (code: string): boolean => isRefusalCode(code) && STOPPING.has(code);

/** Ends of which it is certain that nothing more than what filled is used up. */
const PROVEN: Readonly<Record<OrderEnd, boolean>> = {
  filled: true,
  canceled: true,
  expired: true,
  rejected: true,
  withdrawn: true,
  failed: true,
  // Another order stands in for it at the broker, or its fate was never proven: none of it is given out again.
  replaced: false,
  abandoned: false,
  // It would have been sent.
  dry_run: false,
};

/** How often a cancel may have been asked for by now: once a minute, each as a command of its own. */
const CANCEL_AGAIN_MS = 60_000;

const workingSlice = (plan: SlicePlan): Slice | null => plan.slices.find(({ state }) => state === 'working') ?? null;

/** The slice whose time it is: the last one due, or null before the first and after the plan's end. */
export function dueSlice(plan: SlicePlan, now: EpochMs): Slice | null {
  if (now >= planEndsAt(plan)) return null;
  return plan.slices.findLast(({ dueAt }) => dueAt <= now) ?? null;
}

/** @param sight of the slice at work; ignored when none is */
export function nextStep(plan: SlicePlan, sight: SliceSight, now: EpochMs): SliceStep {
  if (plan.end !== null) return { kind: 'wait' };
  const slice = workingSlice(plan);
  if (slice !== null && plan.working !== null) return workingStep(plan, slice, plan.working, sight, now);
  if (plan.stop !== null) return ended(plan, plan.stop.kind, plan.stop.reason, now);
  if (countedOf(plan) === totalOf(plan)) return ended(plan, 'completed', null, now);
  const due = dueSlice(plan, now);
  if (now >= planEndsAt(plan) || plan.slices.at(-1)?.state !== 'pending') return ended(plan, 'expired', null, now);
  return due?.state === 'pending' ? { kind: 'decide', index: due.index } : { kind: 'wait' };
}

function workingStep(
  plan: SlicePlan,
  slice: Slice,
  intent: OrderIntent,
  { order, refused }: SliceSight,
  now: EpochMs,
): SliceStep {
  const overAt = plan.stop?.at ?? sliceEndsAt(plan, slice.index);
  if (order !== null && isEnd(order.state)) return { kind: 'change', change: settled(plan, slice, order, now) };
  if (order !== null) {
    if (now < overAt) return { kind: 'wait' };
    const attempt = Math.floor((now - overAt) / CANCEL_AGAIN_MS) + 1;
    return { kind: 'cancel', intent, clientOrderId: order.clientOrderId, attempt };
  }
  if (refused !== null) return { kind: 'change', change: refusedSlice(plan, slice, refused, now) };
  if (plan.stop !== null) return { kind: 'close', intent, why: 'cancel-requested' };
  return now >= intent.validUntil ? { kind: 'close', intent, why: 'decision-stale' } : { kind: 'send', intent };
}

const withSlice = (plan: SlicePlan, changed: Slice): readonly Slice[] =>
  plan.slices.map((slice) => (slice.index === changed.index ? changed : slice));

function afterSlice(plan: SlicePlan, slice: Slice, now: EpochMs): PlanChange {
  const code = slice.reason?.code ?? '';
  const stop: PlanStop | null =
    plan.stop ??
    (slice.reason !== null && isStopping(code)
      ? { kind: 'stopped', by: 'slice', reason: slice.reason, at: now }
      : null);
  const left = subtractQuantity(slice.asked, slice.counted);
  const goesOn = stop === null && slice.index < plan.slices.length - 1;
  const fate: SliceFate = left === ZERO_QUANTITY ? 'used-up' : goesOn ? 'carried' : 'dropped';
  return {
    plan: { ...plan, slices: withSlice(plan, slice), working: null, stop },
    news: [{ kind: 'slice-ended', index: slice.index, fate }],
  };
}

/** The order has ended: what is left of it is known. */
function settled(plan: SlicePlan, slice: Slice, order: Order, now: EpochMs): PlanChange {
  const proven = isEnd(order.state) && PROVEN[order.state];
  const reason = order.state === 'filled' ? null : (order.ended?.reason ?? null);
  const filled = order.filledQuantity;
  return afterSlice(plan, { ...slice, state: 'ended', filled, counted: proven ? filled : slice.asked, reason }, now);
}

function refusedSlice(plan: SlicePlan, slice: Slice, reason: Reason, now: EpochMs): PlanChange {
  return afterSlice(plan, { ...slice, state: 'refused', counted: ZERO_QUANTITY, reason }, now);
}

function ended(plan: SlicePlan, kind: PlanEndKind, reason: Reason | null, now: EpochMs): SliceStep {
  const slices = plan.slices.map(missedIfPending);
  return {
    kind: 'change',
    change: { plan: { ...plan, slices, end: { kind, at: now, reason } }, news: [{ kind: 'ended' }] },
  };
}

const missedIfPending = (slice: Slice): Slice => (slice.state === 'pending' ? { ...slice, state: 'missed' } : slice);

/** Slices whose order has ended and left something: a fill that was told late would take of it. */
export const leavingSlices = (plan: SlicePlan): readonly Slice[] =>
  plan.slices.filter((slice) => slice.state === 'ended' && slice.counted < slice.asked);

/** Counts what those orders filled by now; null where that is known already. */
export function recounted(plan: SlicePlan, orders: readonly Order[]): PlanChange | null {
  const filledBy = new Map(orders.map((order) => [order.clientOrderId, order.filledQuantity]));
  let moved = false;
  const slices = plan.slices.map((slice): Slice => {
    const filled = slice.clientOrderId === null ? undefined : filledBy.get(slice.clientOrderId);
    if (filled === undefined || slice.state !== 'ended' || filled <= slice.counted) return slice;
    moved = true;
    return { ...slice, filled, counted: filled };
  });
  return moved ? { plan: { ...plan, slices }, news: [] } : null;
}

/** What a slice is decided on: read just now. */
export interface SliceGround {
  readonly now: EpochMs;
  readonly policyVersion: number;
  readonly decisionAgeMsMax: number;
  readonly basis: DecisionBasis;
}

/** The slice as a decision of its own, valid no longer than its time; slices before it that never came are missed. */
export function decideSlice(plan: SlicePlan, index: number, ground: SliceGround): PlanChange {
  const quantity = sliceQuantity(plan, index);
  const terms = { ...plan.terms, size: { kind: 'quantity', quantity } } as const;
  const decision = { decisionId: plan.parentId, generation: 0, slice: index };
  const validUntil = epochMs(Math.min(addMs(ground.now, ground.decisionAgeMsMax), sliceEndsAt(plan, index)));
  const working: OrderIntent = {
    terms,
    decision,
    purpose: plan.purpose,
    correlationId: correlationId(plan.parentId),
    runId: null,
    decidedAt: ground.now,
    validUntil,
    arrivalPrice: plan.arrivalPrice,
    policyVersion: ground.policyVersion,
    basis: ground.basis,
  };
  const clientOrderId = clientOrderIdFor(terms, decision);
  const before = plan.slices.filter((slice) => slice.index < index && slice.state === 'pending');
  const slices = plan.slices.map((slice): Slice => {
    if (slice.index < index) return missedIfPending(slice);
    return slice.index === index
      ? { ...slice, state: 'working', asked: quantity, counted: quantity, clientOrderId }
      : slice;
  });
  return {
    plan: { ...plan, slices, working },
    news: [{ kind: 'slice-sent', index, missed: before.length }],
  };
}

/** No slice follows; the one at work is canceled. A plan that has ended or is stopping stays as it is: null. */
export const stopPlan = (plan: SlicePlan, stop: PlanStop): PlanChange | null =>
  plan.end !== null || plan.stop !== null
    ? null
    : { plan: { ...plan, stop }, news: stop.kind === 'canceled' ? [{ kind: 'cancel-requested' }] : [] };

export interface PlanWake {
  readonly name: string;
  readonly at: EpochMs;
}

/** The wakes that are still to come: one for each slice, and one for the plan's end. */
export function wakesOf(plan: SlicePlan, now: EpochMs): readonly PlanWake[] {
  const all = [
    ...plan.slices.map(({ index, dueAt }) => ({ name: `${plan.parentId}-${index}`, at: dueAt })),
    { name: `${plan.parentId}-end`, at: planEndsAt(plan) },
  ];
  return all.filter(({ at }) => at > now);
}

/** What was used up, what of that is not proven to have filled, and what nobody gets any more. */
export function sumsOf(plan: SlicePlan): {
  readonly filled: Quantity;
  readonly assumed: Quantity;
  readonly left: Quantity;
} {
  const filled = plan.slices.reduce((all, slice) => addQuantity(all, slice.filled), ZERO_QUANTITY);
  const counted = countedOf(plan);
  const open = plan.slices.reduce(
    (all, slice) => (slice.state === 'working' ? addQuantity(all, slice.counted) : all),
    ZERO_QUANTITY,
  );
  return {
    filled,
    assumed: subtractQuantity(subtractQuantity(counted, open), filled),
    left: subtractQuantity(totalOf(plan), counted),
  };
}
