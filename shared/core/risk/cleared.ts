/** An order that passed every pre-trade check on facts that the sender read itself. Only `clearOrder` makes one. */
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import type { OrderIntent, Reservation } from '#shared/core/order/order.ts';
import type { OrderClass } from '#shared/core/safety/order-class.ts';

declare const brand: unique symbol;

export interface Clearance {
  readonly intent: OrderIntent;
  readonly clientOrderId: ClientOrderId;
  readonly orderClass: OrderClass;
  readonly reservation: Reservation;
  /** Version of the policy that it was cleared under. */
  readonly policyVersion: number;
  /** Limits that it came near to; written down with the claim. */
  readonly warnings: readonly Refusal[];
}

export type ClearedOrder = Clearance & { readonly [brand]: 'ClearedOrder' };

export const markCleared = (clearance: Clearance): ClearedOrder => clearance as ClearedOrder;
