/** The broker's own books of one account as exact texts. */
import { formatMoney, formatPrice, formatQuantity } from '#shared/core/kernel/decimal.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { accountFigures } from '#shared/core/venue/account-figures.ts';
import type { Venue } from '#shared/core/venue/venue-state.ts';
import type { BrokerLedger } from './embedding.ts';

export function ledgerOf(venue: Venue, now: EpochMs): BrokerLedger {
  const { state } = venue;
  return {
    cash: formatMoney(state.cash),
    equity: formatMoney(accountFigures(venue, now).equity),
    fees: formatMoney(state.feesPaid),
    orders: state.orders.map((order) => ({
      id: order.id,
      clientOrderId: order.clientOrderId,
      symbol: order.ticker,
      side: order.side,
      type: order.type,
      timeInForce: order.timeInForce,
      quantity: order.quantity === null ? null : formatQuantity(order.quantity),
      notional: order.notional === null ? null : formatMoney(order.notional),
      status: order.status,
      filledQuantity: formatQuantity(order.filledQuantity),
      filledNotional: formatMoney(order.filledNotional),
    })),
    executions: state.executions.map((execution) => ({
      id: execution.id,
      orderId: execution.orderId,
      clientOrderId: execution.clientOrderId,
      symbol: execution.ticker,
      side: execution.side,
      quantity: formatQuantity(execution.quantity),
      price: formatPrice(execution.price),
      cumulativeQuantity: formatQuantity(execution.cumulativeQuantity),
      at: execution.at,
      kind: execution.kind,
      undoes: execution.undoes,
    })),
    positions: [...state.positions.values()].map((position) => ({
      symbol: position.ticker,
      quantity: formatQuantity(position.quantity),
      cost: formatMoney(position.cost),
    })),
  };
}
