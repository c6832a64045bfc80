/** The last look, at once the call, and what its answer proves. */
import { Fault } from '#shared/core/kernel/fault.ts';
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { updateFromSnapshot } from '#shared/core/order/broker-snapshot.ts';
import type { Order, Reason } from '#shared/core/order/order.ts';
import { LAST_LOOK_TO_CALL_MS_MAX, refusedByBroker, throttled, withdraw } from '#shared/core/order/sending.ts';
import { mayResend } from '#shared/core/order/unknown-fate.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import { switchRefusal } from '#shared/core/risk/switches.ts';
import { orderClassOf } from '#shared/core/safety/order-class.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import type { SubmitOutcome } from '#shared/ports/broker.ts';
import { barFault, outlasts, requestKindOf } from './claim-order.ts';
import { findOrder } from './find-order.ts';
import { followUp } from './follow-up.ts';
import { gateReference, groundOf } from './gather-facts.ts';
import { again, ended, type ExecuteDependencies, type Sender, type Submission, type Turn } from './sender.ts';

/** Before an order that the broker took nothing of is sent again. */
const RESEND_PAUSE_MS = 500;

export interface Sending {
  readonly order: Order;
  /** The policy that it was just cleared under; null where that was another run's doing. */
  readonly policy: Policy | null;
  /** The same id and body once more, after an outcome that nobody proved. */
  readonly repeat: boolean;
}

/** Ends an order of which nothing was sent. */
export async function withdrawn(
  { orders, clock, telemetry }: ExecuteDependencies,
  clientOrderId: ClientOrderId,
  why: Refusal,
): Promise<Submission> {
  await orders.step(clientOrderId, (order) => withdraw(order, why, clock.now()));
  telemetry.warn('order withdrawn before it was sent', { clientOrderId, code: why.code });
  return { kind: 'refused', clientOrderId, refusal: why };
}

/** An order that is not to be sent: withdrawn where nothing was, watched where something may have been. */
async function notSent(dependencies: ExecuteDependencies, sending: Sending, why: Refusal): Promise<Turn> {
  const { clientOrderId } = sending.order;
  if (!sending.repeat) return ended(await withdrawn(dependencies, clientOrderId, why));
  dependencies.telemetry.warn('an order of unknown fate is not sent again', { clientOrderId, code: why.code });
  return ended({ kind: 'unknown', clientOrderId });
}

/** Sends a claimed order, or repeats one of unknown fate: first the gate in front of the broker, then the last look. */
export async function sendOrder(dependencies: ExecuteDependencies, sender: Sender, sending: Sending): Promise<Turn> {
  const { orders, clock, permits, build, deployed } = dependencies;
  const { clientOrderId, intent } = sending.order;
  const orderClass = orderClassOf({ purpose: intent.purpose, positionIntent: intent.terms.positionIntent });
  // The row may come from a deployment whose switches were set otherwise.
  const switched = switchRefusal(deployed.switches, orderClass, intent.terms.strategyId);
  if (switched !== null) return await notSent(dependencies, sending, switched);
  const bar = await permits.prepare(requestKindOf(intent));
  if (bar !== null) {
    dependencies.telemetry.count('OrdersHeldBack');
    return outlasts(bar, intent)
      ? await notSent(dependencies, sending, bar.refusal)
      : again(bar.retryAt, barFault(bar));
  }
  const ground = sending.policy === null ? await groundOf(dependencies, intent.terms.accountId, orderClass) : null;
  if (ground !== null && !ground.ok) return await notSent(dependencies, sending, ground.error);
  const policy = sending.policy ?? ground?.value.policy ?? null;
  if (policy === null) return await notSent(dependencies, sending, refusal('policy-missing', 'the policy is gone'));
  const lookedAt = clock.now();
  const looked = await orders.lastLook(sending.order, {
    holder: sender.holder,
    orderClass,
    gates: gateReference(build, lookedAt, policy),
    repeat: sending.repeat,
  });
  if (!looked.ok && looked.error.code === 'lease-lost') {
    return again(clock.now(), new Fault('transient', 'lease-lost', `order ${clientOrderId}: ${looked.error.message}`));
  }
  if (!looked.ok) return await notSent(dependencies, sending, looked.error);
  // Counted from before the look: nobody knows when within it the transaction committed.
  const leftMs = LAST_LOOK_TO_CALL_MS_MAX - (clock.now() - lookedAt);
  const outcome = leftMs < 0 ? TOO_LATE : await submit(dependencies, looked.value, leftMs);
  return await settleOutcome(dependencies, sender, looked.value, outcome);
}

