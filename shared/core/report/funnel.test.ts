import { describe, expect, it } from 'vitest';
import { clientOrderIdOf, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { type RefusalCode, refusal, refusalStage } from '#shared/core/kernel/refusal.ts';
import type { FunnelEntry } from '#shared/core/portfolio/snapshot.ts';
import type { Signal } from '#shared/core/signal/types.ts';
import { funnelOf, refusedIn, survivorsOf, whyNoTrade } from './funnel.ts';

const signal = (strategy: string, name: string): Signal => ({
  strategyId: strategyId(strategy),
  ticker: ticker(name),
  kind: 'entry',
  side: 'buy',
  confidence: 0.5,
  reason: { code: 'crossed-up', text: 'crossed', numbers: {} },
  price: 10,
  atr: 1,
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

describe('funnelOf', () => {
  const report = funnelOf(entries);

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
    expect(funnelOf([])).toMatchObject({ total: { raw: 0, executed: 0 }, strategies: [], codes: [] });
  });
});

describe('whyNoTrade', () => {
  const why = whyNoTrade(entries);

  it('explains each signal that became no order, with its numbers', () => {
    expect(why.missed).toHaveLength(5);
    expect(why.missed[1]).toEqual({
      strategyId: 'ma-crossover',
      ticker: 'CCC',
      kind: 'entry',
      asOf: '2024-06-28',
      stage: 'correlation',
      code: 'correlation-too-high',
      message: 'because of correlation-too-high',
      actual: '0.95',
      limit: '0.8',
      wouldPassAt: '0.95',
    });
    expect(why.missed[0]).toMatchObject({ code: 'regime-breakouts-off', actual: null, limit: null, wouldPassAt: null });
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
    expect(whyNoTrade([]).headline).toMatch(/^No strategy made a signal/);
    expect(whyNoTrade([executed('momentum', 'AAA')]).headline).toBe('1 of 1 signals became orders.');
  });
});
