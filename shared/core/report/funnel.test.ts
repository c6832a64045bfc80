import { describe, expect, it } from 'vitest';
import { clientOrderIdOf, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { type RefusalCode, refusal, refusalStage } from '#shared/core/kernel/refusal.ts';
import type { FunnelEntry } from '#shared/core/portfolio/snapshot.ts';
import type { Signal } from '#shared/core/signal/types.ts';
import { Funnel, refusedIn, survivorsOf } from './funnel.ts';

const signal = (strategy: string, name: string): Signal => ({
  strategyId: strategyId(strategy),
  ticker: ticker(name),
  kind: 'entry',
  side: 'buy',
  confidence: 0.5,
  reason: { code: 'crossed-up', text: 'crossed', numbers: {} },
  price: 10,
  atr: 1,
  modelVersion: null,
  asOf: calendarDate('2024-06-28'),
});
const executed = (strategy: string, name: string): FunnelEntry => ({
  signal: signal(strategy, name),
  outcome: 'executed',
  clientOrderId: clientOrderIdOf(`order-${name}`),
});
const refused = (
  strategy: string,
  name: string,
  code: RefusalCode,
  context: Readonly<Record<string, string>> = {},
): FunnelEntry => ({
  signal: signal(strategy, name),
  outcome: 'refused',
  stage: refusalStage(code),
  refusal: refusal(code, `because of ${code}`, context),
});

const entries: readonly FunnelEntry[] = [
  executed('momentum', 'AAA'),
  refused('momentum', 'BBB', 'regime-breakouts-off'),
  refused('ma-crossover', 'CCC', 'correlation-too-high', { actual: '0.95', limit: '0.8', wouldPassAt: '0.95' }),
  refused('ma-crossover', 'DDD', 'correlation-too-high', { actual: '0.82', limit: '0.8', wouldPassAt: '0.82' }),
  refused('ma-crossover', 'EEE', 'strategy-cash', { actual: '120', limit: '100', wouldPassAt: '120' }),
  refused('ma-crossover', 'FFF', 'kill-switch-engaged'),
  executed('ma-crossover', 'GGG'),
];

const counted = (all: readonly FunnelEntry[]): Funnel => {
  const funnel = new Funnel();
  for (const entry of all) funnel.add(entry);
  return funnel;
};

describe('the report of a funnel', () => {
  const { report } = counted(entries);

  it('counts raw signals as executed and refused, in all and by strategy', () => {
    expect(report.total).toMatchObject({
      raw: 7,
      executed: 2,
      refused: { regime: 1, correlation: 2, risk: 1, safety: 1, claim: 0 },
    });
    expect(report.total.raw).toBe(report.total.executed + refusedIn(report.total));
    expect(
      report.strategies.map(({ strategyId: id, counts }) => [id, counts.raw, counts.executed, refusedIn(counts)]),
    ).toEqual([
      ['ma-crossover', 5, 1, 4],
      ['momentum', 2, 1, 1],
    ]);
  });

  it('shows what was left after each stage', () => {
    expect(survivorsOf(report.total).map(({ stage, left }) => `${stage} ${left}`)).toEqual([
      'raw 7',
      'regime 6',
      'correlation 4',
      'risk 3',
      'safety 2',
      'claim 2',
      'send 2',
      'broker 2',
    ]);
  });

  it('ranks the reasons', () => {
    expect(report.codes.map(({ code, count }) => [code, count])).toEqual([
      ['correlation-too-high', 2],
      ['kill-switch-engaged', 1],
      ['regime-breakouts-off', 1],
      ['strategy-cash', 1],
    ]);
  });

  it('is all zeros without signals', () => {
    expect(counted([]).report).toMatchObject({ total: { raw: 0, executed: 0 }, strategies: [], codes: [] });
  });
});

describe('why there was no trade', () => {
  const { why } = counted(entries);

  it('explains a signal that became no order, with its numbers', () => {
    expect(why.nearest[0]?.nearest).toEqual({
      strategyId: 'ma-crossover',
      ticker: 'DDD',
      kind: 'entry',
      asOf: '2024-06-28',
      stage: 'correlation',
      code: 'correlation-too-high',
      message: 'because of correlation-too-high',
      actual: '0.82',
      limit: '0.8',
      wouldPassAt: '0.82',
    });
    expect(why.nearest[2]?.nearest).toMatchObject({ ticker: 'BBB', actual: null, limit: null, wouldPassAt: null });
  });

  it('names the first of those that missed by as much, or by no measure', () => {
    const twins = ['AAA', 'BBB'].flatMap((name) => [
      refused('momentum', name, 'correlation-too-high', { actual: '0.9', limit: '0.8' }),
      refused('momentum', name, 'kill-switch-engaged'),
    ]);
    expect(counted(twins).why.nearest.map(({ count, nearest }) => [count, nearest.ticker])).toEqual([
      [2, 'AAA'],
      [2, 'AAA'],
    ]);
  });

  it('names for each reason the signal that missed by the least', () => {
    expect(why.nearest.map(({ code, count, nearest }) => [code, count, nearest.ticker])).toEqual([
      ['correlation-too-high', 2, 'DDD'],
      ['kill-switch-engaged', 1, 'FFF'],
      ['regime-breakouts-off', 1, 'BBB'],
      ['strategy-cash', 1, 'EEE'],
    ]);
  });

  it('says in one sentence what happened', () => {
    expect(why.headline).toBe(
      '2 of 7 signals became orders; most of the others were refused for correlation-too-high.',
    );
    expect(counted([]).why.headline).toMatch(/^No strategy made a signal/);
    expect(counted([executed('momentum', 'AAA')]).why.headline).toBe('1 of 1 signals became orders.');
  });
});
