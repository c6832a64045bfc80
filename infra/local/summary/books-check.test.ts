import { describe, expect, it } from 'vitest';
import { parsePrice } from '#shared/core/kernel/decimal.ts';
import { executionId, strategyId, ticker, accountId, brokerOrderId } from '#shared/core/kernel/identity.ts';
import { epochNs } from '#shared/core/kernel/instant.ts';
import type { Order } from '#shared/core/order/order.ts';
import { type Book, emptyBook, emptyShare, withShare } from '#shared/core/portfolio/book.ts';
import type { BrokerLedger, LedgerOrder } from '#infra/local/alpaca/embedding.ts';
import { CLIENT_ORDER_ID, claimed, sampleIntent, sending, told, units, unknown } from '#tests/order/sample-orders.ts';
import { checkBooks } from './books-check.ts';

const filled = (): Order =>
  told(sending(), {
    status: 'filled',
    cumulativeQuantity: units(20),
    execution: {
      id: executionId('x-1'),
      quantity: units(20),
      price: parsePrice('100.5'),
      at: epochNs(1_700_000_001_000_000_000n),
      kind: 'fill',
      previousExecutionId: null,
    },
  });

const wire = (changes: Partial<LedgerOrder> = {}): LedgerOrder => ({
  id: 'b-1',
  clientOrderId: CLIENT_ORDER_ID,
  symbol: 'AAPL',
  side: 'buy',
  type: 'limit',
  timeInForce: 'day',
  quantity: '20',
  notional: null,
  status: 'filled',
  filledQuantity: '20',
  filledNotional: '2010',
  ...changes,
});

const ledger = (...orders: readonly LedgerOrder[]): BrokerLedger => ({
  cash: '97990',
  equity: '100000',
  fees: '0',
  orders,
  executions: [],
  positions: [{ symbol: 'AAPL', quantity: '20', cost: '2010' }],
});

const book = (quantity: number): Book =>
  withShare(emptyBook(accountId('paper-1'), ticker('AAPL')), {
    ...emptyShare(strategyId('momentum')),
    quantity: units(quantity),
  });

const NOTHING_WRONG = {
  brokerOrders: 1,
  duplicateBrokerOrders: 0,
  unresolvedOrders: 0,
  fillGaps: 0,
  positionMismatches: 0,
  differences: [],
};

describe('the books against the broker', () => {
  it('agree when every order, execution and position is the same', () => {
    expect(checkBooks([filled()], [book(20)], ledger(wire()))).toEqual(NOTHING_WRONG);
  });

  it('tell two broker orders of one decision', () => {
    const found = checkBooks([filled()], [book(20)], ledger(wire(), wire({ id: 'b-2' })));
    expect(found).toMatchObject({ brokerOrders: 2, duplicateBrokerOrders: 1 });
    expect(found.differences).toEqual(['AAPL: broker orders b-1 and b-2 carry out one decision']);
  });

  it('tell two decisions of one kind apart', () => {
    const other = { ...sampleIntent().decision, generation: 1 };
    const second = told(sending(sampleIntent({}, { decision: other })), {
      status: 'new',
      brokerOrderId: brokerOrderId('b-2'),
    });
    const wires = [
      wire(),
      wire({ id: 'b-2', clientOrderId: second.clientOrderId, status: 'new', filledQuantity: '0', filledNotional: '0' }),
    ];
    expect(checkBooks([filled(), second], [book(20)], ledger(...wires))).toEqual({ ...NOTHING_WRONG, brokerOrders: 2 });
  });

  it.each<readonly [string, readonly Order[], readonly LedgerOrder[]]>([
    ['an order that only the broker has', [filled()], [wire(), wire({ id: 'b-9', clientOrderId: 'somebody-else' })]],
    ['an order whose fate is unknown', [unknown()], []],
    ['an order that was claimed and never sent', [claimed()], []],
    ['an order that the house filled and the broker never had', [filled()], []],
    [
      'an order that the broker has ended and the house has not',
      [told(sending(), { status: 'new' })],
      [wire({ status: 'canceled', filledQuantity: '0', filledNotional: '0' })],
    ],
    [
      'an order that the house has ended and the broker has not',
      [told(sending(), { status: 'canceled' })],
      [wire({ status: 'new', filledQuantity: '0', filledNotional: '0' })],
    ],
  ])('tell %s', (_, orders, wires) => {
    expect(checkBooks(orders, [book(20)], ledger(...wires))).toMatchObject({ unresolvedOrders: 1 });
  });

  it.each<readonly [string, Order, LedgerOrder]>([
    ['another filled quantity', filled(), wire({ filledQuantity: '19', filledNotional: '1909.5' })],
    ['another price of the executions', filled(), wire({ filledNotional: '2010.01' })],
    [
      'a fill whose execution nobody told',
      told(sending(), { status: 'filled', cumulativeQuantity: units(20) }),
      wire(),
    ],
  ])('tell %s', (_, order, atBroker) => {
    expect(checkBooks([order], [book(20)], ledger(atBroker))).toMatchObject({ fillGaps: 1 });
  });

  it('tell every symbol of which they hold another quantity', () => {
    const found = checkBooks([filled()], [book(21)], ledger(wire()));
    expect(found).toMatchObject({ positionMismatches: 1, differences: ['AAPL: the books hold 21, the broker 20'] });
    expect(checkBooks([filled()], [], ledger(wire())).positionMismatches).toBe(1);
    expect(checkBooks([], [book(5)], { ...ledger(), positions: [] }).positionMismatches).toBe(1);
  });
});
