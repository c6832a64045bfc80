/** What a settled answer asks of the sender: alarms, and a cancel that came while the order was on its way. */
import { cancelAction } from '#shared/core/order/cancel.ts';
import type { Settled } from '#shared/ports/orders.ts';
import type { ExecuteDependencies } from './sender.ts';

/** Never throws for what the broker answers to a cancel: whoever asked for it has a command of its own on the lane. */
export async function followUp(
  { broker, clock, telemetry }: Pick<ExecuteDependencies, 'broker' | 'clock' | 'telemetry'>,
  { order, followUps }: Settled,
): Promise<void> {
  const { clientOrderId } = order;
  for (const wanted of followUps) {
    if (wanted.kind !== 'alarm' || wanted.code === 'unknown') continue;
    telemetry.error('an order did what it must not', { clientOrderId, code: wanted.code });
    telemetry.count('OrderAlarms');
  }
  const action = cancelAction(order, clock.now());
  const resurrected = followUps.some(({ kind }) => kind === 'cancel-at-broker');
  const brokerOrderId = action.kind === 'call-broker' ? action.brokerOrderId : resurrected ? order.brokerOrderId : null;
  if (brokerOrderId === null) return;
  const { kind } = await broker.cancel(brokerOrderId);
  telemetry.warn('an order that is not wanted any more is canceled', { clientOrderId, outcome: kind });
}
