/**
 * An order that may be sent: its row is durable and its last look has committed. The broker's port takes nothing else,
 * so that sending an order that is not written down does not compile. Only the store that runs the last look may call
 * `markClaimed`; tests/tidy holds that.
 */
import type { Order } from '#shared/core/order/order.ts';

declare const brand: unique symbol;

export type ClaimedOrder = Order & { readonly [brand]: 'ClaimedOrder' };

export const markClaimed = (order: Order): ClaimedOrder => order as ClaimedOrder;
