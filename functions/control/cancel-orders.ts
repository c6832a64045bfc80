/** Cancels: asked of the house, whose sender asks the broker. That an order is canceled is told by its own news alone. */
import { clientOrderIdOf, strategyId } from '#shared/core/kernel/identity.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { reachesStrategy } from '#shared/core/access/permissions.ts';
import { isOpen, type Order } from '#shared/core/order/order.ts';
import { cancelMessage } from './cancel-message.ts';
import { type Call, type ControlDependencies, done, notFound, operation, outOfScope, refused } from './operation.ts';
import { ORDER_SCHEMAS } from './order-schemas.ts';
import { findOrder } from './order-view.ts';
import { statusUrlOf } from './request-order.ts';
import { cancelPlans } from './slice-orders.ts';

export const cancelOrder = operation(ORDER_SCHEMAS.cancelOrder, async (dependencies, call, { params, body }) => {
  const { orders, lanes, dryRun } = dependencies;
  const id = clientOrderIdOf(params.client_order_id);
  const [order, shown] = await Promise.all([orders.get(id), findOrder(dependencies, id)]);
  if (shown === null) return notFound('order-not-found', 'there is no order and no request with this client order id');
  // Also of an order that nobody has claimed yet: canceling the request for it is the same.
  if (!reachesStrategy(call.grant, strategyId(shown.strategy_id))) return outOfScope(shown.strategy_id);
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
  const why = body?.reason ?? 'all orders were asked to be canceled';
  // First, so that no slice follows those that are canceled.
  const plans = await cancelPlans(
    dependencies,
    call,
    ({ terms }) =>
      (body?.symbol === undefined || terms.ticker === body.symbol) && reachesStrategy(call.grant, terms.strategyId),
    why,
  );
  const open = (await openOrders(dependencies))
    .filter(({ intent }) => body?.symbol === undefined || intent.terms.ticker === body.symbol)
    .filter(({ intent }) => reachesStrategy(call.grant, intent.terms.strategyId));
  const swept = await sweep(dependencies, call, open, {
    includeStops: body?.include_protective_stops ?? false,
    why,
  });
  const { canceling, spared } = swept;
  return done({
    canceling: [...canceling],
    spared: [...spared],
    plans_stopped: [...plans],
    dry_run: dependencies.dryRun,
  });
});