const TOO_LATE: SubmitOutcome = {
  kind: 'throttled',
  cause: 'the last look took too long to call on it',
  retryAfterMs: null,
  requestId: null,
};

async function submit(
  { broker, clock, telemetry }: ExecuteDependencies,
  order: Parameters<ExecuteDependencies['broker']['submit']>[0],
  startWithinMs: number,
): Promise<SubmitOutcome> {
  const calledAt = clock.now();
  const outcome = await broker.submit(order, startWithinMs);
  telemetry.measure('BrokerCallMs', clock.now() - calledAt);
  const { clientOrderId, attempt } = order;
  telemetry.info('submitted', { clientOrderId, attempt, outcome: outcome.kind, requestId: outcome.requestId });
  return outcome;
}

async function settleOutcome(
  dependencies: ExecuteDependencies,
  sender: Sender,
  order: Order,
  outcome: SubmitOutcome,
): Promise<Turn> {
  const { clock, orders } = dependencies;
  const { clientOrderId } = order;
  switch (outcome.kind) {
    case 'acknowledged':
      return ended(await acknowledged(dependencies, clientOrderId, outcome.order));
    case 'refused': {
      const settled = await orders.step(clientOrderId, (row) => refusedByBroker(row, outcome.refusal, clock.now()));
      // Of an order that may be there from an earlier attempt, the refusal of this one proves nothing.
      if (settled?.order.state === 'unknown') {
        return await resolveFate(dependencies, sender, {
          order: settled.order,
          doubt: outcome.refusal,
          repeats: false,
        });
      }
      return ended({ kind: 'refused', clientOrderId, refusal: outcome.refusal });
    }
    case 'throttled': {
      await orders.step(clientOrderId, (row) => throttled(row, clock.now()));
      const at = addMs(clock.now(), Math.max(outcome.retryAfterMs ?? 0, RESEND_PAUSE_MS));
      return again(at, new Fault('transient', 'broker-throttled', `${clientOrderId} was not taken: ${outcome.cause}`));
    }
    case 'duplicate': {
      const doubt = { code: 'duplicate', message: 'the broker has an order of this id already', context: {} };
      return await resolveFate(dependencies, sender, { order, doubt, repeats: false });
    }
    case 'ambiguous': {
      const doubt = { code: 'ambiguous', message: outcome.cause, context: {} };
      return await resolveFate(dependencies, sender, { order, doubt, repeats: false });
    }
  }
}

/** The broker has the order: its news is settled, and a cancel that came meanwhile is brought about. */
async function acknowledged(
  dependencies: ExecuteDependencies,
  clientOrderId: ClientOrderId,
  found: BrokerOrder,
): Promise<Submission> {
  const { orders, clock, telemetry } = dependencies;
  const settled = await orders.settle(updateFromSnapshot(found, 'submit-answer', clock.now()));
  if (settled !== null) await followUp(dependencies, settled);
  telemetry.count('OrdersSubmitted');
  return { kind: 'acknowledged', clientOrderId };
}

/**
 * An order that may be at the broker: it is looked for, and taken for ours when nothing about it differs. Where it cannot
 * be found it may be sent again, if the broker refuses a second order of the same id, the decision is fresh and nobody
 * else is at it.
 * @param doubt why nobody knows
 * @param repeats whether this turn may send it again; one that has just sent it leaves that to the next
 */
export async function resolveFate(
  dependencies: ExecuteDependencies,
  sender: Sender,
  { order, doubt, repeats }: { readonly order: Order; readonly doubt: Reason; readonly repeats: boolean },
): Promise<Turn> {
  const { broker, clock, telemetry } = dependencies;
  const { clientOrderId } = order;
  const found = await findOrder(dependencies, sender, order, doubt);
  if (found.kind === 'ours') return ended(await acknowledged(dependencies, clientOrderId, found.found));
  if (found.kind === 'another') return ended({ kind: 'refused', clientOrderId, refusal: found.refusal });
  const may = mayResend(found.order, {
    duplicateGuard: broker.capabilities.duplicateGuard,
    holder: sender.holder,
    now: clock.now(),
    lookupMisses: found.lookupMisses,
  });
  if (!may.ok && may.error.kind !== 'look-up-first') return ended({ kind: 'unknown', clientOrderId });
  if (!may.ok || !repeats) {
    const message = `order ${clientOrderId} was not found, and may still be sent again`;
    return again(addMs(clock.now(), RESEND_PAUSE_MS), new Fault('transient', 'order-unknown', message));
  }
  telemetry.warn('an order that cannot be found is sent again', { clientOrderId, attempt: found.order.attempt + 1 });
  return await sendOrder(dependencies, sender, { order: found.order, policy: null, repeat: true });
}
