/** An order, its news and its executions as the broker writes them. */
import {
  averagePrice,
  formatMoney,
  formatPrice,
  formatQuantity,
  type Money,
  type Price,
  type Quantity,
} from '#shared/core/kernel/decimal.ts';
import { nsOf } from '#shared/core/kernel/instant.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import { hexOf, uuidOf } from '#shared/core/venue/fingerprint.ts';
import type { Execution, VenueOrder } from '#shared/core/venue/venue-order.ts';
import type { VenueNews } from '#shared/core/venue/venue-state.ts';
import { newYorkDigits, newYorkTimeOf, utcTime, utcTimeOrNull } from './wire-time.ts';

export type WireBody = Readonly<Record<string, unknown>>;

/** An asset's id is the same whatever the seed: it belongs to the exchange, not to the run. */
export const assetId = (symbol: Ticker): string => uuidOf(0, 'asset:', symbol, 0);

const priceOrNull = (price: Price | null): string | null => (price === null ? null : formatPrice(price));
const quantityOrNull = (quantity: Quantity | null): string | null =>
  quantity === null ? null : formatQuantity(quantity);
const moneyOrNull = (money: Money | null): string | null => (money === null ? null : formatMoney(money));

/** Average over all fills, null before the first and after a bust of all. */
const averageFillPrice = (order: VenueOrder): string | null =>
  order.filledQuantity > 0n ? formatPrice(averagePrice(order.filledNotional, order.filledQuantity, 'half-even')) : null;

export function orderBody(order: VenueOrder): WireBody {
  return {
    id: order.id,
    client_order_id: order.clientOrderId,
    created_at: utcTime(order.createdAt),
    updated_at: utcTime(order.updatedAt),
    submitted_at: utcTime(order.submittedAt),
    filled_at: utcTimeOrNull(order.filledAt),
    expired_at: utcTimeOrNull(order.expiredAt),
    expires_at: utcTime(nsOf(order.expiresAt)),
    canceled_at: utcTimeOrNull(order.canceledAt),
    failed_at: utcTimeOrNull(order.failedAt),
    replaced_at: null,
    replaced_by: null,
    replaces: null,
    asset_id: assetId(order.ticker),
    symbol: order.ticker,
    asset_class: 'us_equity',
    notional: moneyOrNull(order.notional),
    qty: quantityOrNull(order.quantity),
    filled_qty: formatQuantity(order.filledQuantity),
    filled_avg_price: averageFillPrice(order),
    order_class: '',
    order_type: order.type,
    type: order.type,
    side: order.side,
    position_intent: order.positionIntent,
    time_in_force: order.timeInForce,
    limit_price: priceOrNull(order.limitPrice),
    stop_price: priceOrNull(order.stopPrice),
    status: order.status,
    extended_hours: false,
    legs: null,
    trail_percent: null,
    trail_price: null,
    hwm: null,
    subtag: null,
    source: null,
  };
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A ULID: ten digits of time, sixteen that tell events of one millisecond apart. */
function ulidOf(atMs: number, hex: string): string {
  let time = '';
  for (let rest = atMs, digit = 0; digit < 10; digit += 1) {
    time = (CROCKFORD[rest % 32] ?? '0') + time;
    rest = Math.floor(rest / 32);
  }
  let tail = '';
  for (let digit = 0; digit < 16; digit += 1)
    tail += CROCKFORD[Number.parseInt(hex.slice(digit * 2, digit * 2 + 2), 16) % 32] ?? '0';
  return time + tail;
}

/** The order copy in the stream mixes offsets within one object and tells of two fields more. */
const streamedOrder = (order: VenueOrder): WireBody => ({
  ...orderBody(order),
  created_at: newYorkTimeOf(order.createdAt),
  submitted_at: newYorkTimeOf(order.submittedAt),
  filled_at: order.filledAt === null ? null : newYorkTimeOf(order.filledAt),
  cancel_requested_at: utcTimeOrNull(order.cancelRequestedAt),
  commission: formatMoney(order.commission),
});

/** What the stream tells of an execution; a bust takes its quantity back as a negative one. */
function executionFields(execution: Execution): WireBody {
  const quantity = formatQuantity(execution.quantity);
  return {
    execution_id: execution.id,
    price: formatPrice(execution.price),
    qty: execution.kind === 'bust' ? `-${quantity}` : quantity,
    position_qty: formatQuantity(execution.positionQuantity),
    ...(execution.undoes === null ? {} : { previous_execution_id: execution.undoes }),
  };
}

/** One message of `trade_updates`. */
export function tradeUpdate(news: VenueNews, event: string, seed: number): WireBody {
  const own =
    news.execution === null
      ? { execution_id: event === 'pending_new' ? null : uuidOf(seed, `${event}:`, news.order.clientOrderId, 0) }
      : executionFields(news.execution);
  return {
    stream: 'trade_updates',
    data: {
      at: utcTime(news.stamp),
      event,
      event_id: ulidOf(news.at, hexOf(seed, 'event:', `${news.order.id}${event}`, Number(news.stamp % 1_000_000_000n))),
      ...own,
      order: streamedOrder(news.order),
      timestamp: utcTime(news.stamp),
    },
  };
}

export type WireActivity = WireBody & { readonly id: string };

function activityLine(execution: Execution, kind: string, quantity: string, price: Price, seed: number): WireActivity {
  return {
    activity_type: 'FILL',
    cum_qty: formatQuantity(execution.cumulativeQuantity),
    id: `${newYorkDigits(execution.at)}::${uuidOf(seed, `activity:${kind}`, execution.id, 0)}`,
    leaves_qty: formatQuantity(execution.leavesQuantity),
    order_id: execution.orderId,
    order_status: execution.orderStatus,
    price: formatPrice(price),
    qty: quantity,
    side: execution.side,
    symbol: execution.ticker,
    transaction_time: utcTime(execution.stamp),
    type: kind,
  };
}

/**
 * The activities of an execution. What is taken back is a line of its own with a negative quantity, and what stands in
 * for it another, so that the lines of an order always add up to its filled quantity.
 */
export function fillActivities(execution: Execution, undone: Execution | null, seed: number): readonly WireActivity[] {
  if (execution.kind === 'fill' || undone === null) {
    const kind = execution.orderStatus === 'filled' ? 'fill' : 'partial_fill';
    return [activityLine(execution, kind, formatQuantity(execution.quantity), execution.price, seed)];
  }
  const bust = activityLine(execution, 'trade_bust', `-${formatQuantity(undone.quantity)}`, undone.price, seed);
  if (execution.kind === 'bust') return [bust];
  return [bust, activityLine(execution, 'trade_correct', formatQuantity(execution.quantity), execution.price, seed)];
}
