/**
 * Orders as this process last wrote them, so that the next step need not read them first. Only a saving: every write
 * names the version that it saw, and what is remembered wrongly is read again.
 */
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import type { Order } from '#shared/core/order/order.ts';

const ORDERS_MAX = 500;

export class OrderMemory {
  readonly #orders = new Map<ClientOrderId, Order>();

  recall(id: ClientOrderId): Order | null {
    return this.#orders.get(id) ?? null;
  }

  keep(order: Order): void {
    this.#orders.delete(order.clientOrderId);
    this.#orders.set(order.clientOrderId, order);
    for (const oldest of this.#orders.keys()) {
      if (this.#orders.size <= ORDERS_MAX) return;
      this.#orders.delete(oldest);
    }
  }

  forget(id: ClientOrderId): void {
    this.#orders.delete(id);
  }
}
