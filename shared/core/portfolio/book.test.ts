import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addMoney,
  type Money,
  negateMoney,
  notionalOf,
  parseMoney,
  parsePrice,
  parseQuantity,
  type Quantity,
  subtractMoney,
  ZERO_MONEY,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import { accountId, clientOrderIdOf, decisionId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import {
  bookFill,
  emptyBook,
  exposureOf,
  openQuantityOf,
  positionOf,
  shareOf,
  type StrategyShare,
  withMark,
  withShare,
} from './book.ts';

const STRATEGY = strategyId('ma-crossover');
const OTHER = strategyId('momentum');
const DAY = calendarDate('2026-03-09');
const book = emptyBook(accountId('paper-1'), ticker('AAPL'));
const flat = shareOf(book, STRATEGY);

const fill = (side: 'buy' | 'sell', quantity: string, price: string, on = DAY) => ({
  strategyId: STRATEGY,
  side,
  quantity: parseQuantity(quantity),
  cost: notionalOf(parsePrice(price), parseQuantity(quantity)),
  on,
});

describe('bookFill', () => {
  it('adds what opens to the cost and keeps the day on which the position was opened', () => {
    const first = bookFill(flat, fill('buy', '10', '100'));
    const second = bookFill(first, fill('buy', '5', '103', calendarDate('2026-03-10')));
    expect(second).toMatchObject({ quantity: parseQuantity('15'), cost: parseMoney('1515'), openedOn: DAY });
  });

  it('takes the average cost off what closes and realizes the difference', () => {
    const held = bookFill(flat, fill('buy', '10', '100'));
    const half = bookFill(held, fill('sell', '4', '110'));
    expect(half).toMatchObject({
      quantity: parseQuantity('6'),
      cost: parseMoney('600'),
      realizedProfit: parseMoney('40'),
    });
    const gone = bookFill(half, fill('sell', '6', '90'));
    expect(gone).toMatchObject({ quantity: 0n, cost: 0n, realizedProfit: parseMoney('-20'), openedOn: null });
  });

  it('carries a position through zero as a close and an open', () => {
    const held = bookFill(flat, fill('buy', '10', '100'));
    const short = bookFill(held, fill('sell', '15', '110', calendarDate('2026-03-10')));
    expect(short).toMatchObject({
      quantity: parseQuantity('-5'),
      cost: parseMoney('-550'),
      realizedProfit: parseMoney('100'),
      openedOn: '2026-03-10',
    });
  });

  it('gives cost that comes after its quantity to the position that it opened', () => {
    const early = bookFill(flat, { ...fill('buy', '10', '100'), cost: ZERO_MONEY });
    const late = bookFill(early, { ...fill('buy', '10', '100'), quantity: ZERO_QUANTITY });
    expect(late).toEqual(bookFill(flat, fill('buy', '10', '100')));
  });

  const amounts = fc.record({
    side: fc.constantFrom('buy' as const, 'sell' as const),
    quantity: fc.bigInt({ min: 1n, max: 10n ** 13n }),
    price: fc.bigInt({ min: 1n, max: 10n ** 13n }),
    costComes: fc.constantFrom('together' as const, 'later' as const),
  });

  it('never gains or loses money: what was paid is cost less realized profit, exactly', () => {
    fc.assert(
      fc.property(fc.array(amounts, { minLength: 1, maxLength: 30 }), (fills) => {
        let share: StrategyShare = flat;
        let paid: Money = ZERO_MONEY;
        let position = 0n;
        for (const told of fills) {
          const quantity = parseQuantity((told.quantity / 10n ** 9n + 1n).toString());
          const price = parsePrice(
            `${told.price / 10n ** 9n + 1n}.${(told.price % 10n ** 9n).toString().padStart(9, '0')}`,
          );
          const cost = notionalOf(price, quantity);
          const base = { strategyId: STRATEGY, side: told.side, on: DAY };
          if (told.costComes === 'together') share = bookFill(share, { ...base, quantity, cost });
          else {
            share = bookFill(share, { ...base, quantity, cost: ZERO_MONEY });
            share = bookFill(share, { ...base, quantity: ZERO_QUANTITY, cost });
          }
          paid = addMoney(paid, told.side === 'buy' ? cost : negateMoney(cost));
          position += told.side === 'buy' ? quantity : -quantity;
        }
        expect(share.quantity).toBe(position);
        expect(subtractMoney(share.cost, share.realizedProfit)).toBe(paid);
        if (share.quantity === 0n) expect(share.cost).toBe(0n);
      }),
      { seed: 20_260_309, numRuns: 500 },
    );
  });
});

describe('a book', () => {
  const mark = (id: string, side: 'buy' | 'sell', remaining: string, reserved: string, strategy = STRATEGY) => ({
    clientOrderId: clientOrderIdOf(id),
    strategyId: strategy,
    decisionId: decisionId('d-1'),
    slice: 0,
    purpose: 'entry' as const,
    side,
    limitPrice: null,
    stopPrice: null,
    closing: side === 'sell',
    remaining: parseQuantity(remaining),
    reservedMoney: parseMoney(reserved),
    unknown: false,
  });

  it('sums the shares of all strategies and the reservations of all orders', () => {
    const held = withShare(
      withShare(book, bookFill(flat, fill('buy', '10', '100'))),
      bookFill(shareOf(book, OTHER), { ...fill('sell', '4', '100'), strategyId: OTHER }),
    );
    const open = withMark(
      withMark(held, clientOrderIdOf('a'), mark('a', 'buy', '3', '312')),
      clientOrderIdOf('b'),
      mark('b', 'sell', '2', '0'),
    );
    expect(positionOf(open)).toBe(parseQuantity('6'));
    expect(exposureOf(open)).toBe(parseMoney('1712'));
    expect(openQuantityOf(open, STRATEGY)).toBe(parseQuantity('1'));
    expect(openQuantityOf(open, OTHER)).toBe(ZERO_QUANTITY);
    expect(withMark(open, clientOrderIdOf('a'), null).openOrders.map((kept) => kept.clientOrderId)).toEqual(['b']);
  });

  it('is the same whatever order its parts were put in', () => {
    const one = bookFill(flat, fill('buy', '10', '100'));
    const two = bookFill(shareOf(book, OTHER), { ...fill('buy', '4', '100'), strategyId: OTHER });
    expect(withShare(withShare(book, one), two)).toEqual(withShare(withShare(book, two), one));
    const empty: Quantity = ZERO_QUANTITY;
    expect(withShare(withShare(book, one), { ...flat, quantity: empty }).shares).toEqual([]);
  });
});
