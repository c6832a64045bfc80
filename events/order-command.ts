/** An order's intent as the command that asks for it, and back. The two are one to one. */
import type { CommandData } from '#events/catalogue.ts';
import {
  formatMoney,
  formatPrice,
  formatQuantity,
  parseMoney,
  parsePrice,
  parseQuantity,
} from '#shared/core/kernel/decimal.ts';
import {
  accountId,
  type ClientOrderId,
  correlationId,
  decisionId,
  runId,
  strategyId,
  ticker,
} from '#shared/core/kernel/identity.ts';
import { formatEpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import type { OrderIntent, OrderSize } from '#shared/core/order/order.ts';

type SubmitOrder = CommandData<'submit-order.v1'>;

/** @param clientOrderId the hash of the decision that the intent carries */
export function submitOrderOf(intent: OrderIntent, clientOrderId: ClientOrderId): SubmitOrder {
  const { terms, decision } = intent;
  return {
    clientOrderId,
    accountId: terms.accountId,
    strategyId: terms.strategyId,
    symbol: terms.ticker,
    side: terms.side,
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
    decidedAt: formatEpochMs(intent.decidedAt),
    validUntil: formatEpochMs(intent.validUntil),
    arrivalPrice: formatPrice(intent.arrivalPrice),
    policyVersion: intent.policyVersion,
    basis: {
      position: formatQuantity(intent.basis.position),
      openQuantity: formatQuantity(intent.basis.openQuantity),
    },
  };
}

function sizeOf(data: SubmitOrder): OrderSize {
  if (data.quantity !== null && data.notional === null) {
    return { kind: 'quantity', quantity: parseQuantity(data.quantity) };
  }
  if (data.notional !== null && data.quantity === null) {
    return { kind: 'notional', notional: parseMoney(data.notional) };
  }
  throw new RangeError('an order is for a quantity or for a notional, never both or neither');
}

/** @throws DecimalError, IdentityError or RangeError for a command that no intent could have made. */
export const intentOf = (data: SubmitOrder, correlation: string): OrderIntent => ({
  terms: {
    accountId: accountId(data.accountId),
    strategyId: strategyId(data.strategyId),
    ticker: ticker(data.symbol),
    side: data.side,
    type: data.type,
    timeInForce: data.timeInForce,
    positionIntent: data.positionIntent,
    size: sizeOf(data),
    limitPrice: data.limitPrice === null ? null : parsePrice(data.limitPrice),
    stopPrice: data.stopPrice === null ? null : parsePrice(data.stopPrice),
  },
  decision: { decisionId: decisionId(data.decisionId), generation: data.generation, slice: data.slice },
  purpose: data.purpose,
  correlationId: correlationId(correlation),
  runId: data.runId === null ? null : runId(data.runId),
  decidedAt: parseEpochMs(data.decidedAt),
  validUntil: parseEpochMs(data.validUntil),
  arrivalPrice: parsePrice(data.arrivalPrice),
  policyVersion: data.policyVersion,
  basis: {
    position: parseQuantity(data.basis.position),
    openQuantity: parseQuantity(data.basis.openQuantity),
  },
});
