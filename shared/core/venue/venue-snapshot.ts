/** The venue's state as plain lists, for keeping it, copying it and comparing it; what is derived is left out. */
import { type Money, addMoney, addQuantity } from '#shared/core/kernel/decimal.ts';
import type { EpochMs, EpochNs } from '#shared/core/kernel/instant.ts';
import { type DueEvent, pushDue } from './due-queue.ts';
import { hasEnded } from './order-lifecycle.ts';
import type { Execution, VenueOrder, VenuePosition } from './venue-order.ts';
import {
  type AccountFlags,
  type Adjustment,
  type EquityClose,
  type VenueState,
  bookOf,
  emptyVenueState,
  sideOf,
} from './venue-state.ts';

export interface VenueSnapshot {
  readonly openedAt: EpochMs;
  readonly openingCash: Money;
  readonly cash: Money;
  readonly feesPaid: Money;
  readonly realised: Money;
  readonly flags: Readonly<AccountFlags>;
  /** In order of submission. */
  readonly orders: readonly VenueOrder[];
  readonly positions: readonly VenuePosition[];
  readonly executions: readonly Execution[];
  readonly adjustments: readonly Adjustment[];
  readonly equityCloses: readonly EquityClose[];
  readonly due: readonly DueEvent[];
  readonly dueCount: number;
  readonly lastStamp: EpochNs;
}

export const snapshotOf = (state: VenueState): VenueSnapshot => ({
  openedAt: state.openedAt,
  openingCash: state.openingCash,
  cash: state.cash,
  feesPaid: state.feesPaid,
  realised: state.realised,
  flags: { ...state.flags },
  orders: [...state.orders],
  positions: [...state.positions.values()],
  executions: [...state.executions],
  adjustments: [...state.adjustments],
  equityCloses: [...state.equityCloses],
  due: state.due.toSorted((a, b) => a.entry - b.entry),
  dueCount: state.dueCount,
  lastStamp: state.lastStamp,
});

/** The state that a snapshot was taken of; news that nobody had taken is not part of it. */
export function stateOf(snapshot: VenueSnapshot): VenueState {
  const state = emptyVenueState(snapshot.openingCash, snapshot.openedAt);
  state.cash = snapshot.cash;
  state.feesPaid = snapshot.feesPaid;
  state.realised = snapshot.realised;
  Object.assign(state.flags, snapshot.flags);
  for (const order of snapshot.orders) restoreOrder(state, order);
  for (const position of snapshot.positions) state.positions.set(position.ticker, position);
  state.executions.push(...snapshot.executions);
  state.adjustments.push(...snapshot.adjustments);
  state.equityCloses.push(...snapshot.equityCloses);
  for (const event of snapshot.due) pushDue(state.due, event);
  state.dueCount = snapshot.dueCount;
  state.lastStamp = snapshot.lastStamp;
  return state;
}

function restoreOrder(state: VenueState, order: VenueOrder): void {
  state.orders[order.number - 1] = order;
  state.numberById.set(order.id, order.number);
  state.numberByClientOrderId.set(order.clientOrderId, order.number);
  if (hasEnded(order.status)) return;
  const book = bookOf(state, order.ticker);
  sideOf(book, order.side).add(order.number);
  book.heldQuantity = addQuantity(book.heldQuantity, order.heldQuantity);
  state.heldMoney = addMoney(state.heldMoney, order.heldMoney);
}
