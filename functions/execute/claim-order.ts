/** From a command without a row to a claimed order: may the broker be asked, may the order be, is it written down. */
import { Fault } from '#shared/core/kernel/fault.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { Order, OrderIntent } from '#shared/core/order/order.ts';
import { generationBar } from '#shared/core/order/redelivery.ts';
import { isClosing } from '#shared/core/order/terms.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import { clearOrder } from '#shared/core/risk/clear-order.ts';
import type { RequestBar } from '#shared/core/safety/request-gate.ts';
import type { RequestKind } from '#shared/core/safety/broker-request.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { gatherFacts } from './gather-facts.ts';
import { again, ended, type ExecuteDependencies, type Sender, type Submission, type Turn } from './sender.ts';

/** Rounds of clearing when the book or the policy moves between clearing and claim. */
const CLEARING_ROUNDS_MAX = 5;
/** A generation whose predecessor has not ended is looked at again so much later. */
const GENERATION_LOOK_MS = 2_000;

export type ClaimTurn = Turn | { readonly kind: 'claimed'; readonly order: Order; readonly policy: Policy };

/** What a submit of the order is to the gate in front of the broker. */
export const requestKindOf = (intent: OrderIntent): RequestKind =>
  isClosing(intent.terms.positionIntent) ? 'exit' : 'entry';

/** A bar that outlasts the decision refuses it; any other is waited for. */
export const outlasts = (bar: RequestBar, intent: OrderIntent): boolean => bar.retryAt >= intent.validUntil;

export const barFault = (bar: RequestBar): Fault => new Fault('transient', bar.refusal.code, bar.refusal.message);

function refusalOf({ telemetry }: ExecuteDependencies, intent: OrderIntent, why: Refusal): Submission {
  const clientOrderId = clientOrderIdFor(intent.terms, intent.decision);
  telemetry.warn('order refused', { clientOrderId, code: why.code, reason: why.message });
  telemetry.count('OrdersRefused');
  return { kind: 'refused', clientOrderId, refusal: why };
}

/** Records why a command ended before its order existed. */
export async function refuse(
  dependencies: ExecuteDependencies,
  intent: OrderIntent,
  why: Refusal,
): Promise<Submission> {
  const { orders, clock } = dependencies;
  await orders.refuse(intent, why, clock.now());
  return refusalOf(dependencies, intent, why);
}

/** An exit takes a refusal in and tries the same generation again; nothing may stand under its id. */
async function refused(dependencies: ExecuteDependencies, intent: OrderIntent, why: Refusal): Promise<Turn> {
  const { orders, clock, telemetry } = dependencies;
  const clientOrderId = clientOrderIdFor(intent.terms, intent.decision);
  if (intent.purpose === 'exit' || intent.purpose === 'flatten') {
    telemetry.warn('the order of an exit is not placed yet', { clientOrderId, code: why.code });
    return ended({ kind: 'refused', clientOrderId, refusal: why });
  }
  const said = await orders.refuse(intent, why, clock.now());
  // Another delivery claimed it meanwhile: what that set aside, or the order itself, is what was refused here.
  if (!said && (await orders.get(clientOrderId)) !== null) {
    return again(clock.now(), new Fault('transient', 'order-exists', `order ${clientOrderId} was just claimed`));
  }
  return ended(refusalOf(dependencies, intent, why));
}

/** The generation before. An exit whose position went through zero closes it from the other side, under another id. */
async function previousOf({ orders }: ExecuteDependencies, { terms, decision }: OrderIntent): Promise<Order | null> {
  const before = { ...decision, generation: decision.generation - 1 };
  const same = await orders.get(clientOrderIdFor(terms, before));
  if (same !== null) return same;
  return await orders.get(clientOrderIdFor({ ...terms, side: terms.side === 'buy' ? 'sell' : 'buy' }, before));
}

/** Why the order is not to be claimed yet, or not any more. Nothing is reserved for an order that has to wait. */
async function beforeClaim(dependencies: ExecuteDependencies, intent: OrderIntent): Promise<Turn | null> {
  const { permits, clock, dryRun } = dependencies;
  const { decision } = intent;
  if (decision.generation > 0) {
    const previous = { order: await previousOf(dependencies, intent), validUntil: null };
    const now = clock.now();
    const bar = generationBar(intent, previous, now);
    if (bar !== null) {
      const retryAt = addMs(now, GENERATION_LOOK_MS);
      if (retryAt >= intent.validUntil) return await refused(dependencies, intent, bar);
      return again(retryAt, new Fault('transient', bar.code, bar.message));
    }
  }
  if (dryRun) return null;
  const bar = await permits.prepare(requestKindOf(intent));
  if (bar === null) return null;
  dependencies.telemetry.count('OrdersHeldBack');
  return outlasts(bar, intent) ? await refused(dependencies, intent, bar.refusal) : again(bar.retryAt, barFault(bar));
}

/** @throws Fault when a fact could not be read, or the claim's answer was lost: the row then decides. */
export async function claimOrder(
  dependencies: ExecuteDependencies,
  intent: OrderIntent,
  sender: Sender,
): Promise<ClaimTurn> {
  const { orders, clock, dryRun, telemetry } = dependencies;
  const clientOrderId = clientOrderIdFor(intent.terms, intent.decision);
  const wait = await beforeClaim(dependencies, intent);
  if (wait !== null) return wait;
  let moved: Refusal | null = null;
  for (let round = 0; round < CLEARING_ROUNDS_MAX; round += 1) {
    const gathered = await gatherFacts(dependencies, intent);
    if (!gathered.ok) return await refused(dependencies, intent, gathered.error);
    const { facts, gates, headroom } = gathered.value;
    const cleared = clearOrder(facts);
    if (!cleared.ok) return await refused(dependencies, intent, cleared.error);
    if (facts.book === null) {
      return await refused(dependencies, intent, refusal('book-missing', 'the symbol has no book'));
    }
    const { holder } = sender;
    const claim = await orders.claim({ order: cleared.value, book: facts.book, holder, gates, headroom, dryRun });
    switch (claim.kind) {
      case 'claimed':
        for (const near of cleared.value.warnings) {
          telemetry.warn('order came near to a limit', { clientOrderId, code: near.code, reason: near.message });
        }
        if (dryRun) return ended({ kind: 'dry-run', clientOrderId });
        return { kind: 'claimed', order: claim.order, policy: facts.policy };
      case 'exists':
        // Another delivery of the same command was first; what its row says is looked at anew.
        return again(clock.now(), new Fault('transient', 'order-exists', `order ${clientOrderId} was just claimed`));
      case 'refused':
        return await refused(dependencies, intent, claim.refusal);
      case 'stale':
        moved = claim.refusal;
        telemetry.info('cleared on facts that moved; clearing again', { clientOrderId, code: claim.refusal.code });
    }
  }
  const rounds = String(CLEARING_ROUNDS_MAX);
  const why = moved ?? refusal('book-version-changed', 'the book moved at every clearing');
  return await refused(dependencies, intent, refusal(why.code, why.message, { ...why.context, rounds }));
}
