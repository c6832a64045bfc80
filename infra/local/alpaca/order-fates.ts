/** Which faults strike an order, a request to cancel or a refusal. */
import type { OrderRequest, VenueOrder } from '#shared/core/venue/venue-order.ts';
import type { CancelFate, OrderFate } from '#shared/core/venue/venue-order.ts';
import type { VenueRefusal } from '#shared/core/venue/venue-refusal.ts';
import { type Answer, refuseWith } from './answer.ts';
import type { Desk, Exchange } from './desk.ts';
import type { FaultName } from './fault-catalogue.ts';

const ORDER_FATES: readonly (readonly [FaultName, OrderFate])[] = [
  ['async-reject', 'reject'],
  ['partial-only', 'partial-only'],
  ['never-fill', 'never-fill'],
  ['bust-after-fill', 'fill-then-bust'],
  ['correct-after-fill', 'fill-then-correct'],
];

const CANCEL_FATES: readonly (readonly [FaultName, CancelFate])[] = [
  ['cancel-then-fill', 'fill-first'],
  ['partial-then-cancel', 'partial-first'],
  ['stuck-cancel', 'stuck'],
  ['cancel-refused', 'refuse'],
];

/** The first fault that strikes the order, in the order of the table. */
export function orderFate(exchange: Exchange, request: OrderRequest): OrderFate {
  const filters = { symbol: request.ticker, side: request.side };
  const subject = request.clientOrderId ?? String(exchange.requestCount);
  return ORDER_FATES.find(([fault]) => exchange.faults.strikes(fault, subject, filters) !== null)?.[1] ?? 'ordinary';
}

export function cancelFate(exchange: Exchange, order: VenueOrder | undefined): CancelFate {
  if (order === undefined) return 'confirm';
  const filters = { symbol: order.ticker, side: order.side };
  const strikes = (fault: FaultName): boolean => exchange.faults.strikes(fault, order.clientOrderId, filters) !== null;
  return CANCEL_FATES.find(([fault]) => strikes(fault))?.[1] ?? 'confirm';
}

/** Hides a fresh order from those who look for it, where the faults say so. */
export function hideOrder(exchange: Exchange, desk: Desk, order: VenueOrder): void {
  const orders = exchange.faults.strikes('hide-orders', order.clientOrderId);
  const lookup = exchange.faults.strikes('hide-lookup', order.clientOrderId);
  if (orders === null && lookup === null) return;
  const until = (ms: number): number => exchange.now() + ms;
  desk.hiddenUntil.set(order.id, {
    orders: orders === null ? 0 : until(orders.number('ms')),
    lookup: lookup === null ? 0 : until(lookup.number('ms')),
  });
}

/** A refusal in the broker's present words, or in those that it is known to have used as well. */
export function refuseOrder(exchange: Exchange, refusal: VenueRefusal): Answer {
  const plain = refuseWith(refusal);
  const subject = String(exchange.requestCount);
  const strikes = (fault: FaultName): boolean => exchange.faults.strikes(fault, subject) !== null;
  if (refusal.code === 'client-order-id-taken' && strikes('duplicate-409')) return { ...plain, status: 409 };
  if (refusal.code === 'wash-trade' && strikes('wash-trade-422')) {
    return {
      status: 422,
      body: { ...refusal.facts, code: 42210000, message: 'potential wash trade detected. use complex orders' },
    };
  }
  if (refusal.code === 'asset-unknown' && strikes('older-texts')) {
    return {
      status: 422,
      body: { code: 40010001, message: `could not find asset "${refusal.facts['symbol'] ?? ''}"` },
    };
  }
  if (refusal.code === 'asset-not-fractionable' && strikes('older-texts')) {
    return { status: 403, body: { code: 40310000, message: 'requested asset is not fractionable' } };
  }
  return plain;
}
