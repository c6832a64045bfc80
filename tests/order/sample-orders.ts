/** Orders to test with, in every state that the house alone brings them to. */
import { parseMoney, parsePrice, wholeQuantity, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import type { Quantity } from '#shared/core/kernel/decimal.ts';
import {
  accountId,
  brokerOrderId,
  correlationId,
  decisionId,
  strategyId,
  ticker,
} from '#shared/core/kernel/identity.ts';
import { addMs, epochMs, epochNs } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import type { Result } from '#shared/core/kernel/result.ts';
import { advance } from '#shared/core/order/advance.ts';
import { requestCancel } from '#shared/core/order/cancel.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { Step } from '#shared/core/order/consequences.ts';
import type { Order, OrderIntent, OrderTerms, OrderUpdate } from '#shared/core/order/order.ts';
import { reservationFor } from '#shared/core/order/reservation.ts';
import {
  claimOrder,
  failUnsent,
  lastLook,
  markUnknown,
  refusedByBroker,
  withdraw,
} from '#shared/core/order/sending.ts';
import { abandon } from '#shared/core/order/unknown-fate.ts';

export const CLAIMED_AT = epochMs(1_700_000_000_000);
export const RECEIVED_AT = addMs(CLAIMED_AT, 30_000);
export const VALID_UNTIL = addMs(CLAIMED_AT, 300_000);
export const HOLDER = 'sender-1';

export const sampleTerms = (changes: Partial<OrderTerms> = {}): OrderTerms => ({
  accountId: accountId('paper-1'),
  strategyId: strategyId('momentum'),
  ticker: ticker('AAPL'),
  side: 'buy',
  type: 'limit',
  timeInForce: 'day',
  positionIntent: 'buy_to_open',
  size: { kind: 'quantity', quantity: wholeQuantity(20) },
  limitPrice: parsePrice('101'),
  stopPrice: null,
  ...changes,
});

export const sampleIntent = (terms: Partial<OrderTerms> = {}, changes: Partial<OrderIntent> = {}): OrderIntent => ({
  terms: sampleTerms(terms),
  decision: { decisionId: decisionId('run-7:AAPL'), generation: 0, slice: 0 },
  purpose: 'entry',
  correlationId: correlationId('run-7'),
  runId: null,
  decidedAt: CLAIMED_AT,
  validUntil: VALID_UNTIL,
  arrivalPrice: parsePrice('100'),
  policyVersion: 3,
  basis: { position: ZERO_QUANTITY, openQuantity: ZERO_QUANTITY },
  ...changes,
});

export const CLIENT_ORDER_ID = clientOrderIdFor(sampleTerms(), sampleIntent().decision);

/** The value of a step that must be taken. */
export function taken<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  return result.value;
}

export const REASON = { code: 'because', message: 'Because.', context: {} };
const REFUSAL = refusal('broker-refused', 'no');

export const claimed = (intent: OrderIntent = sampleIntent()): Order =>
  claimOrder({
    intent,
    reservation: reservationFor(intent.terms, parsePrice('103')),
    holder: HOLDER,
    at: CLAIMED_AT,
    dryRun: false,
  }).order;

export const dryRun = (intent: OrderIntent = sampleIntent()): Step =>
  claimOrder({
    intent,
    reservation: reservationFor(intent.terms, parsePrice('103')),
    holder: HOLDER,
    at: CLAIMED_AT,
    dryRun: true,
  });

export const sending = (intent?: OrderIntent): Order => taken(lastLook(claimed(intent), HOLDER, CLAIMED_AT)).order;
export const unknown = (intent?: OrderIntent): Order => taken(markUnknown(sending(intent), REASON, CLAIMED_AT)).order;

const notionalIntent = sampleIntent({
  size: { kind: 'notional', notional: parseMoney('2000') },
  type: 'market',
  limitPrice: null,
});

/** Every state that the house brings an order to, before any news. */
export const HOUSE_STARTS: Readonly<Record<string, () => Order>> = {
  claimed: () => claimed(),
  sending: () => sending(),
  unknown: () => unknown(),
  withdrawn: () => taken(withdraw(claimed(), refusal('kill-switch-engaged', 'no'), CLAIMED_AT)).order,
  failed: () => taken(failUnsent(claimed(), REASON, CLAIMED_AT)).order,
  rejected: () => taken(refusedByBroker(sending(), REFUSAL, CLAIMED_AT)).order,
  abandoned: () =>
    taken(
      abandon(unknown(), {
        watch: { kind: 'until', at: CLAIMED_AT },
        lastMissAt: CLAIMED_AT,
        operator: null,
        now: CLAIMED_AT,
      }),
    ).order,
  dry_run: () => dryRun().order,
  'claimed, cancel requested': () => canceling(claimed()),
  'sending, cancel requested': () => canceling(sending()),
  'unknown, cancel requested': () => canceling(unknown()),
  'rejected, cancel requested': () => taken(refusedByBroker(canceling(sending()), REFUSAL, CLAIMED_AT)).order,
  'a notional order, sending': () => sending(notionalIntent),
  'a sell that closes, sending': () => sending(sampleIntent({ side: 'sell', positionIntent: 'sell_to_close' })),
};

export const canceling = (order: Order): Order => taken(requestCancel(order, 'operator', REASON, CLAIMED_AT)).order;

/** News of the order, from the stream, one second after the claim. */
export const news = (order: Order, changes: Partial<OrderUpdate>): OrderUpdate => ({
  source: 'stream',
  clientOrderId: order.clientOrderId,
  brokerOrderId: brokerOrderId('b-1'),
  status: null,
  cumulativeQuantity: null,
  averagePrice: null,
  execution: null,
  brokerTime: epochNs(1_700_000_001_000_000_000n),
  receivedAt: RECEIVED_AT,
  detail: null,
  ...changes,
});

export const told = (order: Order, ...updates: readonly Partial<OrderUpdate>[]): Order =>
  updates.reduce((current, changes) => advance(current, news(current, changes)).order, order);

export const units = (count: number): Quantity => wholeQuantity(count);
