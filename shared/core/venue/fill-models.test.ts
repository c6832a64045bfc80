import { describe, expect, it } from 'vitest';
import { formatPrice, formatQuantity, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import { paidPrice, slippedPrice } from './fill-costs.ts';
import { offerAtLimit, restingTest } from './fill-limit-touch.ts';
import { isOpening, offerAtOpen } from './fill-next-open.ts';
import { takeOfVolume } from './fill-volume-share.ts';

const price = parsePrice;

describe('the price that is paid', () => {
  it.each([
    // 100 and 7.5 bp is 100.075, to the cent 100.08 for a buy and 99.92 for a sell.
    ['buy', '100', '100.08'],
    ['sell', '100', '99.92'],
    ['buy', '0.5', '0.5004'],
    ['sell', '0.5', '0.4996'],
  ] as const)('of a %s shown %s is slipped and rounded against it to %s', (side, shown, paid) => {
    expect(formatPrice(slippedPrice(side, price(shown), 750))).toBe(paid);
  });

  it('is never beyond what the order may pay, and the price of what rests is its own', () => {
    const paid = (side: 'buy' | 'sell', worst: string | null, moves = true): string =>
      formatPrice(paidPrice(side, { shown: price('100'), worst: worst === null ? null : price(worst), moves }, 10_000));
    expect([paid('buy', null), paid('buy', '100.5'), paid('buy', '102')]).toEqual(['101', '100.5', '101']);
    expect([paid('sell', null), paid('sell', '99.5'), paid('sell', '98')]).toEqual(['99', '99.5', '99']);
    expect(paid('buy', '100.5', false)).toBe('100');
  });
});

describe('the open', () => {
  it('is for so many milliseconds, the last included', () => {
    const at = (ms: number): boolean => isOpening(epochMs(1_000), epochMs(1_000 + ms), 500);
    expect([at(0), at(500), at(501)]).toEqual([true, true, false]);
  });

  it('collars a buy by itself, and a sell not at all', () => {
    expect(offerAtOpen('buy', price('100'))).toEqual({ shown: price('100'), worst: price('102.5'), moves: true });
    expect(offerAtOpen('sell', price('100'))).toEqual({ shown: price('100'), worst: null, moves: true });
  });
});

describe('a limit that rests', () => {
  it.each([
    ['buy', 'touch', 'at-most', '99'],
    ['buy', 'through', 'at-most', '98.99'],
    ['sell', 'touch', 'at-least', '99'],
    ['sell', 'through', 'at-least', '99.01'],
  ] as const)('%s, %s, waits for a print %s %s', (side, depth, is, limit) => {
    expect(restingTest(side, price('99'), depth)).toEqual({ of: 'trade', is, price: price(limit) });
  });

  it.each([
    ['buy', '101', '100', '100'],
    ['buy', '99', '100', '99'],
    ['sell', '99', '100', '100'],
    ['sell', '101', '100', '101'],
    ['buy', '101', null, '101'],
  ] as const)('%s at %s of a session that opens at %s fills at %s', (side, limit, open, filled) => {
    const offer = offerAtLimit(side, price(limit), open === null ? null : price(open));
    expect([formatPrice(offer.shown), offer.moves]).toEqual([filled, false]);
  });
});

describe('a share of the volume', () => {
  const rule = { perMilleMax: 25, impactPerMillion: 100_000 };
  const take = (wanted: string, volume: string, taken = '0', by = rule): readonly [string, number] | null => {
    const found = takeOfVolume(parseQuantity(wanted), parseQuantity(taken), parseQuantity(volume), by);
    return found === null ? null : [formatQuantity(found.quantity), found.impactPerMillion];
  };

  it('gives at most 2.5 % of what was traded, in whole shares', () => {
    expect(take('1000', '10030')?.[0]).toBe('250');
    expect(take('100', '10030')?.[0]).toBe('100');
  });

  it('counts what the order had before', () => {
    expect([take('1000', '10030', '200')?.[0], take('1000', '10030', '250')]).toEqual(['50', null]);
  });

  it('gives nothing of a session too thin for one share, or without volume', () => {
    expect([take('100', '39'), take('100', '0')]).toEqual([null, null]);
  });

  it('moves the price by the square of the share, no less for an order in parts', () => {
    // 2.5 % of the volume moves the price by 0.1 * 0.025^2 = 62.5 millionths, rounded up.
    expect(take('1000', '10000')).toEqual(['250', 63]);
    expect(take('50', '10000', '200')).toEqual(['50', 63]);
    expect(take('5000', '10000', '0', { ...rule, perMilleMax: 500 })).toEqual(['5000', 25_000]);
  });
});
