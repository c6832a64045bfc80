import { describe, expect, it } from 'vitest';
import { formatMoney, parseMoney, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { heatOf, heatRefusal, type PositionAtRisk, riskOf } from './heat.ts';

const position = (quantity: string, price: string, stop: string | null): PositionAtRisk => ({
  quantity: parseQuantity(quantity),
  price: parsePrice(price),
  stopPrice: stop === null ? null : parsePrice(stop),
});
const risk = (quantity: string, price: string, stop: string | null): string =>
  formatMoney(riskOf(position(quantity, price, stop)));

describe('heatOf', () => {
  it('sums the ways to the stops', () => {
    expect([risk('100', '50', '47.5'), risk('-100', '50', '52.5')]).toEqual(['250', '250']);
    expect(formatMoney(heatOf([position('100', '50', '47.5'), position('-10', '20', '21')]))).toBe('260');
    expect(heatOf([])).toBe(0n);
  });

  it('counts a stop that is behind the price for nothing, and a position without a stop in whole', () => {
    expect([
      risk('100', '50', '51'),
      risk('-100', '50', '49'),
      risk('100', '50', null),
      risk('-100', '50', null),
    ]).toEqual(['0', '0', '5000', '5000']);
  });
});

describe('heatRefusal', () => {
  const of = (heat: string, added: string, bps: bigint) =>
    heatRefusal(parseMoney(heat), parseMoney(added), parseMoney('100000'), bps);

  it('lets a position in up to the limit and not above', () => {
    expect(of('29000', '1000', 3000n)).toBeNull();
    expect(of('29000', '1000.01', 3000n)).toMatchObject({
      code: 'portfolio-heat',
      context: { actual: '30000.01', limit: '30000', wouldPassAt: '3001 bps' },
    });
    expect(of('29000', '1000.01', 3001n)).toBeNull();
  });

  it('refuses all without equity', () => {
    expect(heatRefusal(parseMoney('0'), parseMoney('1'), parseMoney('0'), 3000n)?.context['wouldPassAt']).toBe(
      'no equity',
    );
  });
});
