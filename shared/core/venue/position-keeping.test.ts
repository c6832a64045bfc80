import Big from 'big.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMoney, formatPrice, formatQuantity, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import type { Side } from '#shared/core/order/terms.ts';
import { applyToPosition, averageEntryPrice, flatPosition, splitPosition } from './position-keeping.ts';
import type { VenuePosition } from './venue-order.ts';

type Trade = readonly [Side, string, string];

function book(trades: readonly Trade[]): { position: VenuePosition; realised: string } {
  let position = flatPosition(ticker('AAPL'));
  let realised = new Big(0);
  for (const [side, quantity, price] of trades) {
    const change = applyToPosition(position, side, parseQuantity(quantity), parsePrice(price));
    position = change.position;
    realised = realised.plus(formatMoney(change.realised));
  }
  return { position, realised: realised.toFixed() };
}

describe('a position', () => {
  it('averages what it cost, and realises against the average', () => {
    const { position, realised } = book([
      ['buy', '10', '100'],
      ['buy', '30', '104'],
      ['sell', '20', '110'],
    ]);
    expect(formatPrice(averageEntryPrice(position))).toBe('103');
    expect([formatQuantity(position.quantity), formatMoney(position.cost), realised]).toEqual(['20', '2060', '140']);
  });

  it('earns short when it is bought back lower', () => {
    const { position, realised } = book([
      ['sell', '10', '100'],
      ['buy', '4', '90'],
    ]);
    expect([formatQuantity(position.quantity), formatMoney(position.cost), realised]).toEqual(['-6', '-600', '40']);
    expect(formatPrice(averageEntryPrice(position))).toBe('100');
  });

  it('closes and opens the other side in one execution', () => {
    const { position, realised } = book([
      ['buy', '10', '100'],
      ['sell', '15', '101'],
    ]);
    expect([formatQuantity(position.quantity), formatMoney(position.cost), realised]).toEqual(['-5', '-505', '10']);
  });

  it('keeps its cost through a split', () => {
    const { position } = book([['buy', '10', '100']]);
    const after = splitPosition(position, 3, 2);
    expect([formatQuantity(after.quantity), formatMoney(after.cost)]).toEqual(['15', '1000']);
  });

  it('conserves money: what was paid is cost and realised loss, whatever is traded', () => {
    const trade = fc.tuple(
      fc.constantFrom<Side>('buy', 'sell'),
      fc.integer({ min: 1, max: 3_000_000 }).map((millionths) => new Big(millionths).div(1e6).toFixed()),
      fc.integer({ min: 1, max: 50_000 }).map((cents) => new Big(cents).div(100).toFixed()),
    );
    fc.assert(
      fc.property(fc.array(trade, { maxLength: 30 }), (trades) => {
        const { position, realised } = book(trades);
        const sign = (side: Side): number => (side === 'buy' ? 1 : -1);
        const paid = trades.reduce(
          (sum, [side, qty, price]) => sum.plus(new Big(qty).times(price).times(sign(side))),
          new Big(0),
        );
        const net = trades.reduce((sum, [side, qty]) => sum.plus(new Big(qty).times(sign(side))), new Big(0));
        expect(formatQuantity(position.quantity)).toBe(net.toFixed());
        expect(paid.toFixed()).toBe(new Big(formatMoney(position.cost)).minus(realised).toFixed());
        if (position.quantity === 0n) expect(position.cost).toBe(0n);
      }),
      { seed: 5, numRuns: 200 },
    );
  });
});
