/**
 * A request for an order: cleared, written down, and only then put on its lane. Control never makes an order; the row of
 * the request is what a repeat is answered from, and what is shown until the claim has made the order.
 */
import type { AnyCommand } from '#events/catalogue.ts';
import { makeCommand } from '#events/command.ts';
import { submitOrderOf } from '#events/order-command.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { MANUAL, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { reachesStrategy } from '#shared/core/access/permissions.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import { isClosing } from '#shared/core/order/terms.ts';
import type { LaneMessage } from '#shared/ports/lanes.ts';
import type { OrderRequest } from '#shared/ports/order-requests.ts';
import { clearRequest, type Ground, readGround } from './clear-request.ts';
import {
  type Call,
  type ControlDependencies,
  done,
  type NotDone,
  operation,
  type Outcome,
  outOfScope,
  problemOutcome,
  refused,
} from './operation.ts';
import { ORDER_SCHEMAS, type OrderBody, type Requested } from './order-schemas.ts';
import { findOrder, type OrderView } from './order-view.ts';
import { decisionFor, intentOfWish, type OrderWish, wishHashOf } from './request-intent.ts';

const TWIN_WARNING =
  'an equal order was asked for today and is answered again; send an Idempotency-Key of your own to place a twin';
/** The row is there and its command may not be: whoever asks again, under the same key or with the same fields, sends it. */
const notQueued = ({ clientOrderId }: OrderRequest): NotDone => {
  const detail = `the request is written down as ${clientOrderId}, and its command is not known to be on the lane; send the same again`;
  return problemOutcome(503, 'command-not-queued', 'A dependency did not answer', detail);
};

/** Exits and whatever else closes go by the urgent lane, so that they never wait behind entries. */
export const messageOf = (command: AnyCommand): LaneMessage => {
  const entry = command.type === 'submit-order.v1' && !isClosing(command.data.positionIntent);
  return {
    lane: entry ? 'orders' : 'urgent',
    group: `${command.data.accountId}:${command.data.symbol}`,
    dedupId: `${command.meta.commandId}:${command.meta.attempt}`,
    body: JSON.stringify(command),
  };
};

export const statusUrlOf = (clientOrderId: string): string => `/api/v1/orders/${clientOrderId}`;

function requestOf(intent: OrderIntent, call: Call, bodyHash: string): OrderRequest {
  const clientOrderId = clientOrderIdFor(intent.terms, intent.decision);
  const meta = {
    commandId: clientOrderId,
    attempt: 1,
    issuedAt: formatEpochMs(intent.decidedAt),
    correlationId: intent.correlationId,
    causationId: call.requestId,
  };
  return {
    decisionId: intent.decision.decisionId,
    clientOrderId,
    bodyHash,
    command: makeCommand('submit-order.v1', meta, submitOrderOf(intent, clientOrderId)),
    by: call.subject,
    requestedAt: call.now,
    state: 'accepted',
    failure: null,
  };
}

function requestedView(
  { dryRun }: ControlDependencies,
  request: OrderRequest,
  shown: Pick<OrderView, 'state' | 'reason'>,
  how: { readonly repeated: boolean; readonly warnings: readonly string[] },
): Requested {
  const { data } = request.command;
  return {
    client_order_id: request.clientOrderId,
    state: shown.state,
    symbol: data.symbol,
    strategy_id: data.strategyId,
    side: data.side,
    qty: data.quantity,
    notional: data.notional,
    position_intent: data.positionIntent,
    status_url: statusUrlOf(request.clientOrderId),
    dry_run: dryRun,
    repeated: how.repeated,
    warnings: [...how.warnings],
    reason: shown.reason,
  };
}

/** Sends what was written down; true when it is on its lane. A lost answer is no failure: the lane knows the message. */
async function putOnLane(dependencies: ControlDependencies, request: OrderRequest): Promise<boolean> {
  const { lanes, requests, telemetry } = dependencies;
  try {
    await lanes.send([messageOf(request.command)]);
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.kind === 'permanent') throw thrown;
    telemetry.error('the command of a request is not known to be on its lane', { code: thrown.code }, thrown);
    return false;
  }
  await requests.markSent(request.decisionId);
  return true;
}

const POLL_MS = 100;
const UNSENT: ReadonlySet<OrderView['state']> = new Set(['pending_new', 'claimed', 'sending']);

