/**
 * What is to be done about resting entries in each cycle: stale ones go first, then those that a target would have
 * otherwise; what replaces them is submitted only once they have ended, and only for what remains.
 */
import type { Price, Quantity } from '#shared/core/kernel/decimal.ts';
import { addQuantity, subtractQuantity, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import { invariant } from '#shared/core/kernel/fault.ts';
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { wantsCancel } from '#shared/core/order/cancel.ts';
import type { Order, OrderIntent, Reason } from '#shared/core/order/order.ts';
import { isOpen, orderedQuantity } from '#shared/core/order/order.ts';

export interface RestingPolicy {
  /** An entry that rests longer than this is stale. */
  readonly restingMsMax: number;
  /** A resting limit may differ from the one that is wanted by so many basis points before it is replaced. */
  readonly driftBpMax: number;
}

/** Why an entry that is wanted is not submitted in this cycle. */
export type Deferral =
  /** An order of the same decision works already, as it should. */
  | 'working'
  /** An order of the same decision is on its way, or its fate is not known. */
  | 'in-flight'
  /** An order that it replaces or supersedes has not ended yet. */
  | 'awaiting-end'
  /** An order of ours on the other side of the symbol is open: one would trade with the other. */
  | 'opposing-order'
  /** The decision has filled all that it wanted. */
  | 'nothing-remains';

export type PlannedAction =
  | {
      readonly kind: 'cancel';
      readonly step: 'stale-cancel' | 'replace-cancel';
      readonly clientOrderId: ClientOrderId;
      readonly reason: Reason;
    }
  | { readonly kind: 'submit'; readonly step: 'replace-submit' | 'submit'; readonly intent: OrderIntent };

export interface RestingPlan {
  /** In the order in which they are to be done. */
  readonly actions: readonly PlannedAction[];
  readonly deferred: readonly { readonly target: OrderIntent; readonly because: Deferral }[];
}

const sameMarket = (a: OrderIntent, b: OrderIntent): boolean =>
  a.terms.accountId === b.terms.accountId && a.terms.ticker === b.terms.ticker;
const sameBid = (a: OrderIntent, b: OrderIntent): boolean =>
  sameMarket(a, b) && a.terms.strategyId === b.terms.strategyId && a.terms.side === b.terms.side;
const sameDecision = (a: OrderIntent, b: OrderIntent): boolean =>
  sameBid(a, b) && a.decision.decisionId === b.decision.decisionId && a.decision.slice === b.decision.slice;

const isStale = (order: Order, policy: RestingPolicy, now: EpochMs): boolean =>
  now - (order.sentAt ?? order.claimedAt) > policy.restingMsMax;

function drifted(has: Price | null, wants: Price | null, driftBpMax: number): boolean {
  if (has === null || wants === null) return has !== wants;
  const difference = has > wants ? has - wants : wants - has;
  return difference * 10_000n > wants * BigInt(driftBpMax);
}

/** How many units of a target its earlier generations have filled. */
const filledOf = (orders: readonly Order[]): Quantity =>
  orders.reduce((sum, order) => addQuantity(sum, order.filledQuantity), ZERO_QUANTITY);

function wantedUnits(target: OrderIntent): Quantity {
  const units = orderedQuantity(target.terms);
  invariant(units !== null && units > 0n, 'a target that may rest is sized in a positive number of units');
  return units;
}

/** Whether a working order is what the target would place now: same kind, near enough in price, same total. */
function isAsWanted(order: Order, earlier: readonly Order[], target: OrderIntent, policy: RestingPolicy): boolean {
  const [has, wants] = [order.intent.terms, target.terms];
  const total = addQuantity(orderedQuantity(has) ?? ZERO_QUANTITY, filledOf(earlier));
  return (
    has.type === wants.type &&
    has.timeInForce === wants.timeInForce &&
    has.positionIntent === wants.positionIntent &&
    total === wantedUnits(target) &&
    !drifted(has.limitPrice, wants.limitPrice, policy.driftBpMax) &&
    !drifted(has.stopPrice, wants.stopPrice, policy.driftBpMax)
  );
}

const reasonFor = (code: 'stale-resting-order' | 'replaced-by-target', order: Order, now: EpochMs): Reason => ({
  code,
  message:
    code === 'stale-resting-order'
      ? 'The entry has rested longer than the policy allows.'
      : 'The entry is no longer what the decision wants; what remains is placed anew once it has ended.',
  context: { restedMs: String(now - (order.sentAt ?? order.claimedAt)) },
});

const cancelOf = (order: Order, step: 'stale-cancel' | 'replace-cancel', now: EpochMs): PlannedAction => ({
  kind: 'cancel',
  step,
  clientOrderId: order.clientOrderId,
  reason: reasonFor(step === 'stale-cancel' ? 'stale-resting-order' : 'replaced-by-target', order, now),
});

interface Verdict {
  readonly cancels: readonly Order[];
  readonly outcome: PlannedAction | Deferral;
}

interface Cycle {
  readonly orders: readonly Order[];
  readonly targets: readonly OrderIntent[];
  readonly policy: RestingPolicy;
  readonly now: EpochMs;
}

/** An entry that a decision which nobody wants any more left resting where the target would place its own. */
const isSuperseded = (order: Order, target: OrderIntent, { targets }: Cycle): boolean =>
  isOpen(order) &&
  order.intent.purpose === 'entry' &&
  sameBid(order.intent, target) &&
  !targets.some(({ decision }) => decision.decisionId === order.intent.decision.decisionId);

/** Entries that are on their way, or whose fate is not known: they neither rest nor have they ended. */
const inFlight = (order: Order): boolean =>
  order.state === 'claimed' || order.state === 'sending' || order.state === 'unknown';

/** What is to become of the decision's own order that is open. */
function judgeOpen(current: Order, earlier: readonly Order[], target: OrderIntent, cycle: Cycle): Verdict {
  const replaced: Verdict = { cancels: [current], outcome: 'awaiting-end' };
  if (current.cancelRequested !== null || current.state === 'pending_cancel') return replaced;
  if (isStale(current, cycle.policy, cycle.now)) return replaced;
  if (inFlight(current)) return { cancels: [], outcome: 'in-flight' };
  return isAsWanted(current, earlier, target, cycle.policy) ? { cancels: [], outcome: 'working' } : replaced;
}

function judge(target: OrderIntent, cycle: Cycle): Verdict {
  const { orders } = cycle;
  const generations = orders.filter((order) => sameDecision(order.intent, target));
  const [current] = generations.filter(isOpen);
  const superseded = orders.filter((order) => isSuperseded(order, target, cycle));
  if (current !== undefined) {
    const earlier = generations.filter((order) => order !== current);
    const verdict = judgeOpen(current, earlier, target, cycle);
    return { ...verdict, cancels: [...superseded, ...verdict.cancels] };
  }
  if (superseded.length > 0) return { cancels: superseded, outcome: 'awaiting-end' };
  const remaining = subtractQuantity(wantedUnits(target), filledOf(generations));
  if (remaining <= 0n) return { cancels: [], outcome: 'nothing-remains' };
  const opposed = orders.some(
    (order) => isOpen(order) && sameMarket(order.intent, target) && order.intent.terms.side !== target.terms.side,
  );
  if (opposed) return { cancels: [], outcome: 'opposing-order' };
  const generation = generations.reduce((next, order) => Math.max(next, order.intent.decision.generation + 1), 0);
  const intent: OrderIntent = {
    ...target,
    terms: { ...target.terms, size: { kind: 'quantity', quantity: remaining } },
    decision: { ...target.decision, generation },
  };
  return { cancels: [], outcome: { kind: 'submit', step: generation > 0 ? 'replace-submit' : 'submit', intent } };
}

const RANK = { 'stale-cancel': 0, 'replace-cancel': 1, 'replace-submit': 2, submit: 3 } as const;

/**
 * Plans one cycle.
 *
 * Only entries are canceled here: protective stops and exits live by rules of their own, and a person's orders are the
 * person's. A target whose order has to go first is submitted in the cycle after that order has ended.
 * @param orders all open orders of the account's symbols, and the ended generations of each target's decision.
 * @param targets the entries that are wanted, each sized for the whole decision and counted as generation 0.
 */
export function planResting(
  orders: readonly Order[],
  targets: readonly OrderIntent[],
  policy: RestingPolicy,
  now: EpochMs,
): RestingPlan {
  const verdicts = targets.map((target) => ({ target, ...judge(target, { orders, targets, policy, now }) }));
  const replaced = new Set(verdicts.flatMap((verdict) => verdict.cancels));
  const stale = orders.filter(
    (order) => isOpen(order) && order.intent.purpose === 'entry' && !replaced.has(order) && isStale(order, policy, now),
  );
  const untold = (order: Order): boolean =>
    wantsCancel(order, now) && (order.cancelRequested !== null || order.state !== 'pending_cancel');
  const actions: readonly PlannedAction[] = [
    ...stale.filter(untold).map((order) => cancelOf(order, 'stale-cancel', now)),
    ...[...replaced].filter(untold).map((order) => cancelOf(order, 'replace-cancel', now)),
    ...verdicts.flatMap(({ outcome }) => (typeof outcome === 'string' ? [] : [outcome])),
  ];
  return {
    actions: [...actions].sort((a, b) => RANK[a.step] - RANK[b.step]),
    deferred: verdicts.flatMap(({ target, outcome }) =>
      typeof outcome === 'string' ? [{ target, because: outcome }] : [],
    ),
  };
}
