/**
 * One order from its command to the broker's answer: clear, claim, last look, call, settle. The row decides what a
 * command that comes again does; nothing is sent that has not just passed its last look.
 */
import { Fault, invariant } from '#shared/core/kernel/fault.ts';
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { Order, OrderIntent } from '#shared/core/order/order.ts';
import { onDelivery } from '#shared/core/order/redelivery.ts';
import { claimOrder } from './claim-order.ts';
import {
  ended,
  type ExecuteDependencies,
  mayWaitUntil,
  type Sender,
  type Submission,
  type Turn,
  again,
} from './sender.ts';
import { resolveFate, sendOrder, withdrawn } from './send-order.ts';

/** Turns that one run takes at a command before it leaves it to the lane. */
const TURNS_MAX = 6;

const SENDER_DIED = {
  code: 'sender-died',
  message: 'the order may have been sent by a run that did not come back',
  context: {},
} as const;

/**
 * Brings the order of a command as far as this run can.
 * @throws Fault `transient` when the command must come again: another sender is at it, the broker or the gate in front
 * of it asks for more time than this run has, or the order's fate is unknown and it may still be sent again
 */
export async function submitOrder(
  dependencies: ExecuteDependencies,
  intent: OrderIntent,
  sender: Sender,
): Promise<Submission> {
  const { clock } = dependencies;
  for (let turn = 1; ; turn += 1) {
    const taken = await takeTurn(dependencies, intent, sender);
    if (taken.kind === 'ended') return taken.submission;
    if (turn === TURNS_MAX || !mayWaitUntil(sender, taken.at)) throw taken.fault;
    await clock.sleepUntil(taken.at);
  }
}

async function takeTurn(dependencies: ExecuteDependencies, intent: OrderIntent, sender: Sender): Promise<Turn> {
  const { orders, clock } = dependencies;
  const clientOrderId = clientOrderIdFor(intent.terms, intent.decision);
  const row = await orders.get(clientOrderId);
  const delivery = onDelivery(intent, row, sender.holder, clock.now());
  switch (delivery.kind) {
    case 'claim': {
      const claim = await claimOrder(dependencies, intent, sender);
      if (claim.kind !== 'claimed') return claim;
      return await sendOrder(dependencies, sender, { order: claim.order, policy: claim.policy, repeat: false });
    }
    case 'conflict':
      return ended(await conflict(dependencies, intent, clientOrderId, delivery.refusal));
    case 'busy': {
      const fault = new Fault('transient', 'order-leased', `another sender holds order ${clientOrderId}`);
      return again(delivery.until, fault);
    }
    case 'withdraw':
      return ended(await withdrawn(dependencies, clientOrderId, delivery.refusal));
    case 'last-look':
      return await sendOrder(dependencies, sender, { order: rowOf(row), policy: null, repeat: false });
    case 'look-up':
      return await resolveFate(dependencies, sender, { order: rowOf(row), doubt: SENDER_DIED, repeats: true });
    case 'done':
      return ended({ kind: 'done', clientOrderId });
  }
}

/** The rules of delivery tell apart what there is a row for. */
function rowOf(row: Order | null): Order {
  invariant(row !== null, 'an order without a row is claimed, and nothing else');
  return row;
}

/** The same decision with other terms: a mistake of whoever decided, which must not pass in silence. */
async function conflict(
  { orders, clock, telemetry }: ExecuteDependencies,
  intent: OrderIntent,
  clientOrderId: ClientOrderId,
  why: Refusal,
): Promise<Submission> {
  await orders.recordConflict(intent, why, clock.now());
  telemetry.error('the same order id came with other terms', { clientOrderId, code: why.code });
  telemetry.count('OrderAlarms');
  return { kind: 'refused', clientOrderId, refusal: why };
}
