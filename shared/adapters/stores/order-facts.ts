/** What happened to an order, from the order's own words into facts of the catalogue. */
import type { FactData } from '#events/catalogue.ts';
import type { Fact, Room } from '#events/envelope.ts';
import { aggregateOf, type FactPlace, makeFact } from '#events/fact.ts';
import { formatMoney, formatPrice, formatQuantity } from '#shared/core/kernel/decimal.ts';
import { type EpochMs, formatEpochNs } from '#shared/core/kernel/instant.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { OrderFact } from '#shared/core/order/consequences.ts';
import type { Execution, Order, OrderIntent, Reason } from '#shared/core/order/order.ts';
import { isLimit } from '#shared/core/risk/clear-order.ts';

const identityOf = (intent: OrderIntent) => ({
  clientOrderId: clientOrderIdFor(intent.terms, intent.decision),
  accountId: intent.terms.accountId,
  strategyId: intent.terms.strategyId,
  symbol: intent.terms.ticker,
  side: intent.terms.side,
});

/** One found at the broker under our mark bears an id of which no decision is known here. */
const identityOfOrder = ({ intent, clientOrderId }: Order) => ({ ...identityOf(intent), clientOrderId });

const reasonOf = (reason: Reason) => ({
  code: reason.code,
  message: reason.message.slice(0, 2000),
  context: { ...reason.context },
});

/** One execution by the name that it is known by first. */
export const executionOf = (execution: Execution) => ({
  executionId: execution.ids[0] ?? null,
  quantity: formatQuantity(execution.quantity),
  price: formatPrice(execution.price),
  at: formatEpochNs(execution.at),
});

function claimedData(order: Order, warnings: readonly Refusal[]): FactData<'order.claimed.v1'> {
  const { intent, reservation } = order;
  const { terms, decision } = intent;
  return {
    ...identityOfOrder(order),
    type: terms.type,
    timeInForce: terms.timeInForce,
    positionIntent: terms.positionIntent,
    quantity: terms.size.kind === 'quantity' ? formatQuantity(terms.size.quantity) : null,
    notional: terms.size.kind === 'notional' ? formatMoney(terms.size.notional) : null,
    limitPrice: terms.limitPrice === null ? null : formatPrice(terms.limitPrice),
    stopPrice: terms.stopPrice === null ? null : formatPrice(terms.stopPrice),
    purpose: intent.purpose,
    decisionId: decision.decisionId,
    generation: decision.generation,
    slice: decision.slice,
    runId: intent.runId,
    reservedMoney: formatMoney(reservation.money),
    policyVersion: intent.policyVersion,
    ...(warnings.length === 0 ? {} : { warnings: warnings.map(reasonOf) }),
  };
}

type EndFact = Extract<OrderFact, { readonly kind: 'ended' }>;

function endedFact(identity: ReturnType<typeof identityOf>, place: FactPlace, fact: EndFact): Fact {
  const data = {
    ...identity,
    cumulativeQuantity: formatQuantity(fact.cumulativeQuantity),
    reason: fact.reason === null ? null : reasonOf(fact.reason),
  };
  switch (fact.end) {
    case 'canceled':
      return makeFact('order.canceled.v1', place, data);
    case 'expired':
      return makeFact('order.expired.v1', place, data);
    case 'rejected':
      return makeFact('order.rejected.v1', place, data);
    case 'replaced':
      return makeFact('order.replaced.v1', place, data);
    case 'withdrawn':
      return makeFact('order.withdrawn.v1', place, data);
    case 'failed':
      return makeFact('order.failed.v1', place, data);
    case 'abandoned':
      return makeFact('order.abandoned.v1', place, data);
    case 'dry_run':
      return makeFact('order.dry-run-ended.v1', place, data);
  }
}

type FillFact = Extract<OrderFact, { readonly kind: 'partially-filled' | 'filled' | 'execution-recorded' }>;

const fillData = (identity: ReturnType<typeof identityOf>, fact: FillFact) => ({
  ...identity,
  brokerOrderId: fact.brokerOrderId,
  cumulativeQuantity: formatQuantity(fact.cumulativeQuantity),
  filledCost: formatMoney(fact.filledCost),
  executions: fact.executions.map(executionOf),
  provisional: fact.provisional,
});

