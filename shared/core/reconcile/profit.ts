/** Profit and loss: by the books as they run, and computed again from the trade journal. */
import {
  addMoney,
  addQuantity,
  averagePrice,
  formatMoney,
  formatQuantity,
  type Money,
  negateMoney,
  negateQuantity,
  notionalOf,
  type Price,
  type Quantity,
  subtractMoney,
  ZERO_MONEY,
} from '#shared/core/kernel/decimal.ts';
import type { StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import type { Side } from '#shared/core/order/terms.ts';
import { type Book, bookFill, emptyShare, type StrategyShare } from '#shared/core/portfolio/book.ts';

/** What one strategy has made of one symbol. */
export interface ShareProfit {
  readonly ticker: Ticker;
  readonly strategyId: StrategyId;
  readonly quantity: Quantity;
  readonly cost: Money;
  readonly averagePrice: Price | null;
  readonly realized: Money;
  /** Null where no price is known to value the position with. */
  readonly unrealized: Money | null;
  /** An execution is missing: cost and profit are not final. */
  readonly provisional: boolean;
}

export interface ProfitSum {
  readonly realized: Money;
  /** Over the positions that have a price. */
  readonly unrealized: Money;
  /** Positions without a price. */
  readonly unvalued: number;
}

export interface ProfitReport {
  readonly shares: readonly ShareProfit[];
  readonly bySymbol: ReadonlyMap<Ticker, ProfitSum>;
  readonly byStrategy: ReadonlyMap<StrategyId, ProfitSum>;
  readonly account: ProfitSum;
}

const NO_PROFIT: ProfitSum = { realized: ZERO_MONEY, unrealized: ZERO_MONEY, unvalued: 0 };

const added = (sum: ProfitSum, share: ShareProfit): ProfitSum => ({
  realized: addMoney(sum.realized, share.realized),
  unrealized: addMoney(sum.unrealized, share.unrealized ?? ZERO_MONEY),
  unvalued: sum.unvalued + (share.unrealized === null ? 1 : 0),
});

function profitOfShare(book: Book, share: StrategyShare, mark: Price | undefined): ShareProfit {
  const flat = share.quantity === 0n;
  const value = mark === undefined ? null : notionalOf(mark, share.quantity);
  return {
    ticker: book.ticker,
    strategyId: share.strategyId,
    quantity: share.quantity,
    cost: share.cost,
    averagePrice: flat ? null : averagePrice(share.cost, share.quantity, 'half-even'),
    realized: share.realizedProfit,
    unrealized: flat ? ZERO_MONEY : value === null ? null : subtractMoney(value, share.cost),
    provisional: book.gaps.length > 0,
  };
}

const summed = <K>(shares: readonly ShareProfit[], keyOf: (share: ShareProfit) => K): ReadonlyMap<K, ProfitSum> => {
  const sums = new Map<K, ProfitSum>();
  for (const share of shares) sums.set(keyOf(share), added(sums.get(keyOf(share)) ?? NO_PROFIT, share));
  return sums;
};

/** Realised by average cost, unrealised at the marks: by symbol, by strategy, and for the account. */
export function profitOf(books: readonly Book[], marks: ReadonlyMap<Ticker, Price>): ProfitReport {
  const shares = books.flatMap((book) =>
    book.shares.map((share) => profitOfShare(book, share, marks.get(book.ticker))),
  );
  return {
    shares,
    bySymbol: summed(shares, (share) => share.ticker),
    byStrategy: summed(shares, (share) => share.strategyId),
    account: shares.reduce(added, NO_PROFIT),
  };
}

/** One entry of the trade journal. */
export interface BookedEntry {
  readonly ticker: Ticker;
  readonly strategyId: StrategyId;
  /** Counts within the symbol's book. */
  readonly sequence: number;
  /** Null for an adjustment, which sets units and cost and realizes nothing. */
  readonly side: Side | null;
  readonly quantityChange: Quantity;
  readonly paidChange: Money;
  readonly on: CalendarDate;
  /** The share as it was left. */
  readonly after: Pick<StrategyShare, 'quantity' | 'cost' | 'realizedProfit'>;
}

function replayed(share: StrategyShare, entry: BookedEntry): StrategyShare {
  const { side, quantityChange, paidChange } = entry;
  if (side === null) {
    const quantity = addQuantity(share.quantity, quantityChange);
    return { ...share, quantity, cost: addMoney(share.cost, paidChange) };
  }
  const buys = side === 'buy';
  return bookFill(share, {
    strategyId: share.strategyId,
    side,
    quantity: buys ? quantityChange : negateQuantity(quantityChange),
    cost: buys ? paidChange : negateMoney(paidChange),
    on: entry.on,
  });
}

export interface ProfitViolation {
  readonly ticker: Ticker;
  readonly strategyId: StrategyId;
  readonly what: string;
}

const textOf = ({ quantity, cost, realizedProfit }: BookedEntry['after']): string =>
  `${formatQuantity(quantity)} at ${formatMoney(cost)}, realized ${formatMoney(realizedProfit)}`;

/**
 * Computes every share again from its entries and holds it to what was written then, and to the books as they stand.
 * @param entries a part of the journal that reaches to its end; the first entry of a share is taken as it was left
 * @param fromTheBeginning true when the entries are all there ever were, so that every share began with nothing
 */
export function replayProfit(
  entries: readonly BookedEntry[],
  books: readonly Book[],
  fromTheBeginning: boolean,
): readonly ProfitViolation[] {
  const violations: ProfitViolation[] = [];
  const shares = new Map<string, { readonly entry: BookedEntry; readonly share: StrategyShare }>();
  for (const entry of [...entries].sort((a, b) => a.sequence - b.sequence)) {
    const key = `${entry.ticker} ${entry.strategyId}`;
    const nothing = emptyShare(entry.strategyId);
    const known = shares.get(key)?.share ?? (fromTheBeginning ? nothing : null);
    const share = known === null ? { ...nothing, ...entry.after } : replayed(known, entry);
    if (textOf(share) !== textOf(entry.after)) {
      const what = `entry ${entry.sequence} left ${textOf(entry.after)}; computed again it is ${textOf(share)}`;
      violations.push({ ticker: entry.ticker, strategyId: entry.strategyId, what });
    }
    shares.set(key, { entry, share });
  }
  for (const { entry, share } of shares.values()) {
    const book = books.find(({ ticker }) => ticker === entry.ticker);
    const running =
      book?.shares.find(({ strategyId }) => strategyId === entry.strategyId) ?? emptyShare(entry.strategyId);
    if (textOf(running) === textOf(share)) continue;
    const what = `the book holds ${textOf(running)}; by the journal it is ${textOf(share)}`;
    violations.push({ ticker: entry.ticker, strategyId: entry.strategyId, what });
  }
  return violations;
}
