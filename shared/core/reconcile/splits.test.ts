import { describe, expect, it } from 'vitest';
import { parseMoney, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { type Holding, holdingOf, splitInHoldings, splitInPrices } from './splits.ts';

const holding = (quantity: string, average: string): Holding => ({
  quantity: parseQuantity(quantity),
  averagePrice: parsePrice(average),
});

describe('a jump of prices', () => {
  it.each([
    [100, 50.5, { to: 2, from: 1 }],
    [100, 24.8, { to: 4, from: 1 }],
    [60, 40.5, { to: 3, from: 2 }],
    [1, 10.1, { to: 1, from: 10 }],
  ])('from %d to %d is like a split of %o', (before, now, ratio) => {
    expect(splitInPrices(before, now)).toEqual(ratio);
  });

  it.each([
    [100, 99],
    [100, 75],
    [100, 130],
    [100, 60],
  ])('from %d to %d is an ordinary night', (before, now) => {
    expect(splitInPrices(before, now)).toBeNull();
  });

  it.each([
    [0, 50],
    [100, 0],
    [Number.NaN, 50],
  ])('is none from %d to %d, which are no prices', (before, now) => {
    expect(splitInPrices(before, now)).toBeNull();
  });
});

describe('a holding', () => {
  it('that was multiplied, with its average divided, is a split', () => {
    expect(splitInHoldings(holding('10', '100'), holding('40', '25'))).toEqual({ to: 4, from: 1 });
    expect(splitInHoldings(holding('-10', '100'), holding('-40', '25'))).toEqual({ to: 4, from: 1 });
  });

  it('whose fraction was paid out in cash is one too', () => {
    expect(splitInHoldings(holding('15', '10'), holding('1', '100'))).toEqual({ to: 1, from: 10 });
  });

  it('that was bought into is none', () => {
    expect(splitInHoldings(holding('10', '100'), holding('20', '99'))).toBeNull();
    expect(splitInHoldings(holding('10', '100'), holding('11', '91'))).toBeNull();
    expect(splitInHoldings(holding('10', '100'), holding('-40', '25'))).toBeNull();
    expect(splitInHoldings(holding('0', '0'), holding('40', '25'))).toBeNull();
  });

  it('has its cost as its average', () => {
    expect(holdingOf(parseQuantity('4'), parseMoney('10'))).toEqual(holding('4', '2.5'));
    expect(holdingOf(parseQuantity('0'), parseMoney('0'))).toBeNull();
  });
});
