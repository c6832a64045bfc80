/** Plans of slices as people see them: decimals as texts, times as RFC 3339. */
import { addQuantity, formatPrice, formatQuantity, type Price, type Quantity } from '#shared/core/kernel/decimal.ts';
import { formatEpochMs } from '#shared/core/kernel/instant.ts';
import type { Order, Reason } from '#shared/core/order/order.ts';
import { planEndsAt, type Slice, type SlicePlan, totalOf } from '#shared/core/order/slice-plan.ts';
import { sumsOf } from '#shared/core/order/slice-step.ts';
import type { PlanView } from './slice-schemas.ts';

export const slicesUrlOf = (parentId: string): string => `/api/v1/orders/${parentId}/slices`;

const viewOf = (why: Reason | null) => (why === null ? null : { ...why, context: { ...why.context } });
const quantityOrNone = (value: Quantity | null): string | null => (value === null ? null : formatQuantity(value));
const priceOrNone = (value: Price | null): string | null => (value === null ? null : formatPrice(value));

function stateOf({ end, stop }: SlicePlan): PlanView['state'] {
  if (end !== null) return end.kind;
  return stop === null ? 'working' : 'stopping';
}

/** What the order of the slice at work has filled by now is on its own row. */
function sliceView(slice: Slice, order: Order | null): PlanView['slices'][number] {
  const filled = order !== null && order.clientOrderId === slice.clientOrderId ? order.filledQuantity : slice.filled;
  return {
    slice: slice.index,
    due_at: formatEpochMs(slice.dueAt),
    planned_qty: formatQuantity(slice.planned),
    asked_qty: formatQuantity(slice.asked),
    filled_qty: formatQuantity(filled),
    state: slice.state,
    client_order_id: slice.clientOrderId,
    status_url: slice.clientOrderId === null ? null : `/api/v1/orders/${slice.clientOrderId}`,
    reason: viewOf(slice.reason),
  };
}

/** @param order of the slice at work, where there is one */
export function planView(
  plan: SlicePlan,
  { order, dryRun, preview }: { readonly order: Order | null; readonly dryRun: boolean; readonly preview: boolean },
): PlanView {
  const { terms, end, stop } = plan;
  const { filled, assumed, left } = sumsOf(plan);
  return {
    parent_order_id: plan.parentId,
    state: preview ? 'preview' : stateOf(plan),
    account_id: terms.accountId,
    strategy_id: terms.strategyId,
    symbol: terms.ticker,
    side: terms.side,
    type: terms.limitPrice === null ? 'market' : 'limit',
    position_intent: terms.positionIntent,
    qty: formatQuantity(totalOf(plan)),
    filled_qty: formatQuantity(order === null ? filled : addQuantity(filled, order.filledQuantity)),
    assumed_qty: formatQuantity(assumed),
    left_qty: formatQuantity(left),
    limit_price: priceOrNone(terms.limitPrice),
    interval_seconds: plan.intervalMs / 1000,
    start_at: formatEpochMs(plan.startAt),
    end_at: formatEpochMs(planEndsAt(plan)),
    slice_qty_max: quantityOrNone(plan.sliceMax),
    slices: plan.slices.map((slice) => sliceView(slice, order)),
    ended_at: end === null ? null : formatEpochMs(end.at),
    reason: viewOf(end?.reason ?? stop?.reason ?? null),
    status_url: slicesUrlOf(plan.parentId),
    dry_run: dryRun,
  };
}
