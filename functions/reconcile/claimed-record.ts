/** What the claim of an order wrote into the journal, for an order whose row is gone. */
import type { FactData } from '#events/catalogue.ts';
import { aggregateOf } from '#events/fact.ts';
import { parseMoney, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { accountId, type ClientOrderId, decisionId, runId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { parseEpochMs } from '#shared/core/kernel/instant.ts';
import type { OrderSize } from '#shared/core/order/order.ts';
import type { ClaimedRecord } from '#shared/core/reconcile/adoption.ts';
import type { Journal } from '#shared/ports/journal.ts';

type Claimed = FactData<'order.claimed.v1'>;

export interface LostOrder {
  /** Null where the journal has no claim of it. */
  readonly record: ClaimedRecord | null;
  /** The last fact that the journal has of it; 0 for none. */
  readonly sequence: number;
}

const sizeOf = ({ quantity, notional }: Claimed): OrderSize | null => {
  if (quantity !== null) return { kind: 'quantity', quantity: parseQuantity(quantity) };
  return notional === null ? null : { kind: 'notional', notional: parseMoney(notional) };
};

function recordOf(data: Claimed, occurredAt: string, correlation: string): ClaimedRecord | null {
  const size = sizeOf(data);
  if (size === null) return null;
  return {
    terms: {
      accountId: accountId(data.accountId),
      strategyId: strategyId(data.strategyId),
      ticker: ticker(data.symbol),
      side: data.side,
      type: data.type,
      timeInForce: data.timeInForce,
      positionIntent: data.positionIntent,
      size,
      limitPrice: data.limitPrice === null ? null : parsePrice(data.limitPrice),
      stopPrice: data.stopPrice === null ? null : parsePrice(data.stopPrice),
    },
    decision: { decisionId: decisionId(data.decisionId), generation: data.generation, slice: data.slice },
    purpose: data.purpose,
    runId: data.runId === null ? null : runId(data.runId),
    policyVersion: data.policyVersion,
    claimedAt: parseEpochMs(occurredAt),
    correlationId: correlation,
  };
}

/** @throws Fault when the journal cannot be read. */
export async function findLostOrder(journal: Journal, id: ClientOrderId): Promise<LostOrder> {
  const facts = await journal.byAggregate(aggregateOf.order(id));
  const sequence = facts.at(-1)?.meta.sequence ?? 0;
  for (const fact of facts) {
    if (fact.type !== 'order.claimed.v1') continue;
    return { record: recordOf(fact.data, fact.meta.occurredAt, fact.meta.correlationId), sequence };
  }
  return { record: null, sequence };
}
