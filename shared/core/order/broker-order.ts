/** A broker's order object, read leniently at the edge and put into the house's words. */
import type { Money, Price, Quantity } from '#shared/core/kernel/decimal.ts';
import type { BrokerOrderId, Ticker } from '#shared/core/kernel/identity.ts';
import type { EpochNs } from '#shared/core/kernel/instant.ts';
import type { OrderType, PositionIntent, Side, TimeInForce } from '#shared/core/order/terms.ts';

/**
 * What the broker says of an order's state. `open-unrecognised` is any status that this house does not know: the
 * order counts as open and is looked at again.
 */
export const BROKER_STATUSES = [
  'accepted',
  'pending',
  'new',
  'partially_filled',
  'pending_cancel',
  'pending_replace',
  'suspended',
  'done_for_day',
  'open-unrecognised',
  'filled',
  'canceled',
  'expired',
  'rejected',
  'replaced',
] as const;
export type BrokerStatus = (typeof BROKER_STATUSES)[number];

export interface BrokerOrder {
  readonly brokerOrderId: BrokerOrderId;
  /** As the broker has it; foreign orders may carry any text, so it is no ClientOrderId yet. */
  readonly clientOrderId: string | null;
  readonly ticker: Ticker;
  readonly side: Side;
  /** Null where the broker names a type or time in force that this house does not place. */
  readonly type: OrderType | null;
  readonly timeInForce: TimeInForce | null;
  readonly positionIntent: PositionIntent | null;
  readonly quantity: Quantity | null;
  readonly notional: Money | null;
  readonly limitPrice: Price | null;
  readonly stopPrice: Price | null;
  readonly status: BrokerStatus;
  /** The broker's own word for the status. */
  readonly statusText: string;
  readonly filledQuantity: Quantity;
  /** An average over the whole order, rounded by the broker: for checks, never for booking. */
  readonly filledAveragePrice: Price | null;
  readonly submittedAt: EpochNs | null;
  readonly updatedAt: EpochNs | null;
  readonly replacedBy: BrokerOrderId | null;
}
