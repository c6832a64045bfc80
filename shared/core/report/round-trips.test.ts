import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { type Execution, roundTripsOf } from './round-trips.ts';

const execution = (
  side: 'buy' | 'sell',
  quantity: number,
  price: number,
  change: Partial<Execution> = {},
): Execution => ({
  strategyId: strategyId('momentum'),
  ticker: ticker('AAA'),
  side,
  session: calendarDate('2024-07-01'),
  quantity,
  requestedPrice: price,
  price,
  commission: 0,
  ...change,
});

describe('roundTripsOf', () => {
  it('joins parts of entries and exits to one trip, with its costs', () => {
    const { closed, open } = roundTripsOf([
      execution('buy', 100, 10.1, { requestedPrice: 10, commission: 0.5 }),
      execution('buy', 50, 10.4, { requestedPrice: 10.3, commission: 0.25 }),
      execution('sell', 30, 11, { requestedPrice: 11, commission: 0.15 }),
      execution('sell', 120, 11.9, { requestedPrice: 12, commission: 0.6, session: calendarDate('2024-07-05') }),
    ]);
    expect(open).toBe(0);
    expect(closed).toHaveLength(1);
    expect(closed[0]).toMatchObject({
      side: 'long',
      quantity: 150,
      entrySession: '2024-07-01',
      exitSession: '2024-07-05',
    });
    expect(closed[0]?.entryPrice).toBeCloseTo((100 * 10.1 + 50 * 10.4) / 150, 12);
    expect(closed[0]?.exitPrice).toBeCloseTo((30 * 11 + 120 * 11.9) / 150, 12);
    expect(closed[0]?.grossProfit).toBeCloseTo(30 * 11 + 120 * 11.9 - 100 * 10.1 - 50 * 10.4, 9);
    expect(closed[0]?.slippage).toBeCloseTo(100 * 0.1 + 50 * 0.1 + 120 * 0.1, 9);
    expect(closed[0]?.commission).toBeCloseTo(1.5, 12);
    expect(closed[0]?.netProfit).toBeCloseTo((closed[0]?.grossProfit ?? 0) - 1.5, 12);
  });

  it('keeps strategies and symbols apart, and counts what is still open', () => {
    const other = { strategyId: strategyId('ma-crossover') };
    const { closed, open } = roundTripsOf([
      execution('buy', 10, 10),
      execution('buy', 10, 20, other),
      execution('buy', 10, 30, { ticker: ticker('BBB') }),
      execution('sell', 10, 21, other),
    ]);
    expect(closed.map(({ strategyId: id, netProfit }) => [id, netProfit])).toEqual([['ma-crossover', 10]]);
    expect(open).toBe(2);
  });

  it('earns on a fall when short, and turns over in one execution', () => {
    const { closed, open } = roundTripsOf([
      execution('sell', 10, 50, { commission: 1 }),
      execution('buy', 25, 40, { commission: 2.5 }),
      execution('sell', 15, 42),
    ]);
    expect(
      closed.map(({ side, quantity, grossProfit, commission }) => [side, quantity, grossProfit, commission]),
    ).toEqual([
      ['short', 10, 100, 2],
      ['long', 15, 30, 1.5],
    ]);
    expect(open).toBe(0);
  });

  it('loses no money: profits are what was sold less what was bought, once all is flat', () => {
    const trades = fc.array(
      fc.record({
        side: fc.constantFrom('buy', 'sell'),
        quantity: fc.integer({ min: 1, max: 50 }),
        price: fc.integer({ min: 1, max: 99 }),
      }),
      { minLength: 1, maxLength: 40, size: 'max' },
    );
    fc.assert(
      fc.property(trades, (list) => {
        const executions = list.map(({ side, quantity, price }) =>
          execution(side, quantity, price, { commission: 0.1 }),
        );
        const signed = ({ side, quantity }: Execution): number => (side === 'buy' ? quantity : -quantity);
        const held = executions.reduce((sum, one) => sum + signed(one), 0);
        if (held !== 0) executions.push(execution(held > 0 ? 'sell' : 'buy', Math.abs(held), 50, { commission: 0.1 }));
        const { closed, open } = roundTripsOf(executions);
        const cash = executions.reduce((sum, one) => sum - signed(one) * one.price - one.commission, 0);
        expect(open).toBe(0);
        expect(closed.reduce((sum, trip) => sum + trip.netProfit, 0)).toBeCloseTo(cash, 6);
      }),
      { seed: 23, numRuns: 200 },
    );
  });

  it('refuses an execution of nothing', () => {
    expect(() => roundTripsOf([execution('buy', 0, 10)])).toThrow(/positive quantity/);
  });
});
