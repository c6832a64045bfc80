/** An order's row: the record as text, and beside it the attributes that conditions test and indexes are made of. */
import { flag, ItemReader, text, whole } from '#shared/adapters/stores/attributes.ts';
import { orderKey } from '#shared/adapters/stores/keys.ts';
import { readOrder, writeOrder } from '#shared/adapters/stores/order-record.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { Condition, Item } from '#shared/core/kernel/item.ts';
import { isOpen, type Order } from '#shared/core/order/order.ts';
import type { PutWrite } from '#shared/ports/tables.ts';

function orderItem(order: Order): Item {
  const key = orderKey(order.clientOrderId);
  const { terms, correlationId } = order.intent;
  return {
    pk: text(key.pk),
    sk: text(key.sk),
    correlationId: text(correlationId),
    state: text(order.state),
    version: whole(order.version),
    cancelRequested: flag(order.cancelRequested !== null),
    ...(order.lease === null ? {} : { leaseHolder: text(order.lease.holder) }),
    ...(order.brokerOrderId === null ? {} : { brokerOrderId: text(order.brokerOrderId) }),
    ...(isOpen(order)
      ? { openAccount: text(terms.accountId), openKey: text(`${terms.ticker}#${order.clientOrderId}`) }
      : {}),
    order: text(writeOrder(order)),
  };
}

/** @throws Fault `permanent` item-corrupt. */
export function readOrderItem(item: Item): Order {
  const stored = new ItemReader(item, 'order').text('order');
  try {
    return readOrder(stored);
  } catch (cause) {
    throw new Fault('permanent', 'item-corrupt', 'an order row is not readable', { cause });
  }
}

export const orderAbsent: Condition = { name: 'order-exists', test: { op: 'absent' } };

export const orderVersionIs = (version: number): Condition => ({
  name: 'order-version-changed',
  test: { op: 'equals', attribute: 'version', value: whole(version) },
});

export const orderPut = (order: Order, conditions: readonly Condition[]): PutWrite => ({
  kind: 'put',
  table: 'orders',
  item: orderItem(order),
  conditions,
});
