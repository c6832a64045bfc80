/** A cancel: written down first, then brought about. That an order is canceled is told by its own news alone. */
import { Fault } from '#shared/core/kernel/fault.ts';
import type { BrokerOrderId, ClientOrderId } from '#shared/core/kernel/identity.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { updateFromSnapshot } from '#shared/core/order/broker-snapshot.ts';
import { cancelAction, requestCancel } from '#shared/core/order/cancel.ts';
import type { Order, Reason } from '#shared/core/order/order.ts';
import { withdraw } from '#shared/core/order/sending.ts';
import type { ExecuteDependencies } from './submit-order.ts';

export type Cancellation = 'nothing-to-cancel' | 'withdrawn' | 'requested' | 'not-found-yet';

/** @throws Fault `transient` when the cancel must come again: a sender is at the order, or the broker did not take it. */
export async function cancelOrder(
  dependencies: ExecuteDependencies,
  clientOrderId: ClientOrderId,
  by: string,
  reason: Reason,
): Promise<Cancellation> {
  const { orders, clock } = dependencies;
  const asked = await orders.step(clientOrderId, (order) => requestCancel(order, by, reason, clock.now()));
  return asked === null ? 'nothing-to-cancel' : await bringAbout(dependencies, asked.order);
}

async function bringAbout(dependencies: ExecuteDependencies, order: Order): Promise<Cancellation> {
  const { orders, broker, clock } = dependencies;
  const { clientOrderId } = order;
  const action = cancelAction(order, clock.now());
  switch (action.kind) {
    case 'none':
      return 'nothing-to-cancel';
    case 'withdraw': {
      const why = refusal('cancel-requested', 'a cancel was requested before the order was sent');
      await orders.step(clientOrderId, (row) => withdraw(row, why, clock.now()));
      return 'withdrawn';
    }
    case 'await-sender':
      throw new Fault('transient', 'order-leased', `a sender holds order ${clientOrderId} and will find the request`);
    case 'look-up': {
      const found = await broker.findByClientId(clientOrderId);
      if (found === null) return 'not-found-yet';
      const settled = await orders.settle(updateFromSnapshot(found, 'submit-answer', clock.now()));
      return settled === null || settled.order.brokerOrderId === null
        ? 'not-found-yet'
        : await bringAbout(dependencies, settled.order);
    }
    case 'call-broker':
      return await callBroker(dependencies, clientOrderId, action.brokerOrderId);
  }
}

async function callBroker(
  { broker, telemetry }: ExecuteDependencies,
  clientOrderId: ClientOrderId,
  brokerOrderId: BrokerOrderId,
): Promise<Cancellation> {
  const outcome = await broker.cancel(brokerOrderId);
  telemetry.info('cancel asked of the broker', { clientOrderId, outcome: outcome.kind });
  switch (outcome.kind) {
    case 'requested':
    case 'already-ended':
    case 'not-found':
      return 'requested';
    case 'refused':
    case 'throttled':
    case 'ambiguous':
      throw new Fault('transient', `cancel-${outcome.kind}`, `the cancel of ${clientOrderId} comes again`);
  }
}
