/**
 * An order at the broker that is not ours, of which only the executions count: they are booked on the strategy "manual",
 * so that the books hold what the account holds. The tiles of our own orders serve here too, so that an execution that
 * is told twice is booked once, and a bust takes back what it undoes.
 */
import {
  addMoney,
  addQuantity,
  type Money,
  notionalOf,
  type Quantity,
  subtractMoney,
  subtractQuantity,
  ZERO_MONEY,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import type { AccountId, BrokerOrderId, Ticker } from '#shared/core/kernel/identity.ts';
import { MANUAL } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochNs } from '#shared/core/kernel/instant.ts';
import { evidenceOf, joinEvidence } from '#shared/core/order/evidence.ts';
import type { Evidence, Execution, OrderUpdate } from '#shared/core/order/order.ts';
import type { Side } from '#shared/core/order/terms.ts';
import { layoutOf } from '#shared/core/order/tiles.ts';
import { bookFill, type Book, shareOf, type StrategyShare, withShare } from '#shared/core/portfolio/book.ts';

export interface ExternalOrder {
  readonly accountId: AccountId;
  readonly brokerOrderId: BrokerOrderId;
  /** As the broker has it. */
  readonly foreignOrderId: string | null;
  readonly ticker: Ticker;
  readonly side: Side;
  /** Executions up to here are part of what the account held when its books were opened. */
  readonly bookedFrom: EpochNs;
  readonly evidence: Evidence;
}

const sameEvidence = (a: Evidence, b: Evidence): boolean =>
  JSON.stringify(a, bigAsText) === JSON.stringify(b, bigAsText);
const bigAsText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

/** Executions that are booked: those after the books were opened. */
export const executionsOf = (order: ExternalOrder): readonly Execution[] =>
  order.evidence.flatMap((line) => layoutOf(line).executions).filter((execution) => execution.at > order.bookedFrom);

interface Booked {
  readonly quantity: Quantity;
  readonly cost: Money;
}

const bookedOf = (order: ExternalOrder | null): Booked =>
  (order === null ? [] : executionsOf(order)).reduce<Booked>(
    (sum, { quantity, price }) => ({
      quantity: addQuantity(sum.quantity, quantity),
      cost: addMoney(sum.cost, notionalOf(price, quantity)),
    }),
    { quantity: ZERO_QUANTITY, cost: ZERO_MONEY },
  );

export interface ExternalStep {
  readonly order: ExternalOrder;
  readonly changed: boolean;
  readonly book: Book;
  readonly shareBefore: StrategyShare;
  readonly shareAfter: StrategyShare;
  readonly booked: Booked;
  /**
   * Somebody else traded against a strategy: what it believes to hold, the account no longer does. The strategy must not
   * sell before a person has looked.
   */
  readonly crossesStrategy: boolean;
}

const opposes = (a: StrategyShare, b: StrategyShare): boolean =>
  a.quantity !== 0n && b.quantity !== 0n && a.quantity > 0n !== b.quantity > 0n;

/** Takes in what was read of the order, and books the difference. */
export function externalStep(
  known: ExternalOrder,
  updates: readonly OrderUpdate[],
  book: Book,
  on: CalendarDate,
): ExternalStep {
  const evidence = updates.reduce<Evidence>(
    (joined, update) => joinEvidence(joined, evidenceOf(update)),
    known.evidence,
  );
  const order: ExternalOrder = { ...known, evidence };
  const [before, booked] = [bookedOf(known), bookedOf(order)];
  const quantity = subtractQuantity(booked.quantity, before.quantity);
  const cost = subtractMoney(booked.cost, before.cost);
  const shareBefore = shareOf(book, MANUAL);
  const moves = quantity !== 0n || cost !== 0n;
  const shareAfter = moves
    ? bookFill(shareBefore, { strategyId: MANUAL, side: order.side, quantity, cost, on })
    : shareBefore;
  return {
    order,
    changed: !sameEvidence(known.evidence, evidence),
    book: moves ? withShare(book, shareAfter) : book,
    shareBefore,
    shareAfter,
    booked,
    crossesStrategy: moves && book.shares.some((share) => share.strategyId !== MANUAL && opposes(share, shareAfter)),
  };
}
