import { describe, expect, it } from 'vitest';
import { parseMoney, parsePrice, parseQuantity, type Price, type Quantity } from '#shared/core/kernel/decimal.ts';
import {
  accountId,
  brokerOrderId,
  clientOrderIdOf,
  executionId,
  strategyId,
  ticker,
} from '#shared/core/kernel/identity.ts';
import { epochNs } from '#shared/core/kernel/instant.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import type { Order } from '#shared/core/order/order.ts';
import { emptyBook, emptyShare, withShare } from '#shared/core/portfolio/book.ts';
import { sending, told, units } from '#tests/order/sample-orders.ts';
import { violationsOfBook, violationsOfOrder } from './invariants.ts';

const AT = epochNs(1_700_000_002_000_000_000n);

const filled = (quantity: Quantity, price: Price): Order =>
  told(sending(), {
    cumulativeQuantity: quantity,
    execution: { id: executionId('x'), quantity, price, at: AT, kind: 'fill', previousExecutionId: null },
  });

const objectOf = (order: Order, changes: Partial<BrokerOrder> = {}): BrokerOrder => {
  const { terms } = order.intent;
  return {
    brokerOrderId: brokerOrderId('b-1'),
    clientOrderId: order.clientOrderId,
    ticker: terms.ticker,
    side: terms.side,
    type: terms.type,
    timeInForce: terms.timeInForce,
    positionIntent: terms.positionIntent,
    quantity: units(20),
    notional: null,
    limitPrice: terms.limitPrice,
    stopPrice: terms.stopPrice,
    status: 'partially_filled',
    statusText: 'partially_filled',
    filledQuantity: order.filledQuantity,
    filledAveragePrice: parsePrice('100'),
    submittedAt: AT,
    updatedAt: AT,
    replacedBy: null,
    ...changes,
  };
};

const order = filled(units(5), parsePrice('100'));
const numbersOf = (changed: Order, found: BrokerOrder): readonly number[] =>
  violationsOfOrder(changed, found).map(({ invariant }) => invariant);

describe('an order', () => {
  it('that is as the broker has it violates nothing', () => {
    expect(violationsOfOrder(order, objectOf(order))).toEqual([]);
  });

  it('violates 1 when another quantity is filled here than there, or than its executions come to', () => {
    expect(numbersOf(order, objectOf(order, { filledQuantity: units(6) }))).toEqual([1]);
    expect(numbersOf({ ...order, gapQuantity: units(1), provisional: true }, objectOf(order))).toEqual([1]);
    expect(numbersOf({ ...order, executions: [] }, objectOf(order))).toEqual([1]);
  });

  it('violates 2 when its average is more than a hundredth of a percent off', () => {
    expect(numbersOf(order, objectOf(order, { filledAveragePrice: parsePrice('100.01') }))).toEqual([]);
    expect(numbersOf(order, objectOf(order, { filledAveragePrice: parsePrice('100.011') }))).toEqual([2]);
    expect(numbersOf(order, objectOf(order, { filledAveragePrice: parsePrice('99.98') }))).toEqual([2]);
  });

  it('is not held to an average while an execution is missing', () => {
    const provisional = { ...order, provisional: true };
    expect(numbersOf(provisional, objectOf(order, { filledAveragePrice: parsePrice('90') }))).toEqual([]);
  });

  it('violates 4 when its id does not follow from its decision, or the broker has other terms under it', () => {
    const other = clientOrderIdOf(`belay-${'0'.repeat(32)}`);
    expect(numbersOf({ ...order, clientOrderId: other }, objectOf({ ...order, clientOrderId: other }))).toEqual([4]);
    expect(numbersOf({ ...order, payloadHash: 'other' }, objectOf(order))).toEqual([4]);
    expect(violationsOfOrder(order, objectOf(order, { side: 'sell' }))).toMatchObject([
      { invariant: 4, what: expect.stringContaining('side: buy, not sell') },
    ]);
  });
});

describe('a book', () => {
  const book = (quantity: string, cost: string) =>
    withShare(emptyBook(accountId('paper-1'), ticker('KO')), {
      ...emptyShare(strategyId('momentum')),
      quantity: parseQuantity(quantity),
      cost: parseMoney(cost),
    });

  it.each([
    ['10', '100'],
    ['-10', '-100'],
    ['0', '0'],
  ])('that holds %s at %s violates nothing', (quantity, cost) => {
    expect(violationsOfBook(book(quantity, cost))).toEqual([]);
  });

  it.each([
    ['0', '1'],
    ['10', '-1'],
    ['-10', '1'],
  ])('that holds %s at %s violates 3', (quantity, cost) => {
    expect(violationsOfBook(book(quantity, cost))).toMatchObject([{ invariant: 3, ticker: 'KO' }]);
    expect(violationsOfBook({ ...book(quantity, cost), gaps: [order.clientOrderId] })).toEqual([]);
  });
});
