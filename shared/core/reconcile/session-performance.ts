/** What a session came to: profit by strategy and symbol, and what trading cost. */
import {
  addMoney,
  type Money,
  negateMoney,
  notionalOf,
  type Price,
  subtractMoney,
  ZERO_MONEY,
} from '#shared/core/kernel/decimal.ts';
import type { StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import type { Order } from '#shared/core/order/order.ts';
import { bookedQuantity } from '#shared/core/order/reservation.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import { type ProfitSum, profitOf } from '#shared/core/reconcile/profit.ts';

/**
 * What an order cost beyond its arrival price: positive when it bought dearer or sold cheaper. Of its known executions
 * alone.
 */
export function slippageOf(order: Order): Money {
  const atArrival = notionalOf(order.intent.arrivalPrice, bookedQuantity(order));
  const dearer = subtractMoney(order.filledCost, atArrival);
  return order.intent.terms.side === 'buy' ? dearer : negateMoney(dearer);
}

/** The account at one end of a session. */
export interface AccountFigures {
  readonly cash: Money;
  readonly equity: Money;
  readonly realizedProfit: Money;
}

export interface PerformanceFacts {
  readonly start: AccountFigures;
  readonly end: AccountFigures & {
    /** By the books, since the cash base was taken at the start of the session. */
    readonly expectedCash: Money;
  };
  readonly books: readonly Book[];
  /** Prices to value positions with; one without stays unvalued. */
  readonly marks: ReadonlyMap<Ticker, Price>;
  /** Orders that ended in the session. */
  readonly ended: readonly Order[];
}

export interface StrategyPerformance extends ProfitSum {
  readonly strategyId: StrategyId;
  readonly slippage: Money;
}

export interface SymbolPerformance extends ProfitSum {
  readonly ticker: Ticker;
}

export interface SessionPerformance {
  readonly equityStart: Money;
  readonly equityEnd: Money;
  readonly cashStart: Money;
  readonly cashEnd: Money;
  /** Realised in the session alone. */
  readonly realizedProfit: Money;
  readonly unrealizedProfit: Money;
  /** Positions without a price. */
  readonly unvalued: number;
  readonly slippage: Money;
  /** Cash that went without an execution: commissions, fees and interest, less what came in as dividends. */
  readonly fees: Money;
  /** Since the books were opened. */
  readonly strategies: readonly StrategyPerformance[];
  readonly symbols: readonly SymbolPerformance[];
}

const sumOf = (orders: readonly Order[]): Money => orders.map(slippageOf).reduce(addMoney, ZERO_MONEY);

export function performanceOf({ start, end, books, marks, ended }: PerformanceFacts): SessionPerformance {
  const profit = profitOf(books, marks);
  return {
    equityStart: start.equity,
    equityEnd: end.equity,
    cashStart: start.cash,
    cashEnd: end.cash,
    realizedProfit: subtractMoney(end.realizedProfit, start.realizedProfit),
    unrealizedProfit: profit.account.unrealized,
    unvalued: profit.account.unvalued,
    slippage: sumOf(ended),
    fees: subtractMoney(end.expectedCash, end.cash),
    strategies: [...profit.byStrategy]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([strategyId, sum]) => ({
        strategyId,
        ...sum,
        slippage: sumOf(ended.filter((order) => order.intent.terms.strategyId === strategyId)),
      })),
    symbols: [...profit.bySymbol].sort(([a], [b]) => (a < b ? -1 : 1)).map(([ticker, sum]) => ({ ticker, ...sum })),
  };
}
