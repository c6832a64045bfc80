/**
 * A parent order that is worked in equal slices over a stretch of time. The plan says what each slice was to be and what
 * became of it; what the slices took from the parent is counted here and nowhere else, so that their sum never exceeds it.
 */
import {
  addQuantity,
  formatQuantity,
  minQuantity,
  prorateQuantity,
  type Quantity,
  roundQuantity,
  subtractQuantity,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import { type Canonical, contentId } from '#shared/core/kernel/hash.ts';
import { type AccountId, type ClientOrderId, type DecisionId, decisionId } from '#shared/core/kernel/identity.ts';
import type { Price } from '#shared/core/kernel/decimal.ts';
import { addMs, type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import type { OrderIntent, OrderPurpose, OrderTerms, Reason } from '#shared/core/order/order.ts';

export const SLICES_MIN = 2;
/** Each slice is an order and a wake of its own. */
export const SLICES_MAX = 120;
/** A one-off schedule fires within the minute that it was made for. */
const SLICE_INTERVAL_MS_MIN = 60_000;
/** How much later than it was due a slice may come. */
const WAKE_LATE_MS_MAX = 60_000;
/** What was left by others may make a slice so many times as large as planned, and no larger. */
export const CATCH_UP_MAX = 2n;
/** A regular session: what a day's volume is spread over when a share of the volume is asked for. */
const SESSION_MS = 23_400_000n;
const FULL_BPS = 10_000n;

/** What the slices of a plan have in common with their parent; the size is the parent's. */
export type ParentTerms = OrderTerms & { readonly size: { readonly kind: 'quantity'; readonly quantity: Quantity } };

/**
 * pending: not due, or not decided. working: decided; its order may not be there yet. ended: its order has ended.
 * refused: a gate refused its order, or it was closed before there was one. missed: it was never decided.
 */
export const SLICE_STATES = ['pending', 'working', 'ended', 'refused', 'missed'] as const;
export type SliceState = (typeof SLICE_STATES)[number];

export interface Slice {
  readonly index: number;
  readonly dueAt: EpochMs;
  /** Its equal part of the parent. */
  readonly planned: Quantity;
  readonly state: SliceState;
  /** What its order was for, with what others left; zero before it is decided. */
  readonly asked: Quantity;
  /** What it takes from the parent: all that was asked until its end is known, then what is used up. */
  readonly counted: Quantity;
  readonly filled: Quantity;
  readonly clientOrderId: ClientOrderId | null;
  readonly reason: Reason | null;
}

/** canceled: a person's. stopped: by a refusal that no later slice would pass, or must not try to. */
export interface PlanStop {
  readonly kind: 'canceled' | 'stopped';
  readonly by: string;
  readonly reason: Reason;
  readonly at: EpochMs;
}

/** completed: all of the parent is used up. expired: its time is over. */
export const PLAN_ENDS = ['completed', 'expired', 'canceled', 'stopped'] as const;
export type PlanEndKind = (typeof PLAN_ENDS)[number];

export interface PlanEnd {
  readonly kind: PlanEndKind;
  readonly at: EpochMs;
  readonly reason: Reason | null;
}

export interface SlicePlan {
  /** The decision that all slices share; it names the parent. */
  readonly parentId: DecisionId;
  readonly terms: ParentTerms;
  readonly purpose: OrderPurpose;
  /** When the parent was asked for: the reference of each slice's slippage. */
  readonly arrivalPrice: Price;
  /** Hash of what was asked for: the same decision with another one is a conflict. */
  readonly wishHash: string;
  readonly by: string;
  readonly step: Quantity;
  /** No slice is larger; null where nothing limits one but the parent. */
  readonly sliceMax: Quantity | null;
  readonly startAt: EpochMs;
  readonly intervalMs: number;
  readonly slices: readonly Slice[];
  /** The decision of the slice that is at work, whole, so that it can be sent again as it was. */
  readonly working: OrderIntent | null;
  readonly stop: PlanStop | null;
  readonly end: PlanEnd | null;
  /** Whether a wake was made for each slice. */
  readonly wakesMade: boolean;
  /** Counts writes, from 1. */
  readonly version: number;
  /** Sequence of the plan's last fact. */
  readonly sequence: number;
}

const PARENT_PREFIX = 'twap-';

/** The parent's name: a pure hash, as that of an order, so that asking again asks for the same plan. */
export const parentIdOf = (identity: Canonical): DecisionId =>
  decisionId(`${PARENT_PREFIX}${contentId(['slice-plan', identity], 32)}`);

/** The parent of an order that is a slice; null for any other. */
export const parentOf = (intent: Pick<OrderIntent, 'decision'>): DecisionId | null =>
  intent.decision.decisionId.startsWith(PARENT_PREFIX) ? intent.decision.decisionId : null;

export const accountOf = (plan: SlicePlan): AccountId => plan.terms.accountId;
export const totalOf = (plan: SlicePlan): Quantity => plan.terms.size.quantity;

/** When a slice gives way to the next one, or to the end of the plan. */
export const sliceEndsAt = (plan: SlicePlan, index: number): EpochMs =>
  addMs(plan.startAt, (index + 1) * plan.intervalMs);
export const planEndsAt = (plan: SlicePlan): EpochMs => sliceEndsAt(plan, plan.slices.length - 1);

const sum = (slices: readonly Slice[], of: 'planned' | 'counted'): Quantity =>
  slices.reduce((all, slice) => addQuantity(all, slice[of]), ZERO_QUANTITY);

export const countedOf = (plan: SlicePlan): Quantity => sum(plan.slices, 'counted');

/**
 * Equal parts on the step whose sum is the total exactly; no two differ by more than a step, and the larger ones are
 * spread evenly (the k-th boundary is the k-th part of the total, rounded down).
 * @throws RangeError unless count and step are positive and the total is a multiple of the step
 */
export function splitQuantity(total: Quantity, step: Quantity, count: number): readonly Quantity[] {
  if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`${count} is no number of slices`);
  if (roundQuantity(total, step, 'floor') !== total) throw new RangeError('the total is not on the step');
  const boundary = (k: number): Quantity =>
    roundQuantity(prorateQuantity(total, BigInt(k), BigInt(count), 'floor'), step, 'floor');
  return Array.from({ length: count }, (_, k) => subtractQuantity(boundary(k + 1), boundary(k)));
}

export interface VolumeShares {
  /** Mean volume of a session; null where it is not known. */
  readonly averageVolume: Quantity | null;
  /** Share of a session's volume that one slice may be, in basis points; null for no limit. */
  readonly sessionShareBps: bigint | null;
  /** Share of what trades in one interval on average, in basis points; null for no limit. */
  readonly participationBps: bigint | null;
  readonly intervalMs: number;
}

/** What one slice may be at most by the volume of the market; null where no share limits it. */
export function sliceMaxOf({
  averageVolume,
  sessionShareBps,
  participationBps,
  intervalMs,
}: VolumeShares): Quantity | null {
  const volume = averageVolume ?? ZERO_QUANTITY;
  const ofSession = sessionShareBps === null ? null : prorateQuantity(volume, sessionShareBps, FULL_BPS, 'floor');
  const ofInterval =
    participationBps === null
      ? null
      : prorateQuantity(volume, participationBps * BigInt(intervalMs), FULL_BPS * SESSION_MS, 'floor');
  if (ofSession === null || ofInterval === null) return ofSession ?? ofInterval;
  return minQuantity(ofSession, ofInterval);
}

export interface PlanWish {
  readonly parentId: DecisionId;
  readonly terms: ParentTerms;
  readonly purpose: OrderPurpose;
  readonly arrivalPrice: Price;
  readonly wishHash: string;
  readonly by: string;
  readonly startAt: EpochMs;
  readonly intervalMs: number;
  readonly count: number;
}

/** What the market and the policy say of the slices of a symbol. */
export interface SliceRules {
  readonly step: Quantity;
  readonly quantityMin: Quantity;
  readonly sliceMax: Quantity | null;
  /** The open session's. */
  readonly closeAt: EpochMs;
  /** So long no entry follows a fill; zero for a plan that closes. */
  readonly cooldownMs: number;
}

function timeRefusal({ startAt, intervalMs, count }: PlanWish, { closeAt, cooldownMs }: SliceRules): Refusal | null {
  if (count < SLICES_MIN || count > SLICES_MAX) {
    return refusal('order-malformed', `a plan has ${SLICES_MIN} to ${SLICES_MAX} slices, not ${count}`, {
      slices: String(count),
    });
  }
  const shortestMs = Math.max(SLICE_INTERVAL_MS_MIN, cooldownMs === 0 ? 0 : cooldownMs + WAKE_LATE_MS_MAX);
  if (intervalMs < shortestMs) {
    const message = `slices must lie ${shortestMs / 1000} s apart: a slice may come a minute late, and an entry rests after a fill`;
    return refusal('symbol-cooldown', message, {
      actual: String(intervalMs),
      limit: String(shortestMs),
      wouldPassAt: String(shortestMs),
    });
  }
  const endAt = addMs(startAt, count * intervalMs);
  return endAt > closeAt
    ? refusal('session-closed', `the plan would end at ${formatEpochMs(endAt)}, after the close of the session`, {
        endAt: formatEpochMs(endAt),
        closeAt: formatEpochMs(closeAt),
      })
    : null;
}

function sizeRefusal(wish: PlanWish, rules: SliceRules): Refusal | null {
  const { quantity } = wish.terms.size;
  const { step, quantityMin, sliceMax } = rules;
  if (quantity <= 0n || roundQuantity(quantity, step, 'floor') !== quantity) {
    return refusal('quantity-off-step', `the quantity must be a multiple of ${formatQuantity(step)} above zero`, {
      quantity: formatQuantity(quantity),
      step: formatQuantity(step),
    });
  }
  const parts = splitQuantity(quantity, step, wish.count);
  const smallest = parts.reduce(minQuantity, quantity);
  const largest = parts.reduce((a, b) => (a > b ? a : b), ZERO_QUANTITY);
  if (smallest <= 0n || smallest < quantityMin) {
    return refusal('quantity-below-minimum', `${wish.count} slices would be smaller than what can be ordered`, {
      slice: formatQuantity(smallest),
      minimum: formatQuantity(quantityMin > step ? quantityMin : step),
    });
  }
  if (sliceMax === null || largest <= sliceMax) return null;
  const room = roundQuantity(sliceMax, step, 'floor');
  const needed = room <= 0n ? null : (quantity + room - 1n) / room;
  return refusal('slice-exceeds-liquidity', 'a slice would be too large a part of what trades', {
    actual: formatQuantity(largest),
    limit: formatQuantity(sliceMax),
    ...(needed === null ? {} : { slicesNeeded: needed.toString() }),
  });
}

/** The plan as it begins, or why there can be none. */
export function makePlan(wish: PlanWish, rules: SliceRules): Result<SlicePlan, Refusal> {
  const why = timeRefusal(wish, rules) ?? sizeRefusal(wish, rules);
  if (why !== null) return fail(why);
  const { count, startAt, intervalMs, ...rest } = wish;
  const slices = splitQuantity(wish.terms.size.quantity, rules.step, count).map(
    (planned, index): Slice => ({
      index,
      dueAt: addMs(startAt, index * intervalMs),
      planned,
      state: 'pending',
      asked: ZERO_QUANTITY,
      counted: ZERO_QUANTITY,
      filled: ZERO_QUANTITY,
      clientOrderId: null,
      reason: null,
    }),
  );
  return succeed({
    ...rest,
    startAt,
    intervalMs,
    step: rules.step,
    sliceMax: rules.sliceMax,
    slices,
    working: null,
    stop: null,
    end: null,
    wakesMade: false,
    version: 1,
    sequence: 0,
  });
}

/** What is planned up to and including a slice, less what was used up: what the slice has to catch up with. */
export function sliceQuantity(plan: SlicePlan, index: number): Quantity {
  const target = sum(plan.slices.slice(0, index + 1), 'planned');
  const wanted = subtractQuantity(target, countedOf(plan));
  const planned = plan.slices[index]?.planned ?? ZERO_QUANTITY;
  const most = prorateQuantity(planned, CATCH_UP_MAX, 1n, 'floor');
  const capped = minQuantity(wanted, most);
  return roundQuantity(plan.sliceMax === null ? capped : minQuantity(capped, plan.sliceMax), plan.step, 'floor');
}
