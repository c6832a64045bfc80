import { describe, expect, it } from 'vitest';
import { strategyId } from '#shared/core/kernel/identity.ts';
import { entryClassesOf, makeStrategy, STRATEGY_NAMES } from './catalogue.ts';

describe('makeStrategy', () => {
  it('makes each strategy under its own name', () => {
    expect(STRATEGY_NAMES.map((name) => makeStrategy(name).id)).toEqual(STRATEGY_NAMES);
    expect(STRATEGY_NAMES.map((name) => makeStrategy(name).entryClass)).toEqual([
      'trend',
      'mean-reversion',
      'breakout',
      'model',
    ]);
  });

  it('refuses an unknown name, and an unknown parameter of each', () => {
    expect(() => makeStrategy('toString')).toThrow(/unknown strategy toString, expected one of ma-crossover/);
    for (const name of STRATEGY_NAMES)
      expect(() => makeStrategy(name, { nonsense: 1 })).toThrow(`${name}: unknown parameter nonsense`);
  });
});

describe('entryClassesOf', () => {
  it('knows its own strategies, and says nothing of any other', () => {
    const names = ['ma-crossover', 'ml-momentum', 'my-own', 'constructor'].map((name) => strategyId(name));
    expect([...entryClassesOf(names)]).toEqual([
      ['ma-crossover', 'trend'],
      ['ml-momentum', 'model'],
    ]);
  });
});
