import { describe, expect, it } from 'vitest';
import { formatMoney, formatPrice, formatQuantity, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import type { FillCosts, ModelFill } from './fill-costs.ts';
import { fillAtLimit, type LimitDepth } from './fill-limit-touch.ts';
import { fillAtNextOpen } from './fill-next-open.ts';
import { fillShareOfVolume } from './fill-volume-share.ts';

/** 7.5 basis points and half a cent a share. */
const COSTS: FillCosts = { slippagePerMillion: 750, commissionPerShare: parsePrice('0.005') };
const FREE: FillCosts = { slippagePerMillion: 0, commissionPerShare: parsePrice('0') };

const read = (fill: ModelFill | null): readonly string[] | null =>
  fill === null
    ? null
    : [
        formatQuantity(fill.quantity),
        formatPrice(fill.price),
        formatMoney(fill.slippage),
        formatMoney(fill.commission),
      ];

describe('the next open', () => {
  it('fills whole, slipped against the order and rounded against it to the tick', () => {
    const shares = parseQuantity('100');
    // 100 and 7.5 bp is 100.075, to the cent 100.08 for a buy and 99.92 for a sell.
    expect(read(fillAtNextOpen('buy', shares, parsePrice('100'), COSTS))).toEqual(['100', '100.08', '8', '0.5']);
    expect(read(fillAtNextOpen('sell', shares, parsePrice('100'), COSTS))).toEqual(['100', '99.92', '8', '0.5']);
  });

  it('slips below a dollar in hundredths of a cent', () => {
    expect(read(fillAtNextOpen('buy', parseQuantity('10'), parsePrice('0.5'), COSTS))).toEqual([
      '10',
      '0.5004',
      '0.004',
      '0.05',
    ]);
  });
});

describe('a limit in one bar', () => {
  const bar = { open: parsePrice('100'), high: parsePrice('103'), low: parsePrice('98') };
  const fill = (side: 'buy' | 'sell', limit: string, depth: LimitDepth = 'touch'): readonly string[] | null =>
    read(fillAtLimit(side, parseQuantity('10'), parsePrice(limit), bar, depth, FREE));

  it.each([
    ['buy', '99', '99'],
    ['buy', '98', '98'],
    ['buy', '101', '100'],
    ['sell', '102', '102'],
    ['sell', '103', '103'],
    ['sell', '99', '100'],
  ] as const)('fills a %s at %s for %s', (side, limit, price) => {
    expect(fill(side, limit)?.[1]).toBe(price);
  });

  it('does not fill what the bar never reaches', () => {
    expect([fill('buy', '97.99'), fill('sell', '103.01')]).toEqual([null, null]);
  });

  it('fills what was only touched where touching is enough', () => {
    expect([fill('buy', '98', 'through'), fill('sell', '103', 'through')]).toEqual([null, null]);
    expect(fill('buy', '98.01', 'through')?.[1]).toBe('98.01');
  });
});

describe('a share of the volume', () => {
  const rule = { perMilleMax: 25, impactPerMillion: 100_000 };
  const fill = (open: string, volume: string): readonly string[] | null =>
    read(fillShareOfVolume('buy', parseQuantity(open), parsePrice('100'), parseQuantity(volume), rule, FREE));

  it('gives at most 2.5 % of what was traded, in whole shares', () => {
    expect(fill('1000', '10030')?.[0]).toBe('250');
    expect(fill('100', '10030')?.[0]).toBe('100');
  });

  it('gives nothing of a bar too thin for one share, or without volume', () => {
    expect([fill('100', '39'), fill('100', '0')]).toEqual([null, null]);
  });

  it('costs more the larger the share, by its square', () => {
    // 2.5 % of the volume moves the price by 0.1 * 0.025^2 = 62.5 millionths, rounded up to the cent.
    expect(fill('1000', '10000')?.[1]).toBe('100.01');
    const half = { perMilleMax: 500, impactPerMillion: 100_000 };
    const large = fillShareOfVolume(
      'sell',
      parseQuantity('5000'),
      parsePrice('100'),
      parseQuantity('10000'),
      half,
      FREE,
    );
    expect(read(large)?.slice(0, 2)).toEqual(['5000', '97.5']);
  });
});
