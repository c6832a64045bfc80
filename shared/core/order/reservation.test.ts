import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averagePrice, parseMoney, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { executionId } from '#shared/core/kernel/identity.ts';
import { epochNs } from '#shared/core/kernel/instant.ts';
import type { Order, OrderTerms, OrderUpdate } from '#shared/core/order/order.ts';
import { averageFillPrice, bookedQuantity, reservationFor } from '#shared/core/order/reservation.ts';
import { sampleIntent, sampleTerms, sending, told, units } from '#tests/order/sample-orders.ts';

const COLLAR = parsePrice('103');

const filling = (cumulative: string, quantity: string, price: string): Partial<OrderUpdate> => ({
  status: 'partially_filled',
  cumulativeQuantity: parseQuantity(cumulative),
  execution: {
    id: executionId(`x-${cumulative}`),
    quantity: parseQuantity(quantity),
    price: parsePrice(price),
    at: epochNs(1_700_000_001_000_000_000n),
    kind: 'fill',
    previousExecutionId: null,
  },
});

describe('what an order sets aside', () => {
  it.each<{ what: string; terms: Partial<OrderTerms>; price: string; money: string; quantity: string }>([
    { what: 'a limit buy at its limit', terms: {}, price: '101', money: '2020', quantity: '20' },
    {
      what: 'a market buy at the collar',
      terms: { type: 'market', limitPrice: null },
      price: '103',
      money: '2060',
      quantity: '20',
    },
    {
      what: 'a stop buy at the collar',
      terms: { type: 'stop', limitPrice: null, stopPrice: parsePrice('102') },
      price: '103',
      money: '2060',
      quantity: '20',
    },
    {
      what: 'a stop-limit buy at its limit',
      terms: { type: 'stop_limit', stopPrice: parsePrice('100') },
      price: '101',
      money: '2020',
      quantity: '20',
    },
    {
      what: 'a sell that closes: units, no money',
      terms: { side: 'sell', positionIntent: 'sell_to_close' },
      price: '101',
      money: '0',
      quantity: '20',
    },
    {
      what: 'a sell that opens: money as well',
      terms: { side: 'sell', positionIntent: 'sell_to_open' },
      price: '101',
      money: '2020',
      quantity: '20',
    },
    {
      what: 'a notional buy: its money, and the units that this would buy',
      terms: { type: 'market', limitPrice: null, size: { kind: 'notional', notional: parseMoney('100') } },
      price: '103',
      money: '100',
      quantity: '0.970873787',
    },
  ])('$what', ({ terms, price, money, quantity }) => {
    expect(reservationFor(sampleTerms(terms), COLLAR)).toEqual({
      price: parsePrice(price),
      money: parseMoney(money),
      quantity: parseQuantity(quantity),
    });
  });

  it.each<{ what: string; terms: Partial<OrderTerms> }>([
    { what: 'no units', terms: { size: { kind: 'quantity', quantity: parseQuantity('0') } } },
    { what: 'no money', terms: { size: { kind: 'notional', notional: parseMoney('0') } } },
    { what: 'no price', terms: { limitPrice: parsePrice('0') } },
  ])('throws on an order of $what', ({ terms }) => {
    expect(() => reservationFor(sampleTerms(terms), COLLAR)).toThrow('positive');
  });

  it('gives back in proportion as it fills, and the rest at its end, once', () => {
    const start = sending();
    const half = told(start, filling('10', '10', '100'));
    expect(half.reserved).toEqual({ quantity: units(10), money: parseMoney('1010') });
    const ended = told(half, { status: 'canceled', cumulativeQuantity: units(10) });
    expect(ended.reserved).toEqual({ quantity: 0n, money: 0n });
    const again = told(ended, { status: 'canceled', cumulativeQuantity: units(10), source: 'webhook' });
    expect(again.reserved).toEqual({ quantity: 0n, money: 0n });
  });

  it('keeps the money of a notional order that its fills have not used up, a gap valued at the collar', () => {
    const notional = sampleIntent({
      type: 'market',
      limitPrice: null,
      size: { kind: 'notional', notional: parseMoney('2060') },
    });
    const start = sending(notional);
    expect(start.reservation.price).toBe(parsePrice('103'));
    const gap = told(start, { status: 'partially_filled', cumulativeQuantity: units(10) });
    expect(gap.reserved.money).toBe(parseMoney('1030'));
    const known = told(gap, filling('10', '10', '100'));
    expect(known.reserved.money).toBe(parseMoney('1060'));
    const full = told(known, { status: 'filled', cumulativeQuantity: parseQuantity('20.6') });
    expect(full.reserved).toEqual({ quantity: 0n, money: 0n });
  });
});

describe('the average price', () => {
  it('is null while nothing has filled', () => {
    expect(averageFillPrice(sending(), 'half-even')).toBeNull();
  });

  it('weighs each execution by its units, exactly until it is asked for rounded', () => {
    const order = told(sending(), filling('3', '3', '100.01'), filling('10', '7', '100.02'));
    expect(order.filledCost).toBe(parseMoney('1000.17'));
    expect(averageFillPrice(order, 'half-even')).toBe(parsePrice('100.017'));
    const thirds = told(sending(), filling('1', '1', '100'), filling('3', '2', '100.01'));
    expect(averageFillPrice(thirds, 'floor')).toBe(parsePrice('100.006666666'));
    expect(averageFillPrice(thirds, 'ceiling')).toBe(parsePrice('100.006666667'));
  });

  it('leaves out the units whose execution is not known', () => {
    const order = told(sending(), filling('4', '4', '100'), {
      status: 'partially_filled',
      cumulativeQuantity: units(9),
    });
    expect(bookedQuantity(order)).toBe(units(4));
    expect(averageFillPrice(order, 'half-even')).toBe(parsePrice('100'));
  });

  it('equals the sum of products over the sum of units, for any executions', () => {
    const fills = fc.array(
      fc.record({ units: fc.integer({ min: 1, max: 9 }), cents: fc.integer({ min: 1, max: 99_999 }) }),
      {
        minLength: 1,
        maxLength: 2,
      },
    );
    fc.assert(
      fc.property(fills, (list) => {
        let cumulative = 0;
        let cost = 0n;
        const updates = list.map(({ units: count, cents }) => {
          cumulative += count;
          cost += BigInt(count) * BigInt(cents);
          return filling(String(cumulative), String(count), (cents / 100).toFixed(2));
        });
        const order: Order = told(sending(), ...updates);
        expect(order.filledCost).toBe(cost * 10n ** 16n);
        expect(averageFillPrice(order, 'half-even')).toBe(
          averagePrice(order.filledCost, units(cumulative), 'half-even'),
        );
      }),
      { seed: 20_261_121, numRuns: 300 },
    );
  });
});
