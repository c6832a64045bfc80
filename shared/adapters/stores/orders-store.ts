/** The order store over the tables. */
import type { Room } from '#events/envelope.ts';
import { adopt } from '#shared/adapters/stores/adopt.ts';
import { claim } from '#shared/adapters/stores/claim.ts';
import { journalPuts } from '#shared/adapters/stores/journal-item.ts';
import { refusedFacts } from '#shared/adapters/stores/order-facts.ts';
import { keyOfItem, readOrderItem } from '#shared/adapters/stores/order-item.ts';
import { orderRequestsStore } from '#shared/adapters/stores/order-requests-store.ts';
import { OrderMemory } from '#shared/adapters/stores/order-memory.ts';
import {
  listOpen,
  type OrderTables,
  readOrderRow,
  recordConflict,
  takeLastLook,
  writeStep,
} from '#shared/adapters/stores/order-steps.ts';
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import { advance, advanceAll } from '#shared/core/order/advance.ts';
import type { Order } from '#shared/core/order/order.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { REQUESTED_DECISION } from '#shared/ports/order-requests.ts';
import type { Orders } from '#shared/ports/orders.ts';
import type { Tables } from '#shared/ports/tables.ts';

/** @param room names who speaks in the facts. */
export function ordersStore(tables: Tables, room: Room, clock: Clock): Orders {
  const requests = orderRequestsStore(tables);
  const store: OrderTables = { tables, room, clock, memory: new OrderMemory() };
  const get = (id: ClientOrderId): Promise<Order | null> => readOrderRow(store, id);

  const findByBrokerId: Orders['findByBrokerId'] = async (id) => {
    const page = await tables.query({ table: 'orders', index: 'by-broker-order', partition: id, limit: 1 });
    const entry = page.items[0];
    if (entry === undefined) return null;
    // The index holds keys alone, and lags.
    const item = await tables.get('orders', keyOfItem(entry));
    return item === null ? null : readOrderItem(item);
  };

  return {
    get,
    findByBrokerId,

    listOpen: (accountId, cursor) => listOpen(store, accountId, cursor),

    async claim(request) {
      const outcome = await claim(tables, room, request);
      if (outcome.kind === 'claimed') store.memory.keep(outcome.order);
      return outcome;
    },
    lastLook: (order, look) => takeLastLook(store, order, look),
    recordConflict: (intent, conflict, now) => recordConflict(store, intent, conflict, now),

    async refuse(intent, refused, now) {
      const outcome = await tables.transact(journalPuts(refusedFacts(room, intent, refused, now)));
      const { decisionId } = intent.decision;
      // Whoever asked for it finds why on the row of his request, also when nobody reads the journal.
      if (outcome.ok && decisionId.startsWith(REQUESTED_DECISION)) await requests.fail(decisionId, refused);
      return outcome.ok;
    },

    async settle(update) {
      const id =
        update.clientOrderId ??
        (update.brokerOrderId === null ? null : ((await findByBrokerId(update.brokerOrderId))?.clientOrderId ?? null));
      if (id === null) return null;
      return await writeStep(store, id, (order) => advance(order, { ...update, clientOrderId: id }));
    },

    settleAll: (id, told) =>
      writeStep(store, id, (order) =>
        advanceAll(
          order,
          told(order).map((update) => ({ ...update, clientOrderId: id })),
        ),
      ),

    adopt: (adoption) => adopt(tables, room, clock, adoption),

    step: (id, take) =>
      writeStep(store, id, (order) => {
        const taken = take(order);
        return taken.ok ? taken.value : null;
      }),
  };
}
