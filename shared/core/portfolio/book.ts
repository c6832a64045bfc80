/**
 * A book: what an account holds of one symbol, strategy by strategy, with the orders that are open on it. It changes
 * only together with an order (or by an audited adjustment), in one transaction, by version.
 */
import {
  absoluteMoney,
  absoluteQuantity,
  addMoney,
  addQuantity,
  minQuantity,
  type Money,
  negateMoney,
  negateQuantity,
  type Price,
  prorateMoney,
  type Quantity,
  subtractMoney,
  subtractQuantity,
  ZERO_MONEY,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import { invariant } from '#shared/core/kernel/fault.ts';
import type { AccountId, ClientOrderId, DecisionId, StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import type { OrderPurpose } from '#shared/core/order/order.ts';
import type { Side } from '#shared/core/order/terms.ts';

/** One strategy's own share of the position. */
export interface StrategyShare {
  readonly strategyId: StrategyId;
  /** Negative when short. */
  readonly quantity: Quantity;
  /** What the open quantity cost (average cost method), with the sign of the quantity. */
  readonly cost: Money;
  readonly realizedProfit: Money;
  readonly openedOn: CalendarDate | null;
  readonly stopPrice: Price | null;
}

/** An order that has not ended, as the book sees it. */
export interface OpenOrderMark {
  readonly clientOrderId: ClientOrderId;
  readonly strategyId: StrategyId;
  readonly decisionId: DecisionId;
  readonly slice: number;
  readonly purpose: OrderPurpose;
  readonly side: Side;
  readonly limitPrice: Price | null;
  readonly stopPrice: Price | null;
  readonly closing: boolean;
  /** Ordered less filled. */
  readonly remaining: Quantity;
  /** Money that the remaining quantity reserves; zero for closing orders. */
  readonly reservedMoney: Money;
  /** Its fate at the broker is not known; the symbol takes no entries. */
  readonly unknown: boolean;
}

export interface Quarantine {
  readonly code: string;
  readonly message: string;
  readonly at: EpochMs;
}

/** Quarantines that a pass sets because books and broker differ; that they agree again is the proof that lifts them. */
export const PROVED_BY_AGREEMENT: readonly string[] = ['position-mismatch', 'split'];

/** True when one waits for a person and the one that stands does not: it must not be lifted together with that. */
export const outranks = (quarantine: Quarantine, standing: Quarantine): boolean =>
  PROVED_BY_AGREEMENT.includes(standing.code) && !PROVED_BY_AGREEMENT.includes(quarantine.code);

export interface Book {
  readonly accountId: AccountId;
  readonly ticker: Ticker;
  readonly shares: readonly StrategyShare[];
  readonly openOrders: readonly OpenOrderMark[];
  /** Orders whose executions are not all known, ended or not: cost and profit are provisional until they are. */
  readonly gaps: readonly ClientOrderId[];
  readonly quarantine: Quarantine | null;
  /** The exit that is open on the symbol; entries wait for its end. */
  readonly exitId: string | null;
  /** When a fill was last booked. */
  readonly lastFillAt: EpochMs | null;
  readonly version: number;
  /** Last fact sequence of this book. */
  readonly sequence: number;
}

export const emptyBook = (accountId: AccountId, ticker: Ticker): Book => ({
  accountId,
  ticker,
  shares: [],
  openOrders: [],
  gaps: [],
  quarantine: null,
  exitId: null,
  lastFillAt: null,
  version: 0,
  sequence: 0,
});

/** The sum of all shares: what the broker should hold. */
export const positionOf = (book: Book): Quantity =>
  book.shares.reduce((sum, share) => addQuantity(sum, share.quantity), ZERO_QUANTITY);

/** The share of a strategy that never traded the symbol. */
export const emptyShare = (strategyId: StrategyId): StrategyShare => ({
  strategyId,
  quantity: ZERO_QUANTITY,
  cost: ZERO_MONEY,
  realizedProfit: ZERO_MONEY,
  openedOn: null,
  stopPrice: null,
});

export const shareOf = (book: Book, strategyId: StrategyId): StrategyShare =>
  book.shares.find((share) => share.strategyId === strategyId) ?? emptyShare(strategyId);

/** Remaining quantity of one strategy's open orders, buys counted up and sells down. */
export const openQuantityOf = (book: Book, strategyId: StrategyId): Quantity =>
  book.openOrders
    .filter((mark) => mark.strategyId === strategyId)
    .reduce(
      (sum, mark) => (mark.side === 'buy' ? addQuantity(sum, mark.remaining) : subtractQuantity(sum, mark.remaining)),
      ZERO_QUANTITY,
    );

/** Positions at cost (absolute) plus what open orders reserve. */
export const exposureOf = (book: Book): Money =>
  addMoney(
    book.shares.reduce((sum, share) => addMoney(sum, absoluteMoney(share.cost)), ZERO_MONEY),
    book.openOrders.reduce((sum, mark) => addMoney(sum, mark.reservedMoney), ZERO_MONEY),
  );

/** All that was ever paid for shares, less what their sales brought: cost and realised profit hold it exactly. */
export const paidIn = (books: readonly Book[]): Money =>
  books
    .flatMap((book) => book.shares)
    .reduce((sum, share) => addMoney(sum, subtractMoney(share.cost, share.realizedProfit)), ZERO_MONEY);

/** What became known of one strategy's executions; all amounts are of `side`, negative when a bust takes back. */
export interface BookedFill {
  readonly strategyId: StrategyId;
  readonly side: Side;
  /** Newly filled quantity. */
  readonly quantity: Quantity;
  /** Newly known cost of a buy or proceeds of a sell; may become known after its quantity. */
  readonly cost: Money;
  readonly on: CalendarDate;
}

/**
 * Books a fill by the average cost method: what opens adds to the cost, what closes takes its part of the cost off and
 * realizes the difference. Money paid so far = cost - realized profit, always and exactly, whatever comes first.
 */
export function bookFill(share: StrategyShare, fill: BookedFill): StrategyShare {
  invariant(share.strategyId === fill.strategyId, 'a fill is booked on the share of its own strategy');
  const delta = fill.side === 'buy' ? fill.quantity : negateQuantity(fill.quantity);
  const paid = fill.side === 'buy' ? fill.cost : negateMoney(fill.cost);
  if (delta === 0n) return bookLateCost(share, fill.side, paid);
  const crosses = share.quantity !== 0n && share.quantity > 0n !== delta > 0n;
  if (!crosses)
    return settled(share, addQuantity(share.quantity, delta), addMoney(share.cost, paid), ZERO_MONEY, fill.on);
  const closing = minQuantity(absoluteQuantity(delta), absoluteQuantity(share.quantity));
  const paidToClose = prorateMoney(paid, closing, absoluteQuantity(delta), 'half-even');
  const costClosed = prorateMoney(share.cost, closing, absoluteQuantity(share.quantity), 'half-even');
  const realized = negateMoney(addMoney(costClosed, paidToClose));
  const costKept = addMoney(subtractMoney(share.cost, costClosed), subtractMoney(paid, paidToClose));
  return settled(share, addQuantity(share.quantity, delta), costKept, realized, fill.on);
}

/** Cost that became known after its quantity belongs to the open position, or to the profit of what was closed. */
function bookLateCost(share: StrategyShare, side: Side, paid: Money): StrategyShare {
  const opening = share.quantity !== 0n && share.quantity > 0n === (side === 'buy');
  return opening
    ? { ...share, cost: addMoney(share.cost, paid) }
    : { ...share, realizedProfit: subtractMoney(share.realizedProfit, paid) };
}

function settled(
  share: StrategyShare,
  quantity: Quantity,
  cost: Money,
  realized: Money,
  on: CalendarDate,
): StrategyShare {
  const flat = quantity === 0n;
  const turned = share.quantity === 0n || share.quantity > 0n !== quantity > 0n;
  return {
    ...share,
    quantity,
    cost: flat ? ZERO_MONEY : cost,
    // A flat share has no cost left: whatever rounding or a gap left over is profit or loss.
    realizedProfit: addMoney(share.realizedProfit, flat ? subtractMoney(realized, cost) : realized),
    openedOn: flat ? null : turned ? on : share.openedOn,
    stopPrice: flat ? null : share.stopPrice,
  };
}

/** The same book with one share replaced; a flat share without profit is left out. */
export function withShare(book: Book, share: StrategyShare): Book {
  const others = book.shares.filter((other) => other.strategyId !== share.strategyId);
  const empty = share.quantity === 0n && share.realizedProfit === 0n && share.cost === 0n;
  const shares = empty ? others : [...others, share];
  return { ...book, shares: shares.sort((a, b) => (a.strategyId < b.strategyId ? -1 : 1)) };
}

/** The same book with one order's mark set, or taken off when the order has ended. */
export function withMark(book: Book, clientOrderId: ClientOrderId, mark: OpenOrderMark | null): Book {
  const others = book.openOrders.filter((other) => other.clientOrderId !== clientOrderId);
  const marks = mark === null ? others : [...others, mark];
  return { ...book, openOrders: marks.sort((a, b) => (a.clientOrderId < b.clientOrderId ? -1 : 1)) };
}

/** The same book with an order among those whose executions are not all known, or taken off them. */
export function withGap(book: Book, clientOrderId: ClientOrderId, open: boolean): Book {
  if (book.gaps.includes(clientOrderId) === open) return book;
  const others = book.gaps.filter((other) => other !== clientOrderId);
  return { ...book, gaps: open ? [...others, clientOrderId].sort() : others };
}
