import { describe, expect, it } from 'vitest';
import { policyDifferences } from '#shared/core/portfolio/policy-diff.ts';

const DOCUMENT = {
  universe: ['AAPL', 'MSFT'],
  strategies: [
    { strategyId: 'momentum', enabled: true, cash: '100', parameters: { slow: 200 } },
    { strategyId: 'rsi', enabled: true, cash: '50', parameters: {} },
  ],
  limits: { positionsMax: 12, priceMin: '1' },
  checks: { exitProfitBpsMin: null, whitelist: null },
};

describe('policyDifferences', () => {
  it('finds none between equal documents, in whatever order their lists are', () => {
    expect(policyDifferences(DOCUMENT, structuredClone(DOCUMENT))).toEqual([]);
    const turned = { ...DOCUMENT, universe: ['MSFT', 'AAPL'], strategies: [...DOCUMENT.strategies].reverse() };
    expect(policyDifferences(DOCUMENT, turned)).toEqual([]);
  });

  it('names each field that changed, came or went, by its path', () => {
    const [momentum] = DOCUMENT.strategies;
    const changed = {
      ...DOCUMENT,
      universe: ['AAPL', 'KO'],
      strategies: [{ ...momentum, cash: '90', parameters: { slow: 100, fast: 50 } }],
      limits: { positionsMax: 10, priceMin: '1' },
      checks: { exitProfitBpsMin: 100, whitelist: ['KO'] },
    };
    expect(policyDifferences(DOCUMENT, changed)).toEqual([
      { path: 'checks.exitProfitBpsMin', before: 'null', after: '100' },
      { path: 'checks.whitelist', before: 'null', after: null },
      { path: 'checks.whitelist.KO', before: null, after: 'true' },
      { path: 'limits.positionsMax', before: '12', after: '10' },
      { path: 'strategies.momentum.cash', before: '"100"', after: '"90"' },
      { path: 'strategies.momentum.parameters.fast', before: null, after: '50' },
      { path: 'strategies.momentum.parameters.slow', before: '200', after: '100' },
      { path: 'strategies.rsi.cash', before: '"50"', after: null },
      { path: 'strategies.rsi.enabled', before: 'true', after: null },
      { path: 'strategies.rsi.strategyId', before: '"rsi"', after: null },
      { path: 'universe.KO', before: null, after: 'true' },
      { path: 'universe.MSFT', before: 'true', after: null },
    ]);
  });

  it('tells an empty list from a missing one by its members alone, and a value from its absence', () => {
    expect(policyDifferences({ a: 1 }, {})).toEqual([{ path: 'a', before: '1', after: null }]);
    expect(policyDifferences({ a: false }, { a: 0 })).toEqual([{ path: 'a', before: 'false', after: '0' }]);
  });
});
