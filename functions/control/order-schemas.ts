/** Orders: asked for, looked at, canceled. */
import * as z from 'zod';
import {
  clientOrder,
  count,
  cursor,
  decimal,
  entryTimeInForce,
  instant,
  limit,
  nextCursor,
  orderType,
  positionIntent,
  positiveDecimal,
  reason,
  reasonView,
  side,
  signedDecimal,
  strategy,
  symbol,
  text,
  wait,
} from './field-schemas.ts';
import { json, TAKES_NOTHING } from './operation-schema.ts';
import { intentFits, type PositionIntent, type Side } from '#shared/core/order/terms.ts';

const orderFields = {
  symbol,
  side,
  type: orderType,
  time_in_force: entryTimeInForce,
  qty: positiveDecimal.optional(),
  notional: positiveDecimal.optional(),
  limit_price: positiveDecimal.optional(),
  stop_price: positiveDecimal.optional(),
  position_intent: positionIntent.optional(),
};

interface SizedOrder {
  readonly type: z.output<typeof orderType>;
  readonly qty?: string | undefined;
  readonly notional?: string | undefined;
  readonly limit_price?: string | undefined;
  readonly stop_price?: string | undefined;
  readonly side: Side;
  readonly position_intent?: PositionIntent | undefined;
}

const needs = (
  order: SizedOrder,
): readonly (readonly [field: 'qty' | 'limit_price' | 'stop_price' | 'position_intent', says: string])[] => {
  const limited = order.type === 'limit' || order.type === 'stop_limit';
  const stopped = order.type === 'stop' || order.type === 'stop_limit';
  return [
    ...((order.qty === undefined) === (order.notional === undefined)
      ? ([['qty', 'expected either qty or notional']] as const)
      : []),
    ...((order.limit_price === undefined) === limited
      ? ([
          ['limit_price', limited ? 'expected a limit price' : `expected no limit price with "${order.type}"`],
        ] as const)
      : []),
    ...((order.stop_price === undefined) === stopped
      ? ([['stop_price', stopped ? 'expected a stop price' : `expected no stop price with "${order.type}"`]] as const)
      : []),
    ...(order.position_intent === undefined || intentFits(order.position_intent, order.side)
      ? []
      : ([['position_intent', `expected an intent of a ${order.side}`]] as const)),
  ];
};

const sized = (order: SizedOrder, context: z.RefinementCtx): void => {
  for (const [field, message] of needs(order)) context.addIssue({ code: 'custom', path: [field], message });
};

/** The body of an order. Without a strategy it belongs to "manual". */
const orderBody = z.strictObject({ ...orderFields, strategy_id: strategy.optional() }).superRefine(sized);
const manualBody = z.strictObject({ ...orderFields, note: reason.optional() }).superRefine(sized);
export type OrderBody = z.output<typeof orderBody>;

export const orderState = z.enum([
  'pending_new',
  'refused',
  'failed',
  'claimed',
  'sending',
  'unknown',
  'acknowledged',
  'partially_filled',
  'pending_cancel',
  'filled',
  'canceled',
  'expired',
  'rejected',
  'replaced',
  'withdrawn',
  'abandoned',
  'dry_run',
]);

const orderView = z.strictObject({
  client_order_id: clientOrder,
  parent_order_id: clientOrder.nullable(),
  broker_order_id: text.nullable(),
  account_id: text,
  strategy_id: strategy,
  symbol,
  side,
  type: orderType,
  time_in_force: z.enum(['day', 'gtc', 'ioc', 'fok']),
  position_intent: positionIntent,
  purpose: z.enum(['entry', 'exit', 'protective-stop', 'flatten', 'manual']),
  qty: decimal.nullable(),
  notional: decimal.nullable(),
  limit_price: decimal.nullable(),
  stop_price: decimal.nullable(),
  /** `pending_new` and `refused` while there is a request and no order. */
  state: orderState,
  filled_qty: decimal,
  average_fill_price: decimal.nullable(),
  /** Cost and profit are not final. */
  provisional: z.boolean(),
  reason: reasonView.nullable(),
  decision_id: text,
  generation: count,
  slice: count,
  run_id: text.nullable(),
  requested_at: instant.nullable(),
  claimed_at: instant.nullable(),
  sent_at: instant.nullable(),
  ended_at: instant.nullable(),
  dry_run: z.boolean(),
});

