/** What happened to a book, as facts of the catalogue. */
import type { Fact, Room } from '#events/envelope.ts';
import { aggregateOf, type FactPlace, makeFact } from '#events/fact.ts';
import {
  formatMoney,
  formatQuantity,
  type Money,
  subtractMoney,
  subtractQuantity,
} from '#shared/core/kernel/decimal.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Side } from '#shared/core/order/terms.ts';
import type { Book, StrategyShare } from '#shared/core/portfolio/book.ts';

/** What moved a share. */
export interface ShareCause {
  readonly cause: 'order' | 'external' | 'adjustment';
  readonly causeId: string;
  readonly side: Side | null;
}

/** Numbers the facts of one change of a book on from its last. */
export function bookPlaces(
  room: Room,
  book: Book,
  said: { readonly now: EpochMs; readonly correlationId: string; readonly causationId: string | null },
): () => FactPlace {
  let { sequence } = book;
  return () => {
    sequence += 1;
    return {
      room,
      aggregateId: aggregateOf.book(book.accountId, book.ticker),
      sequence,
      occurredAt: said.now,
      correlationId: said.correlationId,
      causationId: said.causationId,
    };
  };
}

/** Money that was paid for all that the share ever bought, less what its sales brought. */
const paidOf = (share: StrategyShare): Money => subtractMoney(share.cost, share.realizedProfit);

/** The facts of one share's move: the trade, and where it left or came back to zero. None when nothing moved. */
export function shareFacts(
  book: Book,
  place: () => FactPlace,
  before: StrategyShare,
  after: StrategyShare,
  moved: ShareCause,
): readonly Fact[] {
  const quantityChange = subtractQuantity(after.quantity, before.quantity);
  const paidChange = subtractMoney(paidOf(after), paidOf(before));
  if (quantityChange === 0n && paidChange === 0n) return [];
  const common = { accountId: book.accountId, strategyId: after.strategyId, symbol: book.ticker };
  const facts: Fact[] = [
    makeFact('position.booked.v1', place(), {
      ...common,
      ...moved,
      quantityChange: formatQuantity(quantityChange),
      paidChange: formatMoney(paidChange),
      quantity: formatQuantity(after.quantity),
      cost: formatMoney(after.cost),
      realizedProfit: formatMoney(after.realizedProfit),
    }),
  ];
  if (before.quantity === 0n && after.quantity !== 0n) {
    const data = { ...common, quantity: formatQuantity(after.quantity), cost: formatMoney(after.cost) };
    facts.push(makeFact('position.opened.v1', place(), data));
  }
  if (before.quantity !== 0n && after.quantity === 0n) {
    const realized = subtractMoney(after.realizedProfit, before.realizedProfit);
    facts.push(makeFact('position.closed.v1', place(), { ...common, realizedProfit: formatMoney(realized) }));
  }
  return facts;
}
