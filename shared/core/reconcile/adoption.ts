/**
 * Orders at the broker without a row: ours by their mark, or somebody else's that the policy or a person claims. What was
 * decided of them is restored from the journal as far as it goes; what nobody wrote down is taken from the order itself,
 * on the strategy "manual".
 */
import { type Money, type Price, type Quantity, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { contentId } from '#shared/core/kernel/hash.ts';
import {
  type AccountId,
  type BrokerOrderId,
  type ClientOrderId,
  correlationId,
  decisionId,
  MANUAL,
  type RunId,
} from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { DecisionRef, Order, OrderIntent, OrderPurpose, OrderSize, OrderTerms } from '#shared/core/order/order.ts';
import type { PositionIntent } from '#shared/core/order/terms.ts';

const ADOPTED = 'orphan:';

/** True for an order whose decision nobody knows: it was made up from what the broker has. */
export const isAdopted = (order: Pick<Order, 'intent'>): boolean =>
  order.intent.decision.decisionId.startsWith(ADOPTED);

const decisionOf = (brokerOrderId: BrokerOrderId): DecisionRef => ({
  decisionId: decisionId(`${ADOPTED}${contentId(['orphan', brokerOrderId], 32)}`),
  generation: 0,
  slice: 0,
});

/** The id under which a foreign order is taken into the table: a pure hash of what the broker calls it. */
export const claimedIdOf = (
  accountId: AccountId,
  found: Pick<BrokerOrder, 'brokerOrderId' | 'ticker' | 'side'>,
): ClientOrderId =>
  clientOrderIdFor(
    { accountId, strategyId: MANUAL, ticker: found.ticker, side: found.side },
    decisionOf(found.brokerOrderId),
  );

/** What the claim of a lost order wrote into the journal. */
export interface ClaimedRecord {
  readonly terms: OrderTerms;
  readonly decision: DecisionRef;
  readonly purpose: OrderPurpose;
  readonly runId: RunId | null;
  readonly policyVersion: number;
  readonly claimedAt: EpochMs;
  readonly correlationId: string;
}

export interface AdoptionFacts {
  readonly accountId: AccountId;
  readonly found: BrokerOrder;
  /** What the claim wrote, where the journal still has it. */
  readonly record: ClaimedRecord | null;
  /** What the broker holds of the symbol, signed. */
  readonly position: Quantity;
  /** A price of the symbol, for an order that carries none. */
  readonly price: Price;
  readonly policyVersion: number;
  readonly now: EpochMs;
}

function inferredIntent({ found, position }: AdoptionFacts): PositionIntent {
  if (found.positionIntent !== null) return found.positionIntent;
  if (found.side === 'buy') return position < 0n ? 'buy_to_close' : 'buy_to_open';
  return position > 0n ? 'sell_to_close' : 'sell_to_open';
}

const positive = <T extends Money | Quantity>(value: T | null): value is T => value !== null && value > 0n;

/** An order without a size has filled something, or is of a kind that tells its size later: then one unit. */
function sizeOf({ quantity, notional, filledQuantity }: BrokerOrder): OrderSize {
  if (positive(quantity)) return { kind: 'quantity', quantity };
  if (positive(notional)) return { kind: 'notional', notional };
  return { kind: 'quantity', quantity: positive(filledQuantity) ? filledQuantity : parseQuantity('1') };
}

/** The price that the order reserves at. */
export const adoptionPrice = ({ found, price }: AdoptionFacts): Price =>
  found.limitPrice ?? found.stopPrice ?? found.filledAveragePrice ?? price;

/** What must have been decided, as far as it can be known. It is never sent again: its time is over. */
export function adoptedIntent(facts: AdoptionFacts): OrderIntent {
  const { accountId, found, record, now } = facts;
  const common = { decidedAt: now, validUntil: now, arrivalPrice: adoptionPrice(facts) };
  const basis = { position: facts.position, openQuantity: parseQuantity('0') };
  if (record !== null) {
    const { terms, decision, purpose, runId, policyVersion } = record;
    const known = {
      terms,
      decision,
      purpose,
      runId,
      policyVersion,
      correlationId: correlationId(record.correlationId),
    };
    return { ...common, ...known, decidedAt: record.claimedAt, basis };
  }
  return {
    ...common,
    terms: {
      accountId,
      strategyId: MANUAL,
      ticker: found.ticker,
      side: found.side,
      type: found.type ?? 'market',
      timeInForce: found.timeInForce ?? 'day',
      positionIntent: inferredIntent(facts),
      size: sizeOf(found),
      limitPrice: found.limitPrice,
      stopPrice: found.stopPrice,
    },
    decision: decisionOf(found.brokerOrderId),
    purpose: 'manual',
    correlationId: correlationId(`adopt:${contentId(['orphan', found.brokerOrderId], 32)}`),
    runId: null,
    policyVersion: facts.policyVersion,
    basis,
  };
}