/** The answer to a request for an order: where to look for what becomes of it. */
const requested = z.strictObject({
  client_order_id: clientOrder,
  state: orderState,
  /** The symbol and strategy that the order is for. */
  symbol,
  strategy_id: strategy,
  side,
  qty: decimal.nullable(),
  notional: decimal.nullable(),
  position_intent: positionIntent,
  status_url: text,
  dry_run: z.boolean(),
  /** True when an earlier request is answered again. */
  repeated: z.boolean(),
  warnings: z.array(text),
  reason: reasonView.nullable(),
});
export type Requested = z.input<typeof requested>;

const cancelRequested = z.strictObject({
  client_order_id: clientOrder,
  state: orderState,
  status_url: text,
  dry_run: z.boolean(),
});

const fillView = z.strictObject({
  client_order_id: clientOrder,
  strategy_id: strategy,
  symbol,
  side,
  execution_id: text.nullable(),
  qty: decimal,
  price: decimal,
  at: instant,
});

const waiting = z.strictObject({ wait });
const place = z.strictObject({ symbol });

export const ORDER_SCHEMAS = {
  submitOrder: { ...TAKES_NOTHING, query: waiting, body: orderBody, success: json(requested, 202) },
  submitManualOrder: { ...TAKES_NOTHING, query: waiting, body: manualBody, success: json(requested, 202) },
  getOrder: {
    ...TAKES_NOTHING,
    params: z.strictObject({ client_order_id: clientOrder }),
    success: json(orderView),
  },
  getPendingOrders: {
    ...TAKES_NOTHING,
    query: z.strictObject({ parent_order_id: clientOrder.optional(), symbol: symbol.optional(), cursor }),
    success: json(z.strictObject({ orders: z.array(orderView), cursor: nextCursor, dry_run: z.boolean() })),
  },
  getRecentFills: {
    ...TAKES_NOTHING,
    query: z.strictObject({ limit, symbol: symbol.optional() }),
    success: json(z.strictObject({ fills: z.array(fillView), dry_run: z.boolean() })),
  },
  cancelOrder: {
    ...TAKES_NOTHING,
    params: z.strictObject({ client_order_id: clientOrder }),
    body: z.strictObject({ reason: reason.optional() }).optional(),
    success: json(cancelRequested, 202),
  },
  giveUpOrder: {
    ...TAKES_NOTHING,
    params: z.strictObject({ client_order_id: clientOrder }),
    body: z.strictObject({ reason }),
    success: json(z.strictObject({ client_order_id: text, given_up: z.literal(true) }), 202),
  },
  cancelAllOrders: {
    ...TAKES_NOTHING,
    body: z
      .strictObject({
        reason: reason.optional(),
        symbol: symbol.optional(),
        include_protective_stops: z.boolean({ error: 'expected true or false' }).optional(),
      })
      .optional(),
    success: json(
      z.strictObject({
        canceling: z.array(clientOrder),
        spared: z.array(clientOrder),
        /** Parents of which no slice follows. */
        plans_stopped: z.array(clientOrder),
        dry_run: z.boolean(),
      }),
      202,
    ),
  },
  closePosition: {
    ...TAKES_NOTHING,
    params: place,
    query: waiting,
    body: z.strictObject({ strategy_id: strategy.optional(), reason: reason.optional() }).optional(),
    success: json(z.strictObject({ orders: z.array(requested), dry_run: z.boolean() }), 202),
  },
  adjustPosition: {
    ...TAKES_NOTHING,
    params: place,
    query: waiting,
    body: z.strictObject({ target_qty: signedDecimal, strategy_id: strategy.optional(), reason: reason.optional() }),
    success: json(
      z.strictObject({ held_qty: decimal, target_qty: decimal, order: requested.nullable(), dry_run: z.boolean() }),
      202,
    ),
  },
  flattenAll: {
    ...TAKES_NOTHING,
    body: z.strictObject({ reason }),
    success: json(
      z.strictObject({
        canceling: z.array(clientOrder),
        plans_stopped: z.array(clientOrder),
        orders: z.array(requested),
        refused: z.array(z.strictObject({ symbol, strategy_id: strategy, reason: reasonView })),
        dry_run: z.boolean(),
      }),
      202,
    ),
  },
} as const;
