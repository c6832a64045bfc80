import { describe, expect, it } from 'vitest';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import type { VolatilityReading } from '#shared/core/market/volatility.ts';
import { DEFAULT_REGIME_RULES, regimeOf, regimeRefusal } from './regime.ts';

const reading = (value: number): VolatilityReading => ({ source: 'vix', value, asOf: calendarDate('2018-02-05') });
const at = (value: number) => regimeOf(reading(value), DEFAULT_REGIME_RULES);

describe('regimeOf', () => {
  it.each([
    [9.14, 'low', 4000n, 12_000n],
    [14.99, 'low', 4000n, 12_000n],
    [15, 'normal', 3000n, 10_000n],
    [25, 'normal', 3000n, 10_000n],
    [25.01, 'high', 2000n, 8000n],
    [39.99, 'high', 2000n, 8000n],
    [40, 'crisis', 2000n, 8000n],
    [82.69, 'crisis', 2000n, 8000n],
  ])('reads %d as %s', (value, name, heat, size) => {
    const regime = at(value);
    expect([regime.name, regime.terms.heatBpsMax, regime.terms.sizeBps]).toEqual([name, heat, size]);
  });
});

describe('regimeRefusal', () => {
  const codeOf = (value: number | null, entryClass: 'trend' | 'breakout') =>
    regimeRefusal(value === null ? null : at(value), entryClass, DEFAULT_REGIME_RULES)?.code ?? null;

  it('allows all in calm, no breakouts in high, nothing in a crisis or without a reading', () => {
    expect([codeOf(12, 'breakout'), codeOf(20, 'breakout'), codeOf(30, 'trend')]).toEqual([null, null, null]);
    expect([codeOf(30, 'breakout'), codeOf(40, 'trend'), codeOf(null, 'trend')]).toEqual([
      'regime-breakouts-off',
      'regime-crisis',
      'volatility-missing',
    ]);
  });

  it('says where the number came from and which limit would have let it pass', () => {
    expect(regimeRefusal(at(30.5), 'breakout', DEFAULT_REGIME_RULES)?.context).toMatchObject({
      source: 'vix',
      actual: '30.5',
      limit: '25',
      wouldPassAt: '30.5',
    });
    expect(regimeOf(reading(30.5), { ...DEFAULT_REGIME_RULES, highAbove: 30.5 }).name).toBe('normal');
  });
});
