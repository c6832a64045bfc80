import { describe, expect, it } from 'vitest';
import { formatQuantity, parseMoney, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import { cutOffRefusal, gapToTarget, type TargetRules, targetWeights } from './target-weights.ts';

const RULES: TargetRules = { topN: 2, bottomN: 1, grossBps: 9000n, weightBpsMax: 5000n };
const scores = (...entries: readonly (readonly [string, number])[]) =>
  entries.map(([name, score]) => ({ ticker: ticker(name), score }));

describe('targetWeights', () => {
  it('takes the strongest long and the weakest short, in equal shares', () => {
    const { weightsBps, cutOff } = targetWeights(
      scores(['A', 0.1], ['B', 0.4], ['C', -0.2], ['D', 0.3], ['E', 0]),
      RULES,
    );
    expect([...weightsBps]).toEqual([
      ['B', 3000n],
      ['D', 3000n],
      ['C', -3000n],
    ]);
    expect(cutOff).toEqual(['A', 'E']);
    expect(cutOffRefusal(ticker('A'), RULES).code).toBe('top-n-cutoff');
  });

  it('breaks ties by ticker, leaves out what has no score, and never takes a symbol twice', () => {
    expect([...targetWeights(scores(['B', 1], ['A', 1], ['N', Number.NaN]), RULES).weightsBps]).toEqual([
      ['A', 4500n],
      ['B', 4500n],
    ]);
    expect([...targetWeights(scores(['A', 1]), RULES).weightsBps]).toEqual([['A', 5000n]]);
    expect([
      ...targetWeights(scores(['A', 3], ['B', 2], ['C', 1]), { ...RULES, topN: 0, bottomN: 4 }).weightsBps,
    ]).toEqual([
      ['A', -3000n],
      ['B', -3000n],
      ['C', -3000n],
    ]);
    expect(targetWeights([], RULES).weightsBps.size).toBe(0);
  });

  it('shares never add up to more than the gross exposure', () => {
    for (let count = 1; count < 30; count += 1) {
      const { weightsBps } = targetWeights(
        scores(...Array.from({ length: count }, (_, rank) => [`S${rank}`, rank] as const)),
        { topN: 7, bottomN: 6, grossBps: 10_000n, weightBpsMax: 10_000n },
      );
      const gross = [...weightsBps.values()].reduce((sum, weight) => sum + (weight < 0n ? -weight : weight), 0n);
      expect(gross <= 10_000n).toBe(true);
    }
  });
});

describe('gapToTarget', () => {
  const gap = (weightBps: bigint, held: string, orderMin = '1') => {
    const answer = gapToTarget({
      ticker: ticker('A'),
      weightBps,
      equity: parseMoney('100000'),
      price: parsePrice('33'),
      held: parseQuantity(held),
      step: parseQuantity('1'),
      orderNotionalMin: parseMoney(orderMin),
    });
    return answer.ok ? formatQuantity(answer.value.quantity) : answer.error.code;
  };

  it('trades the difference, both ways and through zero', () => {
    expect([gap(3000n, '0'), gap(3000n, '1000'), gap(-3000n, '10'), gap(0n, '7')]).toEqual([
      '909',
      '-91',
      '-919',
      '-7',
    ]);
  });

  it('has reached its target within a step or below the smallest order', () => {
    expect([gap(3000n, '909'), gap(3000n, '909.5'), gap(3000n, '907', '100')]).toEqual([
      'target-reached',
      'target-reached',
      'target-reached',
    ]);
    expect(gap(3000n, '905', '100')).toBe('4');
  });
});
