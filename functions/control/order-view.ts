/** Orders and requests for them as people see them: decimals as texts, times as RFC 3339. */
import type * as z from 'zod';
import type { AnyFact } from '#events/catalogue.ts';
import { intentOf } from '#events/order-command.ts';
import { aggregateOf } from '#events/fact.ts';
import { formatMoney, formatPrice, formatQuantity, type Price } from '#shared/core/kernel/decimal.ts';
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import { type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import type { Order, OrderIntent, Reason } from '#shared/core/order/order.ts';
import { parentOf } from '#shared/core/order/slice-plan.ts';
import { averageFillPrice } from '#shared/core/order/reservation.ts';
import type { OrderRequest } from '#shared/ports/order-requests.ts';
import type { ControlDependencies } from './operation.ts';
import type { ORDER_SCHEMAS } from './order-schemas.ts';

export type OrderView = z.input<(typeof ORDER_SCHEMAS)['getOrder']['success']['body']>;

const orNone = (price: Price | null): string | null => (price === null ? null : formatPrice(price));
const timeOrNone = (at: EpochMs | null): string | null => (at === null ? null : formatEpochMs(at));
const viewOf = ({ code, message, context }: Reason) => ({ code, message, context: { ...context } });

const sizeOf = ({ size }: OrderIntent['terms']) => ({
  qty: size.kind === 'quantity' ? formatQuantity(size.quantity) : null,
  notional: size.kind === 'notional' ? formatMoney(size.notional) : null,
});

/** Slices of one parent share its decision, which names the parent. */
function intentView(intent: OrderIntent) {
  const { terms, decision } = intent;
  return {
    parent_order_id: parentOf(intent),
    account_id: terms.accountId,
    strategy_id: terms.strategyId,
    symbol: terms.ticker,
    side: terms.side,
    type: terms.type,
    time_in_force: terms.timeInForce,
    position_intent: terms.positionIntent,
    purpose: intent.purpose,
    ...sizeOf(terms),
    limit_price: orNone(terms.limitPrice),
    stop_price: orNone(terms.stopPrice),
    decision_id: decision.decisionId,
    generation: decision.generation,
    slice: decision.slice,
    run_id: intent.runId,
  };
}

/** Why it ended as it did; while its fate is unknown, what the broker answered to a repetition, or why nobody knows. */
function whyOf({ state, ended, ambiguity }: Order): Reason | null {
  if (ended !== null || state !== 'unknown') return ended?.reason ?? null;
  return ambiguity?.answer ?? ambiguity?.reason ?? null;
}

export function orderView(order: Order, dryRun: boolean, request: OrderRequest | null = null): OrderView {
  const why = whyOf(order);
  return {
    ...intentView(order.intent),
    client_order_id: order.clientOrderId,
    broker_order_id: order.brokerOrderId,
    state: order.state,
    filled_qty: formatQuantity(order.filledQuantity),
    average_fill_price: orNone(averageFillPrice(order, 'half-even')),
    provisional: order.provisional,
    reason: why === null ? null : viewOf(why),
    requested_at: timeOrNone(request?.requestedAt ?? null),
    claimed_at: formatEpochMs(order.claimedAt),
    sent_at: timeOrNone(order.sentAt),
    ended_at: timeOrNone(order.endedAt),
    dry_run: dryRun,
  };
}

/** A request whose order does not exist: it waits for its claim, was refused, or never came to its lane. */
function requestView(request: OrderRequest, refusedFor: Reason | null, dryRun: boolean): OrderView {
  const intent = intentOf(request.command.data, request.command.meta.correlationId);
  const why = refusedFor ?? request.failure;
  return {
    ...intentView(intent),
    client_order_id: request.clientOrderId,
    broker_order_id: null,
    state: refusedFor !== null ? 'refused' : request.state === 'failed' ? 'failed' : 'pending_new',
    filled_qty: '0',
    average_fill_price: null,
    provisional: false,
    reason: why === null ? null : viewOf(why),
    requested_at: formatEpochMs(request.requestedAt),
    claimed_at: null,
    sent_at: null,
    ended_at: null,
    dry_run: dryRun,
  };
}

const refusalAmong = (facts: readonly AnyFact[]): Reason | null => {
  const fact = facts.find((candidate) => candidate.type === 'order.refused.v1');
  return fact === undefined || fact.type !== 'order.refused.v1' ? null : fact.data.reason;
};

/** The order, or what is known of the request for it; null where neither is there. */
export async function findOrder(
  { orders, requests, journal, dryRun }: ControlDependencies,
  id: ClientOrderId,
): Promise<OrderView | null> {
  const [order, request] = await Promise.all([orders.get(id), requests.ofOrder(id)]);
  if (order !== null) return orderView(order, dryRun, request);
  if (request === null) return null;
  const refusedFor = refusalAmong(await journal.byAggregate(aggregateOf.order(id)));
  // The failure is kept on the row, so that it is there whatever becomes of the journal's reader.
  if (refusedFor !== null && request.failure === null) await requests.fail(request.decisionId, refusedFor);
  return requestView(request, refusedFor, dryRun);
}
