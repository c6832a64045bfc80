import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addMoney,
  parseMoney,
  parsePrice,
  parseQuantity,
  subtractMoney,
  wholeQuantity,
  ZERO_MONEY,
} from '#shared/core/kernel/decimal.ts';
import { accountId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { bookFill, emptyBook, emptyShare, type StrategyShare, withShare } from '#shared/core/portfolio/book.ts';
import { type BookedEntry, profitOf, replayProfit } from './profit.ts';

const KO = ticker('KO');
const A = strategyId('a');
const B = strategyId('b');
const ON = calendarDate('2026-01-06');
const account = accountId('paper-1');
const share = (strategy: typeof A, quantity: string, cost: string, realized: string): StrategyShare => ({
  ...emptyShare(strategy),
  quantity: parseQuantity(quantity),
  cost: parseMoney(cost),
  realizedProfit: parseMoney(realized),
});
const bookOf = (symbol: typeof KO, ...shares: readonly StrategyShare[]) =>
  shares.reduce((book, one) => withShare(book, one), emptyBook(account, symbol));

describe('profit', () => {
  const books = [
    bookOf(KO, share(A, '10', '500', '20'), share(B, '-4', '-220', '-5')),
    bookOf(ticker('F'), share(A, '0', '0', '7')),
    bookOf(ticker('MSFT'), share(B, '1', '400', '0')),
  ];
  const report = profitOf(books, new Map([[KO, parsePrice('52')]]));

  it('is realised as booked, and unrealised at the mark', () => {
    expect(report.shares.map(({ ticker: symbol, strategyId: by, unrealized }) => [symbol, by, unrealized])).toEqual([
      ['KO', 'a', parseMoney('20')],
      ['KO', 'b', parseMoney('12')],
      ['F', 'a', ZERO_MONEY],
      ['MSFT', 'b', null],
    ]);
    expect(report.shares[0]?.averagePrice).toBe(parsePrice('50'));
  });

  it('adds up by symbol, by strategy and for the account', () => {
    expect(report.bySymbol.get(KO)).toEqual({ realized: parseMoney('15'), unrealized: parseMoney('32'), unvalued: 0 });
    expect(report.byStrategy.get(A)).toEqual({ realized: parseMoney('27'), unrealized: parseMoney('20'), unvalued: 0 });
    expect(report.byStrategy.get(B)).toEqual({ realized: parseMoney('-5'), unrealized: parseMoney('12'), unvalued: 1 });
    expect(report.account).toEqual({ realized: parseMoney('22'), unrealized: parseMoney('32'), unvalued: 1 });
  });
});

/** Entries as the books write them, one after the other. */
function journal(trades: readonly { readonly buys: boolean; readonly units: number; readonly price: number }[]) {
  let current = emptyShare(A);
  const entries = trades.map(({ buys, units, price }, index): BookedEntry => {
    const side = buys ? 'buy' : 'sell';
    const cost = parseMoney(String(units * price));
    const before = current;
    current = bookFill(before, { strategyId: A, side, quantity: wholeQuantity(units), cost, on: ON });
    const paid = (one: StrategyShare) => subtractMoney(one.cost, one.realizedProfit);
    return {
      ticker: KO,
      strategyId: A,
      sequence: index + 1,
      side,
      quantityChange: parseQuantity(String(buys ? units : -units)),
      paidChange: subtractMoney(paid(current), paid(before)),
      on: ON,
      after: current,
    };
  });
  return { entries, book: bookOf(KO, current) };
}

const trade = fc.record({
  buys: fc.boolean(),
  units: fc.integer({ min: 1, max: 50 }),
  price: fc.integer({ min: 1, max: 200 }),
});

describe('profit computed again from the journal', () => {
  it('is the running one, from the beginning or from any entry on', () => {
    fc.assert(
      fc.property(fc.array(trade, { minLength: 1, maxLength: 30 }), fc.nat(29), (trades, from) => {
        const { entries, book } = journal(trades);
        expect(replayProfit(entries, [book], true)).toEqual([]);
        expect(replayProfit(entries.slice(Math.min(from, entries.length - 1)), [book], false)).toEqual([]);
      }),
      { seed: 42 },
    );
  });

  it('is none of the order in which the entries are read', () => {
    const { entries, book } = journal([
      { buys: true, units: 10, price: 50 },
      { buys: false, units: 4, price: 60 },
      { buys: false, units: 9, price: 40 },
    ]);
    expect(replayProfit(entries.toReversed(), [book], true)).toEqual([]);
  });

  it('tells an entry that was written wrongly, and a book that is not where its journal leads', () => {
    const { entries, book } = journal([
      { buys: true, units: 10, price: 50 },
      { buys: false, units: 4, price: 60 },
    ]);
    const wrong = entries.map((entry, index) =>
      index === 1
        ? { ...entry, after: { ...entry.after, realizedProfit: addMoney(entry.after.realizedProfit, parseMoney('1')) } }
        : entry,
    );
    expect(replayProfit(wrong, [book], true)).toMatchObject([{ what: expect.stringContaining('entry 2') }]);
    expect(replayProfit(entries, [], true)).toMatchObject([{ what: expect.stringContaining('the book holds 0') }]);
    expect(replayProfit(entries.slice(0, 1), [book], true)).toHaveLength(1);
    expect(replayProfit(entries.slice(1), [book], true)).not.toEqual([]);
  });

  it('takes an adjustment for what it is: units and cost, and no profit', () => {
    const { entries } = journal([{ buys: true, units: 10, price: 50 }]);
    const adjusted = share(A, '40', '500', '0');
    const entry: BookedEntry = {
      ticker: KO,
      strategyId: A,
      sequence: 2,
      side: null,
      quantityChange: parseQuantity('30'),
      paidChange: ZERO_MONEY,
      on: ON,
      after: adjusted,
    };
    expect(replayProfit([...entries, entry], [bookOf(KO, adjusted)], true)).toEqual([]);
  });
});
