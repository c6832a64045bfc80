import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addMoney,
  type Money,
  notionalOf,
  parseMoney,
  parsePrice,
  parseQuantity,
  subtractMoney,
  ZERO_MONEY,
} from '#shared/core/kernel/decimal.ts';
import { accountId, clientOrderIdOf, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, calendarDate, epochMs } from '#shared/core/kernel/instant.ts';
import {
  type Book,
  bookFill,
  emptyBook,
  positionOf,
  shareOf,
  withGap,
  withShare,
} from '#shared/core/portfolio/book.ts';
import { markedEquity, type MarkFacts, type PassFound, type StoredMark } from './marked-equity.ts';

const ACCOUNT = accountId('marked');
const STRATEGY = strategyId('momentum');
const SYMBOLS = [ticker('KO'), ticker('PEP'), ticker('MSFT')];
const [KO, PEP] = [ticker('KO'), ticker('PEP')];
const PASS_AT = epochMs(1_770_000_000_000);
const ON = calendarDate('2026-02-03');

interface Fill {
  readonly symbol: (typeof SYMBOLS)[number];
  readonly side: 'buy' | 'sell';
  readonly units: string;
  readonly price: string;
}

/** A broker and books beside it: both are told of the same fills, each keeps its own account of them. */
class Twins {
  cash: Money = parseMoney('100000');
  readonly books = new Map<string, Book>(SYMBOLS.map((symbol) => [symbol, emptyBook(ACCOUNT, symbol)]));

  book({ symbol, side, units, price }: Fill): void {
    const book = this.books.get(symbol) ?? emptyBook(ACCOUNT, symbol);
    const quantity = parseQuantity(units);
    const cost = notionalOf(parsePrice(price), quantity);
    this.cash = side === 'buy' ? subtractMoney(this.cash, cost) : addMoney(this.cash, cost);
    const share = bookFill(shareOf(book, STRATEGY), { strategyId: STRATEGY, side, quantity, cost, on: ON });
    this.books.set(symbol, withShare(book, share));
  }

  all(): readonly Book[] {
    return [...this.books.values()];
  }

  equity(prices: readonly string[]): Money {
    return SYMBOLS.reduce((sum, symbol, index) => {
      const book = this.books.get(symbol) ?? emptyBook(ACCOUNT, symbol);
      return addMoney(sum, notionalOf(parsePrice(prices[index] ?? '0'), positionOf(book)));
    }, this.cash);
  }

  /** What a pass says, the broker marking at these prices. */
  pass(prices: readonly string[]): PassFound {
    const shares = this.all().flatMap((book) => book.shares);
    const equity = this.equity(prices);
    return {
      at: PASS_AT,
      cash: this.cash,
      expectedCash: this.cash,
      equity,
      realizedProfit: shares.reduce((sum, { realizedProfit }) => addMoney(sum, realizedProfit), ZERO_MONEY),
      unrealizedProfit: shares.reduce((sum, { cost }) => subtractMoney(sum, cost), subtractMoney(equity, this.cash)),
      agrees: true,
    };
  }
}

const at = (bid: string | null, ask = bid, readAt = addMs(PASS_AT, 1)): StoredMark => ({
  quote: { bid: bid === null ? null : parsePrice(bid), ask: ask === null ? null : parsePrice(ask) },
  readAt,
});
const quotesAt = (prices: readonly string[]) =>
  new Map(SYMBOLS.map((symbol, index) => [symbol, at(prices[index] ?? null)]));
const POLICY = { cashToleranceBps: 10n, spreadBpsMax: 100n } as const;

const PRICES = ['70', '150', '400'];
/** 100 of KO bought at 72 before the pass, which finds it at 70. */
function held(change: Partial<MarkFacts> = {}): MarkFacts {
  const twins = new Twins();
  twins.book({ symbol: KO, side: 'buy', units: '100', price: '72' });
  return { pass: twins.pass(PRICES), books: twins.all(), quotes: quotesAt(PRICES), ...POLICY, ...change };
}
const withPass = (change: Partial<PassFound>): MarkFacts => held({ pass: { ...held().pass, ...change } });
const changed = (change: (book: Book) => Book): MarkFacts =>
  held({ books: held().books.map((book) => (book.ticker === KO ? change(book) : book)) });

