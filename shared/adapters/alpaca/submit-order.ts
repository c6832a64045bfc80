/** Sending one order: its body on the wire, and what the answer proves. */
import { formatMoney, formatPrice, formatQuantity, roundMoney } from '#shared/core/kernel/decimal.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import type { Order, OrderTerms } from '#shared/core/order/order.ts';
import { type OrderType, isClosing } from '#shared/core/order/terms.ts';
import type { SubmitOutcome } from '#shared/ports/broker.ts';
import { type BrokerError, brokerErrorOf } from './error-body.ts';
import type { Reply } from './http-attempt.ts';
import type { AlpacaHttp } from './http-client.ts';
import type { Redact } from './redaction.ts';
import { brokerRefusal, DUPLICATE_TEXT } from './refusal-texts.ts';
import { issuesOf } from './wire-fields.ts';
import { brokerOrder } from './wire-order.ts';

/** The most decimals of a dollar amount that every document of the broker agrees on. */
const NOTIONAL_DECIMALS = 2;

const takesLimit = (type: OrderType): boolean => type === 'limit' || type === 'stop_limit';
const takesStop = (type: OrderType): boolean => type === 'stop' || type === 'stop_limit';

/** Why the terms cannot be written down for this broker, or null. */
function misfit(terms: OrderTerms): Refusal | null {
  const { type, size } = terms;
  if (takesLimit(type) !== (terms.limitPrice !== null)) {
    return refusal('order-malformed', `a ${type} order ${takesLimit(type) ? 'needs' : 'takes no'} limit price`, {
      type,
    });
  }
  if (takesStop(type) !== (terms.stopPrice !== null)) {
    return refusal('order-malformed', `a ${type} order ${takesStop(type) ? 'needs' : 'takes no'} stop price`, { type });
  }
  if (size.kind === 'notional' && roundMoney(size.notional, NOTIONAL_DECIMALS, 'floor') !== size.notional) {
    const notional = formatMoney(size.notional);
    return refusal('order-malformed', `an amount has at most ${NOTIONAL_DECIMALS} decimals, not ${notional}`, {
      notional,
    });
  }
  return null;
}

/** The body of `POST /v2/orders`: decimals as texts, and nothing that the terms do not say. */
function orderBody(order: Pick<Order, 'intent' | 'clientOrderId'>): Readonly<Record<string, string>> {
  const { terms } = order.intent;
  return {
    client_order_id: order.clientOrderId,
    symbol: terms.ticker,
    side: terms.side,
    type: terms.type,
    time_in_force: terms.timeInForce,
    position_intent: terms.positionIntent,
    ...(terms.size.kind === 'quantity'
      ? { qty: formatQuantity(terms.size.quantity) }
      : { notional: formatMoney(terms.size.notional) }),
    ...(terms.limitPrice === null ? {} : { limit_price: formatPrice(terms.limitPrice) }),
    ...(terms.stopPrice === null ? {} : { stop_price: formatPrice(terms.stopPrice) }),
  };
}

/**
 * Statuses with which the service itself refuses an order for good. Any other that is not 2xx, 409 or 429 proves
 * nothing: a proxy may have given it, and the order may be in the market.
 */
const DEFINITE_REFUSALS: ReadonlySet<number> = new Set([400, 401, 403, 404, 422]);

/** What an answer to a submit proves: by its status first, and by its text only within that. */
function submitOutcome(reply: Reply, order: Pick<Order, 'clientOrderId'>, redact: Redact): SubmitOutcome {
  switch (reply.kind) {
    case 'not-sent':
      return { kind: 'throttled', cause: `not sent: ${reply.cause}`, retryAfterMs: null, requestId: null };
    case 'lost':
      return { kind: 'ambiguous', cause: reply.cause, requestId: null };
    case 'garbled':
    case 'json': {
      const { status, requestId, retryAfterMs } = reply.head;
      if (status === 429) return { kind: 'throttled', cause: 'the broker throttles', retryAfterMs, requestId };
      if (reply.kind === 'garbled') return { kind: 'ambiguous', cause: `status ${status}: ${reply.cause}`, requestId };
      if (status >= 200 && status < 300) return acknowledgement(reply.value, order, requestId, redact);
      const error = redactedError(brokerErrorOf(reply.value), redact);
      if (status === 409) return { kind: 'duplicate', requestId };
      if (!DEFINITE_REFUSALS.has(status) || error.message === null) {
        return { kind: 'ambiguous', cause: `status ${status}: ${error.message ?? 'without a message'}`, requestId };
      }
      if (DUPLICATE_TEXT.test(error.message)) return { kind: 'duplicate', requestId };
      return { kind: 'refused', refusal: brokerRefusal(status, error, requestId), requestId };
    }
  }
}

export const redactedError = (error: BrokerError, redact: Redact): BrokerError => ({
  code: error.code,
  message: error.message === null ? null : redact(error.message),
  facts: Object.fromEntries(Object.entries(error.facts).map(([name, value]) => [name, redact(value)])),
});

/** An order object acknowledges only the order that was sent. */
function acknowledgement(
  value: unknown,
  order: Pick<Order, 'clientOrderId'>,
  requestId: string | null,
  redact: Redact,
): SubmitOutcome {
  const read = brokerOrder.safeParse(value);
  if (!read.success) {
    return {
      kind: 'ambiguous',
      cause: redact(`the order in the answer cannot be read: ${issuesOf(read.error)}`),
      requestId,
    };
  }
  if (read.data.clientOrderId !== order.clientOrderId) {
    return { kind: 'ambiguous', cause: 'the answer tells of another order', requestId };
  }
  return { kind: 'acknowledged', order: read.data, requestId };
}

/** Sends the order at most once. Terms that this broker has no words for are refused before anything is sent. */
export async function submitOrder(http: AlpacaHttp, order: Order, startWithinMs?: number): Promise<SubmitOutcome> {
  const { terms } = order.intent;
  const misfitting = misfit(terms);
  if (misfitting !== null) return { kind: 'refused', refusal: misfitting, requestId: null };
  const reply = await http.once({
    kind: isClosing(terms.positionIntent) ? 'exit' : 'entry',
    method: 'POST',
    path: '/v2/orders',
    body: orderBody(order),
    ...(startWithinMs === undefined ? {} : { startWithinMs }),
  });
  return submitOutcome(reply, order, http.redact);
}