function factOf(order: Order, place: FactPlace, fact: OrderFact, warnings: readonly Refusal[]): Fact {
  const identity = identityOfOrder(order);
  switch (fact.kind) {
    case 'claimed':
      return makeFact('order.claimed.v1', place, claimedData(order, warnings));
    case 'adopted':
      return makeFact('order.adopted.v1', place, {
        ...identity,
        brokerOrderId: fact.brokerOrderId,
        reason: reasonOf(fact.reason),
      });
    case 'submitted':
      return makeFact('order.submitted.v1', place, { ...identity, attempt: fact.attempt });
    case 'unknown':
      return makeFact('order.unknown.v1', place, { ...identity, reason: reasonOf(fact.reason) });
    case 'cancel-requested':
      return makeFact('order.cancel-requested.v1', place, { ...identity, by: fact.by, reason: reasonOf(fact.reason) });
    case 'acknowledged':
      return makeFact('order.acknowledged.v1', place, { ...identity, brokerOrderId: fact.brokerOrderId });
    case 'resurrected':
      return makeFact('order.resurrected.v1', place, {
        ...identity,
        brokerOrderId: fact.brokerOrderId,
        reason: reasonOf(fact.reason),
      });
    case 'partially-filled':
      return makeFact('order.partially-filled.v1', place, fillData(identity, fact));
    case 'filled':
      return makeFact('order.filled.v1', place, fillData(identity, fact));
    case 'execution-recorded':
      return makeFact('order.execution-recorded.v1', place, fillData(identity, fact));
    case 'execution-revised':
      return makeFact('order.execution-revised.v1', place, {
        ...identity,
        epoch: fact.epoch,
        cumulativeQuantity: formatQuantity(fact.cumulativeQuantity),
        filledCost: formatMoney(fact.filledCost),
        executions: fact.executions.map(executionOf),
        reason: reasonOf(fact.reason),
      });
    case 'ended':
      return endedFact(identity, place, fact);
  }
}

/** The facts of one step, numbered on from the sequence before it. */
export const orderFacts = (
  room: Room,
  order: Order,
  facts: readonly OrderFact[],
  said: { readonly sequenceBefore: number; readonly now: EpochMs; readonly warnings: readonly Refusal[] },
): readonly Fact[] =>
  facts.map((fact, index) =>
    factOf(
      order,
      {
        room,
        aggregateId: aggregateOf.order(order.clientOrderId),
        sequence: said.sequenceBefore + 1 + index,
        occurredAt: said.now,
        correlationId: order.intent.correlationId,
        causationId: order.intent.decision.decisionId,
      },
      fact,
      said.warnings,
    ),
  );

/**
 * Says that a command ended before its order existed; where a limit of the policy stopped it, also which. It takes the
 * sequence that a claim would have taken.
 * @param sequenceBefore of the order that is there already, where the command came again with other terms
 */
export function refusedFacts(
  room: Room,
  intent: OrderIntent,
  refused: Refusal,
  now: EpochMs,
  sequenceBefore = 0,
): readonly Fact[] {
  const identity = identityOf(intent);
  const place = (sequence: number): FactPlace => ({
    room,
    aggregateId: aggregateOf.order(identity.clientOrderId),
    sequence: sequenceBefore + sequence,
    occurredAt: now,
    correlationId: intent.correlationId,
    causationId: intent.decision.decisionId,
  });
  const reason = reasonOf(refused);
  const ended = makeFact('order.refused.v1', place(1), {
    ...identity,
    decisionId: intent.decision.decisionId,
    generation: intent.decision.generation,
    slice: intent.decision.slice,
    runId: intent.runId,
    purpose: intent.purpose,
    reason,
  });
  if (!isLimit(refused.code)) return [ended];
  const { accountId, strategyId, symbol } = identity;
  return [ended, makeFact('limit.hit.v1', place(2), { accountId, strategyId, symbol, reason })];
}
