import { describe, expect, it } from 'vitest';
import type { BrokerLedger } from '#infra/local/alpaca/embedding.ts';
import { HOUSE_STARTS, sending, told, units } from '#tests/order/sample-orders.ts';
import type { Order } from '#shared/core/order/order.ts';
import { isSound, summarise, type Summary, summaryTable } from './summary.ts';

const LEDGER: BrokerLedger = {
  cash: '0',
  equity: '98559.6049',
  fees: '0',
  orders: [],
  executions: [],
  positions: [{ symbol: 'AAPL', quantity: '1', cost: '1' }],
};
const CHECK = {
  brokerOrders: 3,
  duplicateBrokerOrders: 0,
  unresolvedOrders: 0,
  fillGaps: 0,
  positionMismatches: 0,
  differences: [],
};

const asStop = (order: Order): Order => ({ ...order, intent: { ...order.intent, purpose: 'protective-stop' } });

function summaryOf(submitToAckMs: readonly number[]): Summary {
  const orders = [
    told(sending(), { status: 'filled', cumulativeQuantity: units(20) }),
    told(sending(), { status: 'canceled' }),
    told(sending(), { status: 'expired' }),
    ...['rejected', 'withdrawn'].flatMap((name) => HOUSE_STARTS[name]?.() ?? []),
    asStop(told(sending(), { status: 'filled', cumulativeQuantity: units(20) })),
    asStop(told(sending(), { status: 'canceled' })),
  ];
  return summarise({
    run: {
      days: 5,
      symbols: 36,
      seed: 1,
      data: 'synthetic',
      elapsedMs: 10,
      startMs: 20,
      functionErrors: 0,
      messagesReturned: 0,
      deadLetters: 0,
    },
    orders,
    facts: [],
    factGaps: 0,
    unpublishedFacts: 0,
    ledger: LEDGER,
    check: CHECK,
    openingEquity: '100000',
    submitToAckMs,
  });
}

describe('the summary of a run', () => {
  it('counts orders by their end, and rounds money to cents', () => {
    const summary = summaryOf([]);
    expect(summary.orders).toEqual({ submitted: 3, filled: 1, canceled: 2, rejected: 1, refused: 1 });
    expect(summary.stops).toEqual({ placed: 2, filled: 1, canceled: 1, rejected: 0, refused: 0, triggered: 0 });
    expect([summary.equity, summary.equityChange, summary.positions]).toEqual(['98559.6', '-1440.4', 1]);
    expect(summary.submitToAckMs).toEqual({ p50: null, p99: null });
  });

  it('takes percentiles by nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(summaryOf(hundred).submitToAckMs).toEqual({ p50: 50, p99: 99 });
    expect(summaryOf([7.126]).submitToAckMs).toEqual({ p50: 7.13, p99: 7.13 });
  });

  it.each([
    'duplicateBrokerOrders',
    'unresolvedOrders',
    'fillGaps',
    'positionMismatches',
    'factGaps',
    'unpublishedFacts',
    'functionErrors',
    'deadLetters',
  ])('is unsound with one of %s', (law) => {
    const summary = summaryOf([]);
    expect([isSound(summary), isSound({ ...summary, [law]: 1 })]).toEqual([true, false]);
  });

  it('shows a person where books and broker differ', () => {
    expect(summaryTable(summaryOf([]), [])).toContain('agree');
    expect(summaryTable(summaryOf([]), ['AAPL: the books hold 1'])).toContain('AAPL: the books hold 1');
  });
});
