/**
 * An order's row: the record as compressed text, and beside it the attributes that conditions test and indexes are made
 * of. A row that fits into one kilobyte costs half of one that does not, at each of the order's writes.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { flag, ItemReader, text, whole } from '#shared/adapters/stores/attributes.ts';
import { orderKey } from '#shared/adapters/stores/keys.ts';
import { readOrder, writeOrder } from '#shared/adapters/stores/order-record.ts';
import { TextMemory } from '#shared/adapters/stores/text-memory.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { Condition, Item, ItemKey, ItemValue } from '#shared/core/kernel/item.ts';
import type { Order } from '#shared/core/order/order.ts';
import type { PutWrite, UpdateWrite } from '#shared/ports/tables.ts';

/** Attributes that an order has only for a time: an index holds just the rows that carry its key. */
function passingAttributes(order: Order): Readonly<Record<string, ItemValue | null>> {
  return {
    leaseHolder: order.lease === null ? null : text(order.lease.holder),
    brokerOrderId: order.brokerOrderId === null ? null : text(order.brokerOrderId),
  };
}

const lastingAttributes = (order: Order): Item => ({
  state: text(order.state),
  version: whole(order.version),
  cancelRequested: flag(order.cancelRequested !== null),
  order: { B: deflateRawSync(writeOrder(order)) },
});

const present = (order: Order): Readonly<Record<string, ItemValue>> => {
  const attributes: Record<string, ItemValue> = {};
  for (const [name, value] of Object.entries(passingAttributes(order))) if (value !== null) attributes[name] = value;
  return attributes;
};

/** An order with thousands of executions; what unpacks to more is no order. */
const RECORD_BYTES_MAX = 4 * 1024 * 1024;

/** Where a row lies. @throws Fault `permanent` item-corrupt. */
export function keyOfItem(item: Item): ItemKey {
  const reader = new ItemReader(item, 'order');
  return { pk: reader.text('pk'), sk: reader.text('sk') };
}

/** An order that rests, as each stop does, is read each minute by reconcile and by protect, and its row is the same. */
const lately = new TextMemory<Order>(500);

/** @throws Fault `permanent` item-corrupt. */
export function readOrderItem(item: Item): Order {
  const stored = new ItemReader(item, 'order').bytes('order');
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  try {
    // One character for each byte.
    return lately.read(bytes.toString('latin1'), () =>
      readOrder(inflateRawSync(bytes, { maxOutputLength: RECORD_BYTES_MAX }).toString('utf8')),
    );
  } catch (cause) {
    throw new Fault('permanent', 'item-corrupt', 'an order row is not readable', { cause });
  }
}

const orderAbsent: Condition = { name: 'order-exists', test: { op: 'absent' } };

const orderVersionIs = (version: number): Condition => ({
  name: 'order-version-changed',
  test: { op: 'equals', attribute: 'version', value: whole(version) },
});

/** The first write of a row: only the claim, and the adoption of an orphan, may make one. */
export function orderPut(order: Order): PutWrite {
  const key = orderKey(order.clientOrderId);
  return {
    kind: 'put',
    table: 'orders',
    item: { pk: text(key.pk), sk: text(key.sk), ...lastingAttributes(order), ...present(order) },
    conditions: [orderAbsent],
  };
}

/** Every later write, under the version that was read. */
export const orderUpdate = (order: Order, versionSeen: number): UpdateWrite => ({
  kind: 'update',
  table: 'orders',
  key: orderKey(order.clientOrderId),
  set: { ...lastingAttributes(order), ...present(order) },
  remove: Object.entries(passingAttributes(order)).flatMap(([name, value]) => (value === null ? [name] : [])),
  conditions: [orderVersionIs(versionSeen)],
});
