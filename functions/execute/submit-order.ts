/**
 * One order from its command to the broker's answer: clear, claim, last look, call, settle. The row decides what a
 * command that comes again does; nothing is sent that has not just passed its last look.
 */
import { Fault } from '#shared/core/kernel/fault.ts';
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { mismatchRefusal, termsMismatches, updateFromSnapshot } from '#shared/core/order/broker-snapshot.ts';
import type { ClaimedOrder } from '#shared/core/order/claimed.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { Order, OrderIntent, Reason } from '#shared/core/order/order.ts';
import { onDelivery } from '#shared/core/order/redelivery.ts';
import {
  LAST_LOOK_TO_CALL_MS_MAX,
  markUnknown,
  refusedByBroker,
  throttled,
  withdraw,
} from '#shared/core/order/sending.ts';
import { clearOrder } from '#shared/core/risk/clear-order.ts';
import { orderClassOf } from '#shared/core/safety/order-class.ts';
import type { Orders } from '#shared/ports/orders.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { type FactSources, gateReference, gatherFacts } from './gather-facts.ts';

/** Rounds of clearing when the book or the policy moves between clearing and claim. */
const CLEARING_ROUNDS_MAX = 5;

export interface ExecuteDependencies extends FactSources {
  readonly orders: Orders;
  readonly telemetry: Telemetry;
  readonly dryRun: boolean;
}

/** How the command ended. */
export type Submission =
  | { readonly kind: 'acknowledged' | 'unknown' | 'done' | 'dry-run'; readonly clientOrderId: ClientOrderId }
  | { readonly kind: 'refused'; readonly clientOrderId: ClientOrderId; readonly refusal: Refusal };

/**
 * @param holder names this run of this sender, in the lease
 * @throws Fault `transient` when the command must come again: another sender is at it, or the broker throttled it
 */
export async function submitOrder(
  dependencies: ExecuteDependencies,
  intent: OrderIntent,
  holder: string,
): Promise<Submission> {
  const { orders, clock } = dependencies;
  const clientOrderId = clientOrderIdFor(intent.terms, intent.decision);
  const row = await orders.get(clientOrderId);
  const delivery = onDelivery(intent, row, holder, clock.now());
  switch (delivery.kind) {
    case 'claim':
      return await claimAndSend(dependencies, intent, clientOrderId, holder);
    case 'conflict':
      dependencies.telemetry.error('the same order id came with other terms', { clientOrderId });
      return { kind: 'refused', clientOrderId, refusal: delivery.refusal };
    case 'busy':
      throw new Fault('transient', 'order-leased', `another sender holds order ${clientOrderId}`);
    case 'withdraw':
      return await withdrawn(dependencies, clientOrderId, delivery.refusal);
    case 'last-look':
      return row === null ? { kind: 'done', clientOrderId } : await lookAndSend(dependencies, row, holder);
    case 'look-up':
      return await lookUp(dependencies, clientOrderId, {
        code: 'sender-died',
        message: 'the order may have been sent by a run that did not come back',
        context: {},
      });
    case 'done':
      return { kind: 'done', clientOrderId };
  }
}

async function claimAndSend(
  dependencies: ExecuteDependencies,
  intent: OrderIntent,
  clientOrderId: ClientOrderId,
  holder: string,
): Promise<Submission> {
  const { orders, clock, dryRun, telemetry } = dependencies;
  for (let round = 0; round < CLEARING_ROUNDS_MAX; round += 1) {
    const gathered = await gatherFacts(dependencies, intent);
    if (!gathered.ok) return await refused(dependencies, intent, gathered.error);
    const { facts, gates, headroom } = gathered.value;
    const cleared = clearOrder(facts);
    if (!cleared.ok) return await refused(dependencies, intent, cleared.error);
    if (facts.book === null)
      return await refused(dependencies, intent, refusal('book-missing', 'the symbol has no book'));
    const claim = await orders.claim({ order: cleared.value, book: facts.book, holder, gates, headroom, dryRun });
    switch (claim.kind) {
      case 'claimed':
        if (dryRun) return { kind: 'dry-run', clientOrderId };
        return await lookAndSend(dependencies, claim.order, holder);
      case 'exists':
        return await submitOrder(dependencies, intent, holder);
      case 'refused':
        return await refused(dependencies, intent, claim.refusal);
      case 'stale':
        telemetry.info('cleared on facts that moved; clearing again', { clientOrderId, code: claim.refusal.code });
    }
  }
  const moved = refusal('book-version-changed', 'the book moved at every clearing', {
    rounds: String(CLEARING_ROUNDS_MAX),
  });
  return await refused({ ...dependencies, clock }, intent, moved);
}

