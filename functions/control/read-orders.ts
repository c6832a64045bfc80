/** Orders and executions, read. */
import type { AnyFact } from '#events/catalogue.ts';
import { clientOrderIdOf } from '#shared/core/kernel/identity.ts';
import { addMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { done, notFound, operation } from './operation.ts';
import { ORDER_SCHEMAS } from './order-schemas.ts';
import { findOrder, orderView } from './order-view.ts';
import { cursorOf, placeOf } from './page-cursor.ts';

const FILLS_DEFAULT = 50;
const DAY_MS = 86_400_000;

export const getOrder = operation(ORDER_SCHEMAS.getOrder, async (dependencies, _call, { params }) => {
  const found = await findOrder(dependencies, clientOrderIdOf(params.client_order_id));
  return found === null
    ? notFound('order-not-found', 'there is no order and no request with this client order id')
    : done(found);
});

export const getPendingOrders = operation(ORDER_SCHEMAS.getPendingOrders, async (dependencies, _call, { query }) => {
  const { orders, accountId, dryRun } = dependencies;
  const from = query.cursor === undefined ? null : placeOf(query.cursor);
  const open = [];
  let cursor: string | undefined;
  do {
    const page = await orders.listOpen(accountId, cursor);
    open.push(...page.orders);
    cursor = page.cursor ?? undefined;
  } while (cursor !== undefined);
  const wanted = open
    .filter((order) => query.symbol === undefined || order.intent.terms.ticker === query.symbol)
    .map((order) => orderView(order, dryRun))
    .filter((view) => query.parent_order_id === undefined || view.parent_order_id === query.parent_order_id)
    .sort((a, b) => (a.client_order_id < b.client_order_id ? -1 : 1));
  const left = from === null ? wanted : wanted.filter((view) => view.client_order_id > from);
  const page = left.slice(0, ORDERS_PAGE);
  const last = page.at(-1);
  const more = left.length > page.length && last !== undefined;
  return done({ orders: page, cursor: more ? cursorOf(last.client_order_id) : null, dry_run: dryRun });
});

const ORDERS_PAGE = 100;

const EXECUTION_FACTS = ['order.filled.v1', 'order.partially-filled.v1', 'order.execution-recorded.v1'] as const;
type ExecutionFact = Extract<AnyFact, { readonly type: (typeof EXECUTION_FACTS)[number] }>;
const tellsExecutions = (fact: AnyFact): fact is ExecutionFact => EXECUTION_FACTS.some((type) => type === fact.type);

const executionsOf = ({ data }: ExecutionFact) =>
  data.executions.map((execution) => ({
    client_order_id: data.clientOrderId,
    strategy_id: data.strategyId,
    symbol: data.symbol,
    side: data.side,
    execution_id: execution.executionId,
    qty: execution.quantity,
    price: execution.price,
    at: execution.at,
  }));

export const getRecentFills = operation(ORDER_SCHEMAS.getRecentFills, async ({ journal, dryRun }, call, { query }) => {
  const days = [call.now, addMs(call.now, -DAY_MS)].map((at) => formatEpochMs(at).slice(0, 10));
  const facts = (await Promise.all(days.map((day) => journal.byDay(day)))).flat();
  const fills = new Map(
    facts
      .filter(tellsExecutions)
      .flatMap(executionsOf)
      .map((fill) => [`${fill.client_order_id} ${fill.execution_id} ${fill.at} ${fill.qty}`, fill]),
  );
  const wanted = [...fills.values()]
    .filter((fill) => query.symbol === undefined || fill.symbol === query.symbol)
    .sort((a, b) => (a.at === b.at ? 0 : a.at < b.at ? 1 : -1));
  return done({ fills: wanted.slice(0, query.limit ?? FILLS_DEFAULT), dry_run: dryRun });
});