/** Looks until the broker has answered, the order ended, or the time is over. */
async function awaitAnswer(
  dependencies: ControlDependencies,
  request: OrderRequest,
  until: EpochMs,
): Promise<Pick<OrderView, 'state' | 'reason'>> {
  const { clock } = dependencies;
  for (;;) {
    const found = await findOrder(dependencies, request.clientOrderId);
    if (found !== null && !UNSENT.has(found.state)) return found;
    const next = addMs(clock.now(), POLL_MS);
    if (next > until) return found ?? { state: 'pending_new', reason: null };
    await clock.sleepUntil(next);
  }
}

export interface Asking {
  readonly idempotencyKey: string | null;
  readonly basis: string | null;
  readonly waitMs: number;
}

/**
 * Asks for an order under its decision, once: whoever asks again is answered from the row.
 * @throws Fault where a table or the broker does not answer.
 */
export async function askForOrder(
  dependencies: ControlDependencies,
  call: Call,
  wish: OrderWish,
  ground: Ground,
  asking: Asking,
): Promise<Outcome<Requested>> {
  const { accountId, requests } = dependencies;
  const { idempotencyKey, basis } = asking;
  const bodyHash = wishHashOf(wish);
  const decision = decisionFor(wish, { accountId, idempotencyKey, now: call.now, basis });
  const until = addMs(call.now, asking.waitMs);
  const earlier = await requests.ofDecision(decision);
  if (earlier !== null)
    return await answerAgain(dependencies, earlier, bodyHash, { until, keyed: idempotencyKey !== null });
  const intent = intentOfWish(wish, decision, ground, { accountId, now: call.now });
  const cleared = await clearRequest(dependencies, ground, intent);
  if (!cleared.ok) return refused(cleared.error);
  const { made, request } = await requests.make(requestOf(intent, call, bodyHash));
  if (!made) return await answerAgain(dependencies, request, bodyHash, { until, keyed: idempotencyKey !== null });
  if (!(await putOnLane(dependencies, request))) return notQueued(request);
  const shown = await awaitAnswer(dependencies, request, until);
  const warnings = cleared.value.map(({ message }) => message);
  return accepted(requestedView(dependencies, request, shown, { repeated: false, warnings }));
}

async function answerAgain(
  dependencies: ControlDependencies,
  request: OrderRequest,
  bodyHash: string,
  { until, keyed }: { readonly until: EpochMs; readonly keyed: boolean },
): Promise<Outcome<Requested>> {
  if (request.bodyHash !== bodyHash) {
    const message = 'this Idempotency-Key was used for another order; use another key';
    return refused(refusal('idempotency-conflict', message, { clientOrderId: request.clientOrderId }));
  }
  if (request.state === 'accepted' && !(await putOnLane(dependencies, request))) return notQueued(request);
  const shown = await awaitAnswer(dependencies, request, until);
  const warnings = keyed ? [] : [TWIN_WARNING];
  return accepted(requestedView(dependencies, request, shown, { repeated: true, warnings }));
}

const accepted = (view: Requested): Outcome<Requested> => done(view, { location: view.status_url });

const wishOf = (body: Omit<OrderBody, 'strategy_id'>, strategy: string): OrderWish => ({
  strategyId: strategyId(strategy),
  symbol: ticker(body.symbol),
  side: body.side,
  type: body.type,
  timeInForce: body.time_in_force,
  qty: body.qty ?? null,
  notional: body.notional ?? null,
  limitPrice: body.limit_price ?? null,
  stopPrice: body.stop_price ?? null,
  positionIntent: body.position_intent ?? null,
  purpose: null,
});

async function submit(
  dependencies: ControlDependencies,
  call: Call,
  wish: OrderWish,
  waitMs: number,
): Promise<Outcome<Requested>> {
  if (!reachesStrategy(call.grant, wish.strategyId)) return outOfScope(wish.strategyId);
  const ground = await readGround(dependencies, wish.symbol);
  if (!ground.ok) return refused(ground.error);
  return await askForOrder(dependencies, call, wish, ground.value, {
    idempotencyKey: call.idempotencyKey,
    basis: null,
    waitMs,
  });
}

export const submitOrder = operation(ORDER_SCHEMAS.submitOrder, (dependencies, call, { body, query }) =>
  submit(dependencies, call, wishOf(body, body.strategy_id ?? MANUAL), query.wait ?? 0),
);

export const submitManualOrder = operation(ORDER_SCHEMAS.submitManualOrder, (dependencies, call, { body, query }) =>
  submit(dependencies, call, wishOf(body, MANUAL), query.wait ?? 0),
);
