/** Alpaca's order object in the house's words. */
import * as z from 'zod';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import {
  ORDER_TYPES,
  type OrderType,
  POSITION_INTENTS,
  type PositionIntent,
  TIMES_IN_FORCE,
  type TimeInForce,
} from '#shared/core/order/terms.ts';
import { statusOf } from './order-status.ts';
import {
  houseTicker,
  maybeAverage,
  maybeInstant,
  maybeMoney,
  maybeOrderId,
  maybePrice,
  maybeQuantity,
  maybeText,
  orderId,
  quantity,
  side,
  symbol,
} from './wire-fields.ts';

const typeOf = (text: string | null): OrderType | null => ORDER_TYPES.find((known) => known === text) ?? null;
const timeInForceOf = (text: string | null): TimeInForce | null =>
  TIMES_IN_FORCE.find((known) => known === text) ?? null;
const intentOf = (text: string | null): PositionIntent | null =>
  POSITION_INTENTS.find((known) => known === text) ?? null;

const wireOrder = z.object({
  id: orderId,
  client_order_id: maybeText,
  symbol,
  asset_class: maybeText,
  side,
  type: maybeText,
  /** Older twin of `type`. */
  order_type: maybeText,
  time_in_force: maybeText,
  position_intent: maybeText,
  qty: maybeQuantity,
  notional: maybeMoney,
  limit_price: maybePrice,
  stop_price: maybePrice,
  status: z.string().min(1),
  filled_qty: quantity,
  filled_avg_price: maybeAverage,
  submitted_at: maybeInstant,
  updated_at: maybeInstant,
  replaced_by: maybeOrderId,
});

/** Reads one order object; missing newer fields are null, unknown fields ignored. */
export const brokerOrder: z.ZodType<BrokerOrder> = wireOrder.transform((wire) => ({
  brokerOrderId: wire.id,
  clientOrderId: wire.client_order_id,
  ticker: houseTicker(wire.symbol, wire.asset_class),
  side: wire.side,
  type: typeOf(wire.type ?? wire.order_type),
  timeInForce: timeInForceOf(wire.time_in_force),
  positionIntent: intentOf(wire.position_intent),
  quantity: wire.qty,
  notional: wire.notional,
  limitPrice: wire.limit_price,
  stopPrice: wire.stop_price,
  status: statusOf(wire.status),
  statusText: wire.status,
  filledQuantity: wire.filled_qty,
  filledAveragePrice: wire.filled_avg_price,
  submittedAt: wire.submitted_at,
  updatedAt: wire.updated_at,
  replacedBy: wire.replaced_by,
}));

export const brokerOrders: z.ZodType<readonly BrokerOrder[]> = z.array(brokerOrder);
