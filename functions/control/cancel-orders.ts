/** Cancels: asked of the house, whose sender asks the broker. That an order is canceled is told by its own news alone. */
import { makeCommand } from '#events/command.ts';
import { contentId } from '#shared/core/kernel/hash.ts';
import { clientOrderIdOf } from '#shared/core/kernel/identity.ts';
import { formatEpochMs } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { reachesStrategy } from '#shared/core/access/permissions.ts';
import { isOpen, type Order } from '#shared/core/order/order.ts';
import type { LaneMessage } from '#shared/ports/lanes.ts';
import { type Call, type ControlDependencies, done, notFound, operation, outOfScope, refused } from './operation.ts';
import { ORDER_SCHEMAS } from './order-schemas.ts';
import { findOrder } from './order-view.ts';
import { messageOf, statusUrlOf } from './request-order.ts';

/** Each request is a command of its own: a second cancel must not vanish, a repeat under one key must. */
function cancelMessage(
  call: Call,
  order: { readonly id: string; readonly accountId: string; readonly symbol: string },
  why: string,
): LaneMessage {
  const asked = contentId(['cancel', order.id, call.idempotencyKey ?? call.requestId], 26);
  const meta = {
    commandId: `cancel-${asked}`,
    attempt: 1,
    issuedAt: formatEpochMs(call.now),
    correlationId: `cancel-${asked}`,
    causationId: call.requestId,
  };
  return messageOf(
    makeCommand('cancel-order.v1', meta, {
      clientOrderId: order.id,
      accountId: order.accountId,
      symbol: order.symbol,
      by: call.subject,
      reason: { code: 'operator', message: why, context: {} },
    }),
  );
}

export const cancelOrder = operation(ORDER_SCHEMAS.cancelOrder, async (dependencies, call, { params, body }) => {
  const { orders, lanes, dryRun } = dependencies;
  const id = clientOrderIdOf(params.client_order_id);
  const [order, shown] = await Promise.all([orders.get(id), findOrder(dependencies, id)]);
  if (shown === null) return notFound('order-not-found', 'there is no order and no request with this client order id');
  const strategy = order?.intent.terms.strategyId ?? null;
  if (strategy !== null && !reachesStrategy(call.grant, strategy)) return outOfScope(strategy);
  const over = order === null ? shown.state === 'refused' || shown.state === 'failed' : !isOpen(order);
  if (over) {
    return refused(refusal('order-already-ended', `the order has ended: it is ${shown.state}`, { state: shown.state }));
  }
  const target = { id, accountId: shown.account_id, symbol: shown.symbol };
  await lanes.send([cancelMessage(call, target, body?.reason ?? 'asked for by a person')]);
  return done({ client_order_id: id, state: shown.state, status_url: statusUrlOf(id), dry_run: dryRun });
});

/** Every open order, read page by page. */
export async function openOrders({ orders, accountId }: ControlDependencies): Promise<readonly Order[]> {
  const open: Order[] = [];
  let cursor: string | undefined;
  do {
    const page = await orders.listOpen(accountId, cursor);
    open.push(...page.orders);
    cursor = page.cursor ?? undefined;
  } while (cursor !== undefined);
  return open;
}

export interface Sweep {
  readonly canceling: readonly string[];
  readonly spared: readonly string[];
}

/** Asks for the orders to be canceled. Protective stops keep what is held safe, and are spared unless named. */
export async function sweep(
  { lanes }: ControlDependencies,
  call: Call,
  orders: readonly Order[],
  how: { readonly includeStops: boolean; readonly why: string },
): Promise<Sweep> {
  const isSpared = (order: Order): boolean => !how.includeStops && order.intent.purpose === 'protective-stop';
  const taken = orders.filter((order) => !isSpared(order));
  await lanes.send(
    taken.map((order) => {
      const { accountId, ticker: symbol } = order.intent.terms;
      return cancelMessage(call, { id: order.clientOrderId, accountId, symbol }, how.why);
    }),
  );
  return {
    canceling: taken.map((order) => order.clientOrderId),
    spared: orders.filter(isSpared).map((order) => order.clientOrderId),
  };
}

export const cancelAllOrders = operation(ORDER_SCHEMAS.cancelAllOrders, async (dependencies, call, { body }) => {
  const open = (await openOrders(dependencies))
    .filter(({ intent }) => body?.symbol === undefined || intent.terms.ticker === body.symbol)
    .filter(({ intent }) => reachesStrategy(call.grant, intent.terms.strategyId));
  const swept = await sweep(dependencies, call, open, {
    includeStops: body?.include_protective_stops ?? false,
    why: body?.reason ?? 'all orders were asked to be canceled',
  });
  return done({ canceling: [...swept.canceling], spared: [...swept.spared], dry_run: dependencies.dryRun });
});
