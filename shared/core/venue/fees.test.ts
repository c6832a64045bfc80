import { describe, expect, it } from 'vitest';
import { formatMoney, parseMoney, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { type FeeSchedule, NO_FEES, feesOf } from './fees.ts';

const SCHEDULE: FeeSchedule = {
  commissionPerShare: parsePrice('0.005'),
  secCentsPerMillion: 2_780,
  tafPerShare: parsePrice('0.000166'),
  tafMax: parseMoney('8.30'),
};

const fees = (side: 'buy' | 'sell', quantity: string, price: string): string =>
  formatMoney(feesOf(SCHEDULE, side, parseQuantity(quantity), parsePrice(price)));

describe('fees', () => {
  it('are the commission alone on a buy', () => {
    expect(fees('buy', '1000', '100')).toBe('5');
  });

  it('add the regulatory fees on a sell, each rounded up to a cent', () => {
    // 100,000 dollars at $27.80 a million is 2.78; 1,000 shares at 0.000166 is 0.166.
    expect(fees('sell', '1000', '100')).toBe('7.95');
    expect(fees('sell', '1', '1')).toBe('0.025');
  });

  it('cap the trading activity fee', () => {
    // 8.30 at most, beside 500 of commission and 2.78.
    expect(fees('sell', '100000', '1')).toBe('511.08');
  });

  it('are none on paper', () => {
    expect(feesOf(NO_FEES, 'sell', parseQuantity('1000'), parsePrice('100'))).toBe(0n);
  });
});
