/** What is held, and what it is worth. */
import {
  addMoney,
  formatMoney,
  formatPrice,
  formatQuantity,
  type Money,
  notionalOf,
  subtractMoney,
  ZERO_MONEY,
} from '#shared/core/kernel/decimal.ts';
import { formatEpochNs } from '#shared/core/kernel/instant.ts';
import type { Quote } from '#shared/core/market/types.ts';
import { type Book, positionOf } from '#shared/core/portfolio/book.ts';
import { formatEpochMs } from '#shared/core/kernel/instant.ts';
import { done, operation } from './operation.ts';
import { READING_SCHEMAS } from './reading-schemas.ts';

const isHeld = (book: Book): boolean => positionOf(book) !== 0n;

const positionView = (book: Book) => ({
  symbol: book.ticker,
  quantity: formatQuantity(positionOf(book)),
  quarantined: book.quarantine !== null,
  open_orders: book.openOrders.length,
  provisional: book.gaps.length > 0,
  shares: book.shares.map((share) => ({
    strategy_id: share.strategyId,
    quantity: formatQuantity(share.quantity),
    cost: formatMoney(share.cost),
    realized_profit: formatMoney(share.realizedProfit),
    opened_on: share.openedOn,
    stop_price: share.stopPrice === null ? null : formatPrice(share.stopPrice),
  })),
});

export const getPositions = operation(READING_SCHEMAS.getPositions, async ({ books, accountId }) => {
  const all = await books.all(accountId);
  return done({ positions: all.filter((book) => isHeld(book) || book.openOrders.length > 0).map(positionView) });
});

const sum = (amounts: readonly Money[]): Money =>
  amounts.reduce((total, amount) => addMoney(total, amount), ZERO_MONEY);

interface Valued {
  readonly unrealized: Money | null;
  readonly view: {
    readonly symbol: string;
    readonly quantity: string;
    readonly cost: string;
    readonly price: string | null;
    readonly price_at: string | null;
    readonly unrealized_profit: string | null;
    readonly realized_profit: string;
  };
}

/** Values a position at the side of the quote that closing it would meet. */
function valued(book: Book, quote: Quote | null): Valued {
  const quantity = positionOf(book);
  const price = quote === null ? null : quantity > 0n ? quote.bid : quote.ask;
  const cost = sum(book.shares.map((share) => share.cost));
  const unrealized =
    quantity === 0n ? ZERO_MONEY : price === null ? null : subtractMoney(notionalOf(price, quantity), cost);
  return {
    unrealized,
    view: {
      symbol: book.ticker,
      quantity: formatQuantity(quantity),
      cost: formatMoney(cost),
      price: price === null ? null : formatPrice(price),
      price_at: price === null || quote === null ? null : formatEpochNs(quote.at),
      unrealized_profit: unrealized === null ? null : formatMoney(unrealized),
      realized_profit: formatMoney(sum(book.shares.map((share) => share.realizedProfit))),
    },
  };
}

export const getRealtimePnl = operation(READING_SCHEMAS.getRealtimePnl, async (dependencies, call) => {
  const { books, accountId, marketStore } = dependencies;
  const [all, exposure] = await Promise.all([books.all(accountId), books.exposure(accountId)]);
  const traded = all.filter((book) => book.shares.length > 0);
  const quotes = await marketStore.loadQuotes(traded.filter(isHeld).map((book) => book.ticker));
  const positions = traded.map((book) => valued(book, quotes.get(book.ticker)?.quote ?? null));
  const known = positions.flatMap(({ unrealized }) => (unrealized === null ? [] : [unrealized]));
  return done({
    as_of: formatEpochMs(call.now),
    equity: exposure === null || exposure.equity === null ? null : formatMoney(exposure.equity),
    equity_at_open: exposure === null || exposure.equityAtOpen === null ? null : formatMoney(exposure.equityAtOpen),
    unrealized_profit: formatMoney(sum(known)),
    realized_profit: formatMoney(sum(traded.flatMap((book) => book.shares.map((share) => share.realizedProfit)))),
    incomplete: known.length < positions.length,
    positions: positions.map(({ view }) => view),
  });
});
