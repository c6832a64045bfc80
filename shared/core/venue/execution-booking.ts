/** Books executions: order, position, cash and what was held back move together. */
import {
  type Money,
  type Price,
  type Quantity,
  ZERO_MONEY,
  ZERO_PRICE,
  ZERO_QUANTITY,
  addMoney,
  addQuantity,
  negateMoney,
  notionalOf,
  subtractMoney,
  subtractQuantity,
  unitsFor,
} from '#shared/core/kernel/decimal.ts';
import { invariant } from '#shared/core/kernel/fault.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { oppositeSide } from '#shared/core/order/terms.ts';
import { feesOf } from './fees.ts';
import { uuidOf } from './fingerprint.ts';
import { applyToPosition, flatPosition, signedQuantity } from './position-keeping.ts';
import type { Execution, VenueOrder } from './venue-order.ts';
import { type Venue, nextStamp, orderById, putOrder, tell } from './venue-state.ts';

/** What is still open of an order at a price. */
export function openQuantity(order: VenueOrder, price: Price): Quantity {
  if (order.quantity !== null) return subtractQuantity(order.quantity, order.filledQuantity);
  const money = subtractMoney(order.notional ?? ZERO_MONEY, order.filledNotional);
  const units = unitsFor(money, price, 'toward-zero');
  // A closing order never takes more than the shares that it holds back.
  return order.heldMoney === 0n && order.heldQuantity < units ? order.heldQuantity : units;
}

const NOTHING_HELD = { heldMoney: ZERO_MONEY, heldQuantity: ZERO_QUANTITY } as const;

/** What an open order holds back after a fill. */
function heldAfter(
  order: VenueOrder,
  filled: Quantity,
  filledNotional: Money,
): Pick<VenueOrder, 'heldMoney' | 'heldQuantity'> {
  if (order.holdPrice === ZERO_PRICE) {
    return { heldMoney: ZERO_MONEY, heldQuantity: subtractQuantity(order.heldQuantity, filled) };
  }
  const heldMoney =
    order.quantity === null
      ? subtractMoney(order.notional ?? ZERO_MONEY, filledNotional)
      : notionalOf(order.holdPrice, subtractQuantity(order.quantity, addQuantity(order.filledQuantity, filled)));
  return { heldMoney, heldQuantity: ZERO_QUANTITY };
}

/** Moves position, cash, fees and realised profit. Returns the position's quantity after it. */
function bookTrade(
  venue: Venue,
  order: VenueOrder,
  side: VenueOrder['side'],
  quantity: Quantity,
  price: Price,
  fees: Money,
): Quantity {
  const { state } = venue;
  const change = applyToPosition(
    state.positions.get(order.ticker) ?? flatPosition(order.ticker),
    side,
    quantity,
    price,
  );
  if (change.position.quantity === 0n) state.positions.delete(order.ticker);
  else state.positions.set(order.ticker, change.position);
  state.cash = subtractMoney(subtractMoney(state.cash, notionalOf(price, signedQuantity(side, quantity))), fees);
  state.feesPaid = addMoney(state.feesPaid, fees);
  state.realised = addMoney(state.realised, change.realised);
  return change.position.quantity;
}

/** Fills a part or the rest of an order. `completes` ends it. Returns the order as it is then. */
export function bookFill(
  venue: Venue,
  order: VenueOrder,
  quantity: Quantity,
  price: Price,
  completes: boolean,
  at: EpochMs,
): VenueOrder {
  const { state, rules } = venue;
  invariant(quantity > 0n, `order ${order.id} cannot fill nothing`);
  const stamp = nextStamp(state, at);
  const fees = feesOf(rules.fees, order.side, quantity, price);
  const filledQuantity = addQuantity(order.filledQuantity, quantity);
  invariant(
    order.quantity === null || filledQuantity <= order.quantity,
    `order ${order.id} would fill beyond its quantity`,
  );
  const filledNotional = addMoney(order.filledNotional, notionalOf(price, quantity));
  const positionQuantity = bookTrade(venue, order, order.side, quantity, price, fees);
  const held = completes ? NOTHING_HELD : heldAfter(order, quantity, filledNotional);
  const next: VenueOrder = {
    ...order,
    heldMoney: held.heldMoney,
    heldQuantity: held.heldQuantity,
    filledQuantity,
    filledNotional,
    commission: addMoney(order.commission, fees),
    executionCount: order.executionCount + 1,
    status: completes ? 'filled' : 'partially_filled',
    filledAt: completes ? stamp : order.filledAt,
    updatedAt: stamp,
    work: order.work + 1,
  };
  const execution: Execution = {
    id: uuidOf(rules.seed, 'execution:', order.clientOrderId, order.executionCount),
    orderId: order.id,
    clientOrderId: order.clientOrderId,
    ticker: order.ticker,
    side: order.side,
    kind: 'fill',
    undoes: null,
    quantity,
    price,
    cumulativeQuantity: filledQuantity,
    leavesQuantity: order.quantity === null ? ZERO_QUANTITY : subtractQuantity(order.quantity, filledQuantity),
    orderStatus: next.status,
    positionQuantity,
    at,
    stamp,
  };
  state.executions.push(execution);
  putOrder(state, next);
  tell(state, next, completes ? 'fill' : 'partial_fill', at, execution);
  return next;
}

/**
 * Takes an execution back, and with a `replacement` books it anew at another price or quantity. The order keeps its
 * status; its filled quantity changes. Fees stay as they were taken.
 */
export function bookUndoing(
  venue: Venue,
  undone: Execution,
  replacement: { readonly quantity: Quantity; readonly price: Price } | null,
  at: EpochMs,
): void {
  const { state, rules } = venue;
  const order = orderById(state, undone.orderId);
  invariant(order !== undefined, `execution ${undone.id} belongs to no order`);
  const stamp = nextStamp(state, at);
  let positionQuantity = bookTrade(venue, order, oppositeSide(order.side), undone.quantity, undone.price, ZERO_MONEY);
  let filledQuantity = subtractQuantity(order.filledQuantity, undone.quantity);
  let filledNotional = addMoney(order.filledNotional, negateMoney(notionalOf(undone.price, undone.quantity)));
  if (replacement !== null) {
    positionQuantity = bookTrade(venue, order, order.side, replacement.quantity, replacement.price, ZERO_MONEY);
    filledQuantity = addQuantity(filledQuantity, replacement.quantity);
    filledNotional = addMoney(filledNotional, notionalOf(replacement.price, replacement.quantity));
  }
  const next: VenueOrder = {
    ...order,
    filledQuantity,
    filledNotional,
    executionCount: order.executionCount + 1,
    updatedAt: stamp,
  };
  const execution: Execution = {
    ...undone,
    id: uuidOf(rules.seed, 'execution:', order.clientOrderId, order.executionCount),
    kind: replacement === null ? 'bust' : 'correct',
    undoes: undone.id,
    quantity: replacement?.quantity ?? undone.quantity,
    price: replacement?.price ?? undone.price,
    cumulativeQuantity: filledQuantity,
    leavesQuantity: order.quantity === null ? ZERO_QUANTITY : subtractQuantity(order.quantity, filledQuantity),
    orderStatus: next.status,
    positionQuantity,
    at,
    stamp,
  };
  state.executions.push(execution);
  putOrder(state, next);
  tell(state, next, replacement === null ? 'trade_bust' : 'trade_correct', at, execution);
}
