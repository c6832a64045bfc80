/**
 * Cancels an order that turned up when its decision was long over, or that had ended here: nobody wants it any more.
 * Whichever room heard of it first, a pass sees it among the open orders.
 */
import { requestCancel, wantsCancel } from '#shared/core/order/cancel.ts';
import { isOpen, type Order } from '#shared/core/order/order.ts';
import { turnedUpLate } from '#shared/core/order/unknown-fate.ts';
import type { Pass } from './pass.ts';

const LATE = {
  code: 'turned-up-late',
  message: 'the broker first told of the order when the decision behind it was long over',
  context: {},
} as const;

const RISEN = {
  code: 'resurrected',
  message: 'the house had ended the order, and it was found working at the broker',
  context: {},
} as const;

/** Written down first, then asked of the broker; asked again by a later pass while nothing came of it. */
export async function cancelLate({ broker, clock, orders, telemetry }: Pass, order: Order): Promise<void> {
  const now = clock.now();
  const resurrected = order.resurrected && isOpen(order);
  if (!(resurrected || turnedUpLate(order)) || !wantsCancel(order, now) || order.brokerOrderId === null) return;
  await orders.step(order.clientOrderId, (row) => requestCancel(row, 'reconcile', resurrected ? RISEN : LATE, now));
  const { kind } = await broker.cancel(order.brokerOrderId);
  telemetry.error('an order that nobody wants any more is canceled', {
    clientOrderId: order.clientOrderId,
    outcome: kind,
  });
  telemetry.count('OrderAlarms');
}