describe('the equity marked by quotes', () => {
  it("is the pass's own where nothing moved, and follows the price of what is held", () => {
    expect(markedEquity(held())).toBe(parseMoney('99800'));
    expect(markedEquity(held({ quotes: new Map([[KO, at('64.98', '65.02')]]) }))).toBe(parseMoney('99300'));
  });

  it('counts a fill since the pass by what it paid and by the price now', () => {
    const twins = new Twins();
    twins.book({ symbol: KO, side: 'buy', units: '100', price: '72' });
    const pass = twins.pass(PRICES);
    twins.book({ symbol: KO, side: 'sell', units: '60', price: '69' });
    twins.book({ symbol: PEP, side: 'buy', units: '10', price: '151' });
    // 40 of KO lost 2 each, 60 lost 1 each, 10 of PEP lost 1 each.
    const facts = { pass, books: twins.all(), quotes: quotesAt(['68', '150', '400']), ...POLICY };
    expect(markedEquity(facts)).toBe(parseMoney('99650'));
  });

  it('is what a broker would answer, whatever was filled before and since, to the last digit', () => {
    const cents = (min: number, max: number) =>
      fc.integer({ min, max }).map((value) => `${Math.floor(value / 100)}.${String(value % 100).padStart(2, '0')}`);
    const fill: fc.Arbitrary<Fill> = fc.record({
      symbol: fc.constantFrom(...SYMBOLS),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      units: cents(1, 50_000),
      price: cents(100, 90_000),
    });
    const prices = fc.tuple(cents(100, 90_000), cents(100, 90_000), cents(100, 90_000));
    const fills = fc.array(fill, { maxLength: 12 });
    fc.assert(
      fc.property(fills, fills, prices, prices, (before, since, then, now) => {
        const twins = new Twins();
        before.forEach((one) => twins.book(one));
        const pass = twins.pass(then);
        since.forEach((one) => twins.book(one));
        expect(markedEquity({ pass, books: twins.all(), quotes: quotesAt(now), ...POLICY })).toBe(twins.equity(now));
      }),
      { seed: 20260203, numRuns: 200 },
    );
  });

  it.each<[string, MarkFacts]>([
    ['a held symbol has no quote', held({ quotes: new Map([[PEP, at('150')]]) })],
    ['its quote was read before the pass', held({ quotes: new Map([[KO, at('65', '65', addMs(PASS_AT, -1))]]) })],
    ['its quote has no bid', held({ quotes: new Map([[KO, at(null, '65')]]) })],
    ['its quote has no ask', held({ quotes: new Map([[KO, at('65', null)]]) })],
    ['its bid is zero', held({ quotes: new Map([[KO, at('0', '0')]]) })],
    ['its quote is crossed', held({ quotes: new Map([[KO, at('65.01', '65')]]) })],
    ['its spread is wider than the policy bears', held({ quotes: new Map([[KO, at('65', '65.66')]]) })],
    ['books and broker differed', withPass({ agrees: false })],
    ['cash had drifted by more than the tolerance', withPass({ expectedCash: parseMoney('92899.81') })],
    ['executions are not all known', changed((book) => withGap(book, clientOrderIdOf('o-1'), true))],
    [
      'a symbol is in quarantine',
      changed((book) => ({ ...book, quarantine: { code: 'split', message: '', at: PASS_AT } })),
    ],
  ])('is not reckoned where %s', (_, facts) => {
    expect(markedEquity(facts)).toBeNull();
  });

  it('needs no quote of what is not held, and bears a drift and a spread that the policy lets pass', () => {
    const quotes = new Map([[KO, at('65', '65.65')]]);
    const drifted = { ...withPass({ expectedCash: parseMoney('92899.8') }), quotes };
    expect(markedEquity(drifted)).toBe(parseMoney('99332.5'));
  });
});
