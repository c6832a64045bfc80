/**
 * The pairs of state and event that orders go through, as the order store decides them: each step that is taken and each
 * piece of news that is settled, whether or not anything was changed by it.
 */
import { advance } from '#shared/core/order/advance.ts';
import { updateFromSnapshot } from '#shared/core/order/broker-snapshot.ts';
import type { NewsEvent, OrderEvent } from '#shared/core/order/lifecycle.ts';
import { type Order, orderedQuantity, type OrderState, type OrderUpdate } from '#shared/core/order/order.ts';
import type { StepResult } from '#shared/core/order/sending.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Orders, Settled } from '#shared/ports/orders.ts';

export interface PairWatch {
  /** An order as one of its versions had it; null where nobody saw that version. */
  readonly versionOf: (id: string, version: number) => Order | null;
  readonly saw: (state: OrderState, event: OrderEvent) => void;
}

/** What a piece of news says, in the words of the lifecycle's table. */
function newsEventOf(order: Order, { status, execution, cumulativeQuantity }: OrderUpdate): NewsEvent {
  if (execution?.kind === 'bust') return 'news-bust';
  if (execution?.kind === 'correct') return 'news-correction';
  switch (status) {
    case 'filled':
      return 'news-complete-fill';
    case 'canceled':
    case 'expired':
    case 'rejected':
    case 'replaced':
      return `news-${status}`;
    case 'pending_cancel':
      return 'news-pending-cancel';
    case 'partially_filled':
      return 'news-partial-fill';
    case 'accepted':
    case 'pending':
    case 'new':
    case 'pending_replace':
    case 'suspended':
    case 'done_for_day':
    case 'open-unrecognised':
    case null: {
      const ordered = orderedQuantity(order.intent.terms);
      if (execution === null)
        return (cumulativeQuantity ?? 0n) > order.filledQuantity ? 'news-partial-fill' : 'news-open';
      const all = ordered !== null && cumulativeQuantity !== null && cumulativeQuantity >= ordered;
      return all ? 'news-complete-fill' : 'news-partial-fill';
    }
  }
}

/**
 * What a step is, told by what it does to an order that nobody doubted and nobody wanted gone: steps that change nothing
 * of the order as it is are told apart so as well.
 */
function stepEventOf(order: Order, take: (order: Order) => StepResult): OrderEvent | null {
  const taken = take({ ...order, ambiguity: null, cancelRequested: null });
  if (!taken.ok) return taken.error.kind === 'illegal' ? taken.error.event : null;
  const { order: after } = taken.value;
  if (after.cancelRequested !== null) return 'cancel-request';
  switch (after.houseEnded?.end) {
    case 'withdrawn':
      return 'withdraw';
    case 'failed':
      return 'fail';
    case 'abandoned':
      return 'abandon';
    case 'rejected':
      return 'refused';
    case 'dry_run':
    case undefined:
      return order.state === 'sending' && after.state === 'claimed' ? 'throttled' : 'ambiguous';
  }
}

/** An order store whose doors are watched; it does what it did before. */
export function watchOrders(orders: Orders, clock: Clock, { versionOf, saw }: PairWatch): Orders {
  const settledBy = (update: OrderUpdate, settled: Settled | null): void => {
    if (settled === null) return;
    const { order, changed } = settled;
    const before = changed ? versionOf(order.clientOrderId, order.version - 1) : order;
    if (before !== null) saw(before.state, newsEventOf(before, update));
  };
  /** One after the other, as if each had come alone. */
  const sawAll = (order: Order, updates: readonly OrderUpdate[]): void => {
    let at = order;
    updates.forEach((update, index) => {
      saw(at.state, newsEventOf(at, update));
      if (index < updates.length - 1) at = advance(at, { ...update, clientOrderId: order.clientOrderId }).order;
    });
  };
  return {
    ...orders,
    async lastLook(order, look) {
      const looked = await orders.lastLook(order, look);
      if (looked.ok) saw(order.state, look.repeat ? 'resend' : 'last-look');
      return looked;
    },
    async settle(update) {
      const settled = await orders.settle(update);
      settledBy(update, settled);
      return settled;
    },
    settleAll: (id, told) =>
      orders.settleAll(id, (order) => {
        const updates = told(order);
        sawAll(order, updates);
        return updates;
      }),
    async adopt(adoption) {
      const adopted = await orders.adopt(adoption);
      const { found } = adoption;
      if (adopted !== null)
        saw('claimed', newsEventOf(adopted.order, updateFromSnapshot(found, 'reconciliation', clock.now())));
      return adopted;
    },
    step: (id, take) =>
      orders.step(id, (order) => {
        const event = stepEventOf(order, take);
        if (event !== null) saw(order.state, event);
        return take(order);
      }),
  };
}