async function refused(
  { orders, clock, telemetry }: ExecuteDependencies,
  intent: OrderIntent,
  why: Refusal,
): Promise<Submission> {
  const clientOrderId = clientOrderIdFor(intent.terms, intent.decision);
  await orders.refuse(intent, why, clock.now());
  telemetry.warn('order refused', { clientOrderId, code: why.code, reason: why.message });
  telemetry.count('OrdersRefused');
  return { kind: 'refused', clientOrderId, refusal: why };
}

async function withdrawn(
  { orders, clock, telemetry }: ExecuteDependencies,
  clientOrderId: ClientOrderId,
  why: Refusal,
): Promise<Submission> {
  await orders.step(clientOrderId, (order) => withdraw(order, why, clock.now()));
  telemetry.warn('order withdrawn before it was sent', { clientOrderId, code: why.code });
  return { kind: 'refused', clientOrderId, refusal: why };
}

/** The last look, and at once the call. */
async function lookAndSend(dependencies: ExecuteDependencies, order: Order, holder: string): Promise<Submission> {
  const { orders, clock, policies, build } = dependencies;
  const { clientOrderId, intent } = order;
  const policy = await policies.active(intent.terms.accountId);
  if (policy === null)
    return await withdrawn(dependencies, clientOrderId, refusal('policy-missing', 'the policy is gone'));
  const looked = await orders.lastLook(order, {
    holder,
    orderClass: orderClassOf({ purpose: intent.purpose, positionIntent: intent.terms.positionIntent }),
    gates: gateReference(build, clock.now(), policy),
    repeat: false,
  });
  if (!looked.ok) return await withdrawn(dependencies, clientOrderId, looked.error);
  return await call(dependencies, looked.value, clock.now());
}

async function call(dependencies: ExecuteDependencies, order: ClaimedOrder, lookedAt: EpochMs): Promise<Submission> {
  const { broker, clock, orders, telemetry } = dependencies;
  const { clientOrderId } = order;
  const waitedMs = clock.now() - lookedAt;
  if (waitedMs > LAST_LOOK_TO_CALL_MS_MAX) {
    // Nothing was sent: the order goes back to claimed and has its next last look when the message comes again.
    await orders.step(clientOrderId, (row) => throttled(row, clock.now()));
    throw new Fault('transient', 'last-look-old', `the call of ${clientOrderId} would have begun ${waitedMs} ms late`);
  }
  const calledAt = clock.now();
  const outcome = await broker.submit(order);
  telemetry.measure('BrokerCallMs', clock.now() - calledAt);
  telemetry.info('submitted', { clientOrderId, outcome: outcome.kind, requestId: outcome.requestId });
  switch (outcome.kind) {
    case 'acknowledged':
      await orders.settle(updateFromSnapshot(outcome.order, 'submit-answer', clock.now()));
      telemetry.count('OrdersSubmitted');
      return { kind: 'acknowledged', clientOrderId };
    case 'refused':
      await orders.step(clientOrderId, (row) => refusedByBroker(row, outcome.refusal, clock.now()));
      return { kind: 'refused', clientOrderId, refusal: outcome.refusal };
    case 'throttled':
      await orders.step(clientOrderId, (row) => throttled(row, clock.now()));
      throw new Fault('transient', 'broker-throttled', `the broker took no order; ${clientOrderId} comes again`);
    case 'duplicate':
    case 'ambiguous': {
      const why = outcome.kind === 'duplicate' ? 'the broker has the id already' : outcome.cause;
      return await lookUp(dependencies, clientOrderId, { code: outcome.kind, message: why, context: {} });
    }
  }
}

/**
 * The order may be at the broker. Its fate is unknown until it is found; what is found is taken for ours only when
 * nothing about it differs.
 */
async function lookUp(
  dependencies: ExecuteDependencies,
  clientOrderId: ClientOrderId,
  doubt: Reason,
): Promise<Submission> {
  const { broker, clock, orders, telemetry } = dependencies;
  const doubted = await orders.step(clientOrderId, (row) => markUnknown(row, doubt, clock.now()));
  telemetry.count('OrdersUnknown');
  telemetry.warn('the outcome of a submit is not known', { clientOrderId, code: doubt.code, cause: doubt.message });
  const found = await broker.findByClientId(clientOrderId);
  const order = doubted?.order ?? (await orders.get(clientOrderId));
  if (found === null || order === null) return { kind: 'unknown', clientOrderId };
  const mismatches = termsMismatches(order, found);
  if (mismatches.length > 0) {
    telemetry.error('the broker has another order under this id', { clientOrderId });
    return { kind: 'refused', clientOrderId, refusal: mismatchRefusal(mismatches) };
  }
  await orders.settle(updateFromSnapshot(found, 'submit-answer', clock.now()));
  return { kind: 'acknowledged', clientOrderId };
}
