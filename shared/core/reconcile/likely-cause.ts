/** What probably made the books and the broker differ, for the person who has to find out. It decides nothing. */
import { addMoney, ZERO_MONEY } from '#shared/core/kernel/decimal.ts';
import { type Book, positionOf } from '#shared/core/portfolio/book.ts';
import type { HeldPosition, PositionDifference } from '#shared/core/reconcile/position-differences.ts';
import { type Holding, holdingOf, splitInHoldings } from '#shared/core/reconcile/splits.ts';

export const CAUSES = {
  split: 'a split that the books have not been restated for',
  'missed-fill': 'a fill of an order of ours that the broker has not told of yet',
  'external-trade': 'a trade that somebody else made at the broker',
  'fee-in-asset': 'a fee that was taken out of the asset itself',
  'stock-dividend': 'a dividend paid in shares',
  transfer: 'shares that were brought into the account or taken out of it',
} as const;
export type CauseCode = keyof typeof CAUSES;

export interface CauseFacts {
  readonly difference: PositionDifference;
  readonly book: Book | null;
  readonly held: (HeldPosition & Holding) | null;
  /** Orders that are not ours were read of the symbol in this pass. */
  readonly foreignOrders: boolean;
}

/** A fee or a dividend in kind is a small part of what is held. */
const FEE_BPS_MAX = 60n;
const DIVIDEND_BPS_MAX = 1_000n;

function partBps({ ours, broker }: PositionDifference): bigint {
  const size = ours < 0n ? -ours : ours;
  const gone = ours < broker ? broker - ours : ours - broker;
  return size === 0n ? 10_000n : (gone * 10_000n) / size;
}

const isSplit = ({ book, held }: CauseFacts): boolean => {
  if (book === null || held === null) return false;
  const cost = book.shares.reduce((sum, share) => addMoney(sum, share.cost), ZERO_MONEY);
  const ours = holdingOf(positionOf(book), cost);
  return ours !== null && splitInHoldings(ours, held) !== null;
};

/** The first cause that fits, the most telling first. */
export function likelyCause(facts: CauseFacts): CauseCode {
  const { difference, book, foreignOrders } = facts;
  if (isSplit(facts)) return 'split';
  if (foreignOrders) return 'external-trade';
  if (book !== null && (book.gaps.length > 0 || book.openOrders.length > 0)) return 'missed-fill';
  const grown = difference.broker > difference.ours === difference.ours > 0n;
  const part = partBps(difference);
  if (difference.ticker.includes('/') && !grown && part <= FEE_BPS_MAX) return 'fee-in-asset';
  if (difference.ours > 0n && grown && part <= DIVIDEND_BPS_MAX) return 'stock-dividend';
  return difference.broker === 0n ? 'external-trade' : 'transfer';
}
