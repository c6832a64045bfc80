import { describe, expect, it } from 'vitest';
import { parseMoney, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { accountId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { bookFill, emptyBook, paidIn, shareOf, withShare } from '#shared/core/portfolio/book.ts';
import { checkCash } from './cash.ts';

const BASE = { cash: parseMoney('1000'), paid: parseMoney('200'), adjusted: parseMoney('50') };
const check = (cash: string, paid: string, adjusted = '50') =>
  checkCash({
    base: BASE,
    cash: parseMoney(cash),
    equity: parseMoney('2000'),
    paid: parseMoney(paid),
    adjusted: parseMoney(adjusted),
    toleranceBps: 100n,
  });

describe('cash', () => {
  it('is expected to be what it was, less what has been paid since', () => {
    expect(check('700', '500')).toMatchObject({ expected: parseMoney('700'), drift: 0n, withinTolerance: true });
    expect(check('1100', '100')).toMatchObject({ expected: parseMoney('1100'), drift: 0n });
  });

  it('is not expected to pay for what an adjustment brought in', () => {
    expect(check('1000', '500', '350')).toMatchObject({ expected: parseMoney('1000'), drift: 0n });
  });

  it('may stray by the tolerance of the equity, either way, and no further', () => {
    expect(check('680', '500').withinTolerance).toBe(true);
    expect(check('720', '500').withinTolerance).toBe(true);
    expect(check('679.99', '500')).toMatchObject({ withinTolerance: false, drift: parseMoney('-20.01') });
    expect(check('720.01', '500').withinTolerance).toBe(false);
  });

  it('that was paid is cost less realised profit, whatever was sold', () => {
    const strategy = strategyId('momentum');
    const on = calendarDate('2026-01-06');
    const book = emptyBook(accountId('paper-1'), ticker('KO'));
    const buy = {
      strategyId: strategy,
      side: 'buy',
      quantity: parseQuantity('10'),
      cost: parseMoney('600'),
      on,
    } as const;
    const bought = bookFill(shareOf(book, strategy), buy);
    const sell = { ...buy, side: 'sell', quantity: parseQuantity('4'), cost: parseMoney('280') } as const;
    expect(paidIn([withShare(book, bought)])).toBe(parseMoney('600'));
    expect(paidIn([withShare(book, bookFill(bought, sell))])).toBe(parseMoney('320'));
  });
});
