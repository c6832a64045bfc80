/** One event of the order stream in the house's words. */
import * as z from 'zod';
import { absoluteQuantity } from '#shared/core/kernel/decimal.ts';
import type { EpochMs, EpochNs } from '#shared/core/kernel/instant.ts';
import { isOwnClientOrderId } from '#shared/core/order/client-order-id.ts';
import type { OrderUpdate, UpdateExecution } from '#shared/core/order/order.ts';
import { maybeExecutionId, maybeInstant, maybePrice, maybeQuantity, maybeText } from './wire-fields.ts';
import { brokerOrder } from './wire-order.ts';

const EXECUTIONS: ReadonlyMap<string, UpdateExecution['kind']> = new Map<string, UpdateExecution['kind']>([
  ['fill', 'fill'],
  ['partial_fill', 'fill'],
  ['trade_bust', 'bust'],
  ['trade_correct', 'correct'],
]);

/** Events that carry no execution; the order inside tells the status. */
const LIFECYCLE: ReadonlySet<string> = new Set([
  'accepted',
  'pending_new',
  'new',
  'held',
  'stopped',
  'suspended',
  'calculated',
  'restated',
  'canceled',
  'expired',
  'rejected',
  'replaced',
  'done_for_day',
  'pending_cancel',
  'pending_replace',
  'order_cancel_rejected',
  'order_replace_rejected',
]);

/** The stream's `data` of a trade update. The order inside is the whole order after the event. */
export const tradeUpdate = z.object({
  event: z.string().min(1),
  order: brokerOrder,
  timestamp: maybeInstant,
  at: maybeInstant,
  execution_id: maybeExecutionId,
  previous_execution_id: maybeExecutionId,
  price: maybePrice,
  qty: maybeQuantity,
  reason: maybeText,
  reject_reason: maybeText,
});
export type TradeUpdate = z.output<typeof tradeUpdate>;

/** An execution without its quantity, its price or its time is none that can be booked. */
export class IncompleteExecution extends Error {
  override readonly name = 'IncompleteExecution';
}

function executionOf(wire: TradeUpdate, kind: UpdateExecution['kind'], at: EpochNs | null): UpdateExecution {
  const { qty, price } = wire;
  if (qty === null || price === null || at === null) {
    throw new IncompleteExecution(
      `the event ${wire.event} of order ${wire.order.brokerOrderId} lacks qty, price or time`,
    );
  }
  return {
    id: wire.execution_id,
    // A bust carries its quantity with a minus.
    quantity: absoluteQuantity(qty),
    price,
    at,
    kind,
    previousExecutionId: kind === 'fill' ? null : wire.previous_execution_id,
  };
}

/**
 * The update that an event tells. An event of an unknown name makes the order one to look at again, whatever its status
 * says: what happened to it is not understood.
 * @throws IncompleteExecution for an execution that cannot be booked.
 */
export function orderUpdateOf(wire: TradeUpdate, receivedAt: EpochMs): OrderUpdate {
  const { order, event } = wire;
  const kind = EXECUTIONS.get(event);
  const known = kind !== undefined || LIFECYCLE.has(event);
  const happenedAt = wire.timestamp ?? wire.at ?? order.updatedAt;
  return {
    source: 'stream',
    // An order of somebody else is found, if at all, by the broker's id.
    clientOrderId: order.clientOrderId !== null && isOwnClientOrderId(order.clientOrderId) ? order.clientOrderId : null,
    brokerOrderId: order.brokerOrderId,
    status: known ? order.status : 'open-unrecognised',
    cumulativeQuantity: order.filledQuantity,
    averagePrice: order.filledAveragePrice,
    execution: kind === undefined ? null : executionOf(wire, kind, happenedAt),
    brokerTime: happenedAt,
    receivedAt,
    detail: known ? (wire.reject_reason ?? wire.reason) : `unknown event ${event} with status ${order.statusText}`,
  };
}
