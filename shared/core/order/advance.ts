/**
 * What news does to an order. `advance` joins the update into all that was told before and computes the order afresh, so
 * that any permutation of any updates, each any number of times, reaches the same order.
 */
import { absoluteMoney, notionalOf, parsePrice, subtractMoney } from '#shared/core/kernel/decimal.ts';
import type { Price } from '#shared/core/kernel/decimal.ts';
import { invariant } from '#shared/core/kernel/fault.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { consequencesOf, NO_CONSEQUENCES } from '#shared/core/order/consequences.ts';
import type { FollowUp, Step } from '#shared/core/order/consequences.ts';
import { evidenceOf, joinEvidence } from '#shared/core/order/evidence.ts';
import type { Order, OrderUpdate } from '#shared/core/order/order.ts';
import { isEnd } from '#shared/core/order/order.ts';
import { type OrderRecord, orderOf, standingOf } from '#shared/core/order/standing.ts';

function equalValues(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const left: readonly (readonly [string, unknown])[] = Object.entries(a);
  const right = new Map<string, unknown>(Object.entries(b));
  return (
    left.length === right.size && left.every(([key, value]) => right.has(key) && equalValues(value, right.get(key)))
  );
}

/** The step from one order to the next: standing computed afresh, version and sequence counted on. */
export function stepTo(before: Order, changes: Partial<Order>, at: EpochMs): Step {
  const changed: Order = { ...before, ...changes };
  const standing = standingOf(changed);
  const ended = isEnd(standing.state);
  const record: OrderRecord = {
    ...changed,
    version: before.version + 1,
    updatedAt: at > before.updatedAt ? at : before.updatedAt,
    acknowledgedAt: before.acknowledgedAt ?? (changed.evidence.length > 0 ? at : null),
    endedAt: ended ? (before.endedAt ?? at) : null,
    // Nobody has anything left to send.
    lease: ended || changed.evidence.length > 0 ? null : changed.lease,
  };
  const after = orderOf(record, standing);
  const consequences = consequencesOf(before, after);
  return {
    order: { ...after, journalSequence: before.journalSequence + consequences.facts.length },
    changed: true,
    consequences,
  };
}

/** Half a cent, or half of the last digit that prices below a dollar have: a broker rounds its average somehow. */
const averageTolerance = (average: Price): Price => parsePrice(average >= parsePrice('1') ? '0.005' : '0.00005');

/** Whether the broker's average over the whole order is another than that of the executions that are booked. */
function averageDiffers(order: Order, update: OrderUpdate): boolean {
  const theirs = update.averagePrice;
  const comparable =
    !order.provisional && order.filledQuantity > 0n && update.cumulativeQuantity === order.filledQuantity;
  if (theirs === null || !comparable) return false;
  const difference = subtractMoney(notionalOf(theirs, order.filledQuantity), order.filledCost);
  return absoluteMoney(difference) > notionalOf(averageTolerance(theirs), order.filledQuantity);
}

/** The same step, with the executions to be read anew. */
function doubted(step: Step): Step {
  const followUps: readonly FollowUp[] = [
    ...step.consequences.followUps,
    { kind: 'backfill', gapQuantity: step.order.gapQuantity },
    { kind: 'reconcile', because: 'average-differs' },
  ];
  return { ...step, consequences: { ...step.consequences, followUps } };
}

/** A step that leaves the order as it is. */
export const standStill = (order: Order): Step => ({ order, changed: false, consequences: NO_CONSEQUENCES });

/**
 * Takes in one piece of news.
 *
 * The order that results depends on which updates were taken in, not on their order or number; `version`,
 * `journalSequence` and the times of receipt do. The facts may differ with the order of arrival, their sums do not.
 * @throws Bug when the update names another client order id.
 */
export function advance(order: Order, update: OrderUpdate): Step {
  return advanceAll(order, [update]);
}

/**
 * Takes in several pieces of news as one step, so that they are written together or not at all. It reaches the order that
 * they would reach one by one.
 * @throws Bug when an update names another client order id.
 */
export function advanceAll(order: Order, updates: readonly OrderUpdate[]): Step {
  let { evidence } = order;
  let receivedAt = order.updatedAt;
  for (const update of updates) {
    invariant(
      update.clientOrderId === null || update.clientOrderId === order.clientOrderId,
      `news of ${String(update.clientOrderId)} was given to order ${order.clientOrderId}`,
    );
    evidence = joinEvidence(evidence, evidenceOf(update));
    receivedAt = update.receivedAt > receivedAt ? update.receivedAt : receivedAt;
  }
  if (equalValues(evidence, order.evidence)) return standStill(order);
  const step = stepTo(order, { evidence }, receivedAt);
  return updates.some((update) => averageDiffers(step.order, update)) ? doubted(step) : step;
}
