import { describe, expect, it } from 'vitest';
import { parseMoney, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { accountId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { type Book, emptyBook, emptyShare, withShare } from '#shared/core/portfolio/book.ts';
import { positionDifferences, standingDifferences } from './position-differences.ts';

const book = (symbol: string, shares: Readonly<Record<string, string>>, version = 1): Book =>
  Object.entries(shares).reduce(
    (filled, [strategy, quantity]) =>
      withShare(filled, {
        ...emptyShare(strategyId(strategy)),
        quantity: parseQuantity(quantity),
        cost: parseMoney('1'),
      }),
    { ...emptyBook(accountId('paper-1'), ticker(symbol)), version },
  );
const held = (symbol: string, quantity: string) => ({ ticker: ticker(symbol), quantity: parseQuantity(quantity) });

describe('differences of positions', () => {
  it('are none where the shares of all strategies come to what the broker holds', () => {
    const books = [book('AAPL', { a: '10', b: '-4' }), book('F', {}), book('KO', { a: '-1' })];
    expect(positionDifferences(books, [held('AAPL', '6'), held('KO', '-1')])).toEqual([]);
  });

  it('have no tolerance, and both sides may know a symbol alone', () => {
    const books = [book('KO', { a: '1' }, 7), book('AAPL', { a: '2' })];
    expect(positionDifferences(books, [held('MSFT', '3'), held('AAPL', '2.000000001')])).toEqual([
      { ticker: 'AAPL', ours: parseQuantity('2'), broker: parseQuantity('2.000000001'), bookVersion: 1 },
      { ticker: 'KO', ours: parseQuantity('1'), broker: 0n, bookVersion: 7 },
      { ticker: 'MSFT', ours: 0n, broker: parseQuantity('3'), bookVersion: 0 },
    ]);
  });

  it('stand when they were the same twice, on a book that nobody touched', () => {
    const first = positionDifferences([book('KO', { a: '1' }, 7)], []);
    expect(standingDifferences(first, first)).toEqual(first);
    expect(standingDifferences(first, [])).toEqual([]);
    expect(standingDifferences([], first)).toEqual([]);
    expect(standingDifferences(first, positionDifferences([book('KO', { a: '1' }, 8)], []))).toEqual([]);
    expect(standingDifferences(first, positionDifferences([book('KO', { a: '2' }, 7)], []))).toEqual([]);
    expect(standingDifferences(first, positionDifferences([book('KO', { a: '1' }, 7)], [held('KO', '2')]))).toEqual([]);
  });
});
