/**
 * The sweep after a kill switch was engaged, and of the entries after a trip that flattens: which open orders are to be
 * canceled, and whether no send is on its way any more.
 */
import type { StrategyId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { wantsCancel } from '#shared/core/order/cancel.ts';
import { isOpen, type Order } from '#shared/core/order/order.ts';
import { isClosing } from '#shared/core/order/terms.ts';
import { orderClassOf } from '#shared/core/safety/order-class.ts';
import type { KillCancels } from '#shared/core/safety/safety-facts.ts';

export interface SweepGround {
  /** Orders of the account that have not ended, read strongly after the switch was engaged. */
  readonly orders: readonly Order[];
  readonly cancels: KillCancels;
  /** Only orders of this strategy, or null for all. */
  readonly strategyId: StrategyId | null;
  readonly now: EpochMs;
}

export interface Sweep {
  readonly cancels: readonly Order[];
  /** Orders that were sent, or may have been, and have not been heard of: they may still turn up. */
  readonly onTheirWay: readonly Order[];
  /** Nothing is on its way, and every cancel has been asked for. */
  readonly isSettled: boolean;
}

const mayBeUnderWay = ({ state }: Order): boolean => state === 'sending' || state === 'unknown';

/** A person's flatten passes the switch, and is none of its business. */
const isFlatten = ({ intent }: Order): boolean =>
  orderClassOf({ purpose: intent.purpose, positionIntent: intent.terms.positionIntent }) === 'flatten';

/** Resting stops and other closing orders only take risk off: they go only when all are asked for. */
export function planSweep({ orders, cancels, strategyId, now }: SweepGround): Sweep {
  const reached = orders
    .filter(isOpen)
    .filter(({ intent }) => strategyId === null || intent.terms.strategyId === strategyId)
    .filter((order) => !isFlatten(order));
  const swept = reached.filter(({ intent }) => cancels === 'all' || !isClosing(intent.terms.positionIntent));
  const onTheirWay = reached.filter(mayBeUnderWay);
  return {
    cancels: swept.filter((order) => wantsCancel(order, now)),
    onTheirWay,
    isSettled: onTheirWay.length === 0 && swept.every(({ cancelRequested }) => cancelRequested !== null),
  };
}
