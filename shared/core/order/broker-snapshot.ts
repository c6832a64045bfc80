/** A broker's order object as news, as a claim to be ours, and as an orphan. */
import { formatMoney, formatPrice, formatQuantity } from '#shared/core/kernel/decimal.ts';
import type { Money, Price, Quantity } from '#shared/core/kernel/decimal.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import { stepTo } from '#shared/core/order/advance.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import { isOwnClientOrderId } from '#shared/core/order/client-order-id.ts';
import { consequencesOf } from '#shared/core/order/consequences.ts';
import type { Step } from '#shared/core/order/consequences.ts';
import { evidenceOf, joinEvidence } from '#shared/core/order/evidence.ts';
import type { Order, OrderIntent, OrderUpdate, Reservation, UpdateSource } from '#shared/core/order/order.ts';
import { claimOrder } from '#shared/core/order/sending.ts';

/** What the broker's order object tells: status and quantity, and no execution. */
export const updateFromSnapshot = (found: BrokerOrder, source: UpdateSource, receivedAt: EpochMs): OrderUpdate => ({
  source,
  clientOrderId: found.clientOrderId !== null && isOwnClientOrderId(found.clientOrderId) ? found.clientOrderId : null,
  brokerOrderId: found.brokerOrderId,
  status: found.status,
  cumulativeQuantity: found.filledQuantity,
  averagePrice: found.filledAveragePrice,
  execution: null,
  brokerTime: found.updatedAt ?? found.submittedAt,
  receivedAt,
  detail: null,
});

export interface TermsMismatch {
  readonly field: string;
  readonly ours: string;
  readonly theirs: string;
}

const textOf = <T>(value: T | null, format: (value: T) => string): string => (value === null ? 'none' : format(value));
const quantityText = (value: Quantity | null): string => textOf(value, formatQuantity);
const moneyText = (value: Money | null): string => textOf(value, formatMoney);
const priceText = (value: Price | null): string => textOf(value, formatPrice);

/**
 * Where the broker's order differs from the one that was to be placed. A duplicate-id answer proves only that the id is
 * taken: the order behind it is ours when nothing differs.
 *
 * The position intent counts only where the broker tells one; a type or time in force that this house does not know is a
 * difference.
 */
export function termsMismatches(
  order: Pick<Order, 'intent' | 'clientOrderId'>,
  found: BrokerOrder,
): readonly TermsMismatch[] {
  const { terms } = order.intent;
  const quantity = terms.size.kind === 'quantity' ? terms.size.quantity : null;
  const notional = terms.size.kind === 'notional' ? terms.size.notional : null;
  const compared: readonly (readonly [string, string, string])[] = [
    ['client-order-id', order.clientOrderId, found.clientOrderId ?? 'none'],
    ['symbol', terms.ticker, found.ticker],
    ['side', terms.side, found.side],
    // Brokers fill in the units of a notional order as they come to know them.
    ['quantity', quantityText(quantity), notional === null ? quantityText(found.quantity) : 'none'],
    ['notional', moneyText(notional), moneyText(found.notional)],
    ['type', terms.type, found.type ?? 'unrecognised'],
    ['time-in-force', terms.timeInForce, found.timeInForce ?? 'unrecognised'],
    ['limit-price', priceText(terms.limitPrice), priceText(found.limitPrice)],
    ['stop-price', priceText(terms.stopPrice), priceText(found.stopPrice)],
    ['position-intent', terms.positionIntent, found.positionIntent ?? terms.positionIntent],
  ];
  return compared.flatMap(([field, ours, theirs]) => (ours === theirs ? [] : [{ field, ours, theirs }]));
}

/** The refusal for an order of our id that is not our order. */
export const mismatchRefusal = (mismatches: readonly TermsMismatch[]): Refusal =>
  refusal(
    'broker-duplicate-mismatch',
    'The broker has another order under this client order id.',
    Object.fromEntries(mismatches.map(({ field, ours, theirs }) => [field, `ours ${ours}, theirs ${theirs}`])),
  );

/**
 * Takes an order with our mark, found at the broker without a row, into the books. The one way in which an order comes
 * to be without a claim.
 * @param intent what the lost decision must have been, as far as it can be restored.
 */
export function adoptOrphan(intent: OrderIntent, reservation: Reservation, found: BrokerOrder, now: EpochMs): Step {
  const made = claimOrder({ intent, reservation, holder: 'adoption', at: now, dryRun: false }).order;
  const evidence = joinEvidence([], evidenceOf(updateFromSnapshot(found, 'reconciliation', now)));
  const clientOrderId =
    found.clientOrderId !== null && isOwnClientOrderId(found.clientOrderId) ? found.clientOrderId : made.clientOrderId;
  const adopted: Order = { ...stepTo({ ...made, clientOrderId }, { evidence, sentAt: now }, now).order, version: 1 };
  const consequences = consequencesOf(null, adopted);
  const reason = {
    code: 'orphan-adopted',
    message: 'An order with our mark was found at the broker without a row.',
    context: { status: found.statusText },
  };
  const fact = { kind: 'adopted', brokerOrderId: found.brokerOrderId, reason } as const;
  const facts = [fact, ...consequences.facts.filter((other) => other.kind !== 'claimed')];
  return {
    order: { ...adopted, journalSequence: facts.length },
    changed: true,
    consequences: { ...consequences, facts },
  };
}
