/** A cancel: written down first, then brought about. That an order is canceled is told by its own news alone. */
import { Fault } from '#shared/core/kernel/fault.ts';
import type { BrokerOrderId, ClientOrderId } from '#shared/core/kernel/identity.ts';
import { addMs, type EpochMs } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { updateFromSnapshot } from '#shared/core/order/broker-snapshot.ts';
import { cancelAction, requestCancel } from '#shared/core/order/cancel.ts';
import type { Order, Reason } from '#shared/core/order/order.ts';
import { withdraw } from '#shared/core/order/sending.ts';
import { type ExecuteDependencies, mayWaitUntil, type Sender } from './sender.ts';

export type Cancellation = 'nothing-to-cancel' | 'withdrawn' | 'requested' | 'not-found-yet';

export interface CancelWish {
  readonly clientOrderId: ClientOrderId;
  readonly by: string;
  readonly reason: Reason;
}

type CancelTurn = Cancellation | { readonly againAt: EpochMs; readonly fault: Fault };

/** A sender is done with its call soon after; a broker that took no cancel is asked again. */
const PAUSE_MS = 1_000;
const TURNS_MAX = 10;

/** @throws Fault `transient` when the cancel must come again: a sender is at the order, or the broker did not take it. */
export async function cancelOrder(
  dependencies: ExecuteDependencies,
  wish: CancelWish,
  sender: Sender,
): Promise<Cancellation> {
  const { orders, clock } = dependencies;
  const { clientOrderId, by, reason } = wish;
  const asked = await orders.step(clientOrderId, (order) => requestCancel(order, by, reason, clock.now()));
  let order = asked?.order ?? null;
  for (let turn = 1; order !== null; turn += 1) {
    const taken = await bringAbout(dependencies, order);
    if (typeof taken === 'string') return taken;
    if (turn === TURNS_MAX || !mayWaitUntil(sender, taken.againAt)) throw taken.fault;
    await clock.sleepUntil(taken.againAt);
    order = await orders.get(clientOrderId);
  }
  return 'nothing-to-cancel';
}

async function bringAbout(dependencies: ExecuteDependencies, order: Order): Promise<CancelTurn> {
  const { orders, broker, clock } = dependencies;
  const { clientOrderId } = order;
  const action = cancelAction(order, clock.now());
  switch (action.kind) {
    case 'none':
      return 'nothing-to-cancel';
    case 'withdraw': {
      const why = refusal('cancel-requested', 'a cancel was requested before the order was sent');
      const done = await orders.step(clientOrderId, (row) => withdraw(row, why, clock.now()));
      return done === null
        ? later(dependencies, `order ${clientOrderId} moved on while it was withdrawn`)
        : 'withdrawn';
    }
    case 'await-sender':
      return later(dependencies, `a sender holds order ${clientOrderId} and will find the request`);
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
  dependencies: ExecuteDependencies,
  clientOrderId: ClientOrderId,
  brokerOrderId: BrokerOrderId,
): Promise<CancelTurn> {
  const { broker, telemetry } = dependencies;
  const outcome = await broker.cancel(brokerOrderId);
  telemetry.info('cancel asked of the broker', { clientOrderId, outcome: outcome.kind });
  switch (outcome.kind) {
    case 'requested':
    case 'already-ended':
    case 'not-found':
      return 'requested';
    case 'refused':
      throw new Fault('transient', 'cancel-refused', `the cancel of ${clientOrderId}: ${outcome.refusal.message}`);
    case 'throttled':
      return later(
        dependencies,
        `the cancel of ${clientOrderId} was not taken: ${outcome.cause}`,
        outcome.retryAfterMs,
      );
    case 'ambiguous':
      // A second request to cancel changes nothing that the first one did.
      return later(dependencies, `the cancel of ${clientOrderId} was not answered: ${outcome.cause}`);
  }
}

const later = ({ clock }: ExecuteDependencies, message: string, afterMs: number | null = null): CancelTurn => ({
  againAt: addMs(clock.now(), Math.max(afterMs ?? 0, PAUSE_MS)),
  fault: new Fault('transient', 'cancel-comes-again', message),
});
