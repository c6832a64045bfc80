/** What a change of an order does to its book: position, cost, mark, quarantine, and the facts that follow. */
import { addMoney, negateMoney, negateQuantity } from '#shared/core/kernel/decimal.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import type { Step } from '#shared/core/order/consequences.ts';
import { isOpen, type Order } from '#shared/core/order/order.ts';
import { isClosing } from '#shared/core/order/terms.ts';
import {
  bookFill,
  type Book,
  type OpenOrderMark,
  type Quarantine,
  type StrategyShare,
  shareOf,
  withGap,
  withMark,
  withShare,
} from '#shared/core/portfolio/book.ts';

export interface BookStep {
  readonly book: Book;
  readonly shareBefore: StrategyShare;
  readonly shareAfter: StrategyShare;
  /** Set by this step, or null. */
  readonly quarantined: Quarantine | null;
}

function markOf(order: Order): OpenOrderMark | null {
  if (!isOpen(order)) return null;
  const { terms, decision, purpose } = order.intent;
  return {
    clientOrderId: order.clientOrderId,
    strategyId: terms.strategyId,
    decisionId: decision.decisionId,
    slice: decision.slice,
    purpose,
    side: terms.side,
    limitPrice: terms.limitPrice,
    stopPrice: terms.stopPrice,
    closing: isClosing(terms.positionIntent),
    remaining: order.reserved.quantity,
    reservedMoney: order.reserved.money,
    unknown: order.state === 'unknown',
  };
}

function quarantineOf(step: Step, now: EpochMs): Quarantine | null {
  const wanted = step.consequences.followUps.find((followUp) => followUp.kind === 'quarantine');
  return wanted === undefined || wanted.kind !== 'quarantine'
    ? null
    : { code: wanted.because, message: `order ${step.order.clientOrderId}: ${wanted.because}`, at: now };
}

/**
 * Applies a step of an order to its book. The units of a gap are booked at the reservation's price until their
 * executions are known; the executions then bring the difference.
 * @param on the session that the change belongs to
 */
export function bookStep(book: Book, step: Step, on: CalendarDate, now: EpochMs): BookStep {
  const { order, consequences } = step;
  const { side, strategyId } = order.intent.terms;
  const shareBefore = shareOf(book, strategyId);
  const cash = addMoney(consequences.book.cash, consequences.book.provisionalCash);
  const fill = {
    strategyId,
    side,
    quantity: side === 'buy' ? consequences.book.position : negateQuantity(consequences.book.position),
    cost: side === 'buy' ? negateMoney(cash) : cash,
    on,
  };
  const nothing = fill.quantity === 0n && fill.cost === 0n;
  const shareAfter = nothing ? shareBefore : bookFill(shareBefore, fill);
  const quarantined = book.quarantine === null ? quarantineOf(step, now) : null;
  const shared = withGap(nothing ? book : withShare(book, shareAfter), order.clientOrderId, order.provisional);
  const filled: Book = fill.quantity === 0n ? shared : { ...shared, lastFillAt: now };
  const marked = withMark(filled, order.clientOrderId, markOf(order));
  return {
    book: quarantined === null ? marked : { ...marked, quarantine: quarantined },
    shareBefore,
    shareAfter,
    quarantined,
  };
}
