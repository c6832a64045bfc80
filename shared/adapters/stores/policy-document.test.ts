import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readPolicy, readPolicyText, writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { parseMoney } from '#shared/core/kernel/decimal.ts';
import { strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';

const policy = firstPolicy([ticker('AAPL'), ticker('MSFT')], [strategyId('ma-crossover')], parseMoney('100000'));
const document = writePolicy(policy);

const faultsOf = (read: unknown): readonly string[] => {
  try {
    readPolicy(read, 1);
    return [];
  } catch (thrown) {
    if (!(thrown instanceof z.ZodError)) throw thrown;
    return thrown.issues.map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`);
  }
};

describe('the policy document', () => {
  it('reads back as the policy that it was written from', () => {
    expect(readPolicy(JSON.parse(JSON.stringify(document)), 1)).toEqual(policy);
    const narrowed = {
      ...policy,
      checks: { ...policy.checks, exitProfitBpsMin: 25n, whitelist: [ticker('AAPL')], blacklist: [ticker('MSFT')] },
      breaker: { quietMs: 1000, flattenOn: ['daily-loss'] as const },
    };
    expect(readPolicy(writePolicy(narrowed), 1)).toEqual(narrowed);
  });

  it('names the source of its symbols, and lists them where it was written before one could be named', () => {
    const dynamic = { ...policy, universeSource: { kind: 'dynamic', count: 2, sessions: 60 } } as const;
    expect(readPolicy(writePolicy(dynamic), 1)).toEqual(dynamic);
    const csv = { ...policy, universeSource: { kind: 'csv', file: 'mine.csv' } } as const;
    expect(readPolicy(writePolicy(csv), 1)).toEqual(csv);
    const { universeSource: _, ...older } = document;
    expect(readPolicy(older, 1).universeSource).toEqual({ kind: 'list' });
  });

  it.each([
    [{ kind: 'dynamic', count: 3, sessions: 60 }, 'universeSource.count: expected at most 2'],
    [{ kind: 'dynamic', count: 0, sessions: 60 }, 'universeSource.count: expected at least 1'],
    [{ kind: 'dynamic', count: 2, sessions: 4 }, 'universeSource.sessions: expected 5 to 250'],
    [{ kind: 'csv', file: '' }, 'universeSource.file: expected the name of a file'],
    [{ kind: 'random' }, 'universeSource.kind: expected a kind'],
    [{ kind: 'list', count: 3 }, 'universeSource: Unrecognized key'],
  ])('refuses the source %j and names the field', (source, fault) => {
    expect(faultsOf({ ...document, universeSource: source }).join()).toContain(fault);
  });

  it('refuses a symbol that is not of the static universe where that is its source', () => {
    const foreign = { ...document, universe: ['AAPL', 'TSLA'], universeSource: { kind: 'static' } };
    expect(faultsOf(foreign)).toEqual(['universe: TSLA is not of the static universe; expected the source "list"']);
    expect(faultsOf({ ...foreign, universe: ['AAPL'] })).toEqual([]);
  });

  it('reads a text that it has read before as the same, and as the version that is asked for', () => {
    const text = JSON.stringify(document);
    const [first, second] = [readPolicyText(text, 1), readPolicyText(text, 2)];
    expect(first).toEqual({ ...policy, version: 1 });
    expect(second).toEqual({ ...policy, version: 2 });
    expect(second.limits).toBe(first.limits);
    const wider = writePolicy({ ...policy, limits: { ...policy.limits, positionsMax: 3 } });
    expect(readPolicyText(JSON.stringify(wider), 3).limits.positionsMax).toBe(3);
    expect(readPolicyText(text, 4).limits).toEqual(policy.limits);
  });

  it('hands out what nobody can change, and forgets the oldest of many texts', () => {
    const textOf = (positionsMax: number): string =>
      JSON.stringify(writePolicy({ ...policy, limits: { ...policy.limits, positionsMax } }));
    const { limits, strategies } = readPolicyText(textOf(1), 1);
    expect(Object.isFrozen(limits) && strategies.every(({ parameters }) => Object.isFrozen(parameters))).toBe(true);
    for (let positionsMax = 2; positionsMax <= 33; positionsMax += 1) readPolicyText(textOf(positionsMax), 1);
    expect(readPolicyText(textOf(33), 1).limits).toBe(readPolicyText(textOf(33), 1).limits);
    expect(readPolicyText(textOf(1), 1).limits).not.toBe(limits);
  });

  it('refuses a text each time that it is asked for one that is no policy', () => {
    const text = JSON.stringify({ ...document, universe: [] });
    for (let time = 0; time < 2; time += 1) {
      expect(() => readPolicyText(text, 1)).toThrow('expected at least one symbol');
      expect(() => readPolicyText('{', 1)).toThrow(SyntaxError);
    }
  });

  it('names every field at fault at once', () => {
    const wrong = {
      ...document,
      universe: ['aapl'],
      limits: { ...document.limits, grossExposureMax: '-1', reconciliationAgeMsMax: 1000 },
      checks: { ...document.checks, heatBpsMax: 0.5 },
      breaker: { ...document.breaker, flattenOn: ['bad-weather'] },
      stops: { ...document.stops, fallbackBps: 0 },
      extra: true,
    };
    expect(faultsOf(wrong).map((fault) => fault.split(':')[0])).toEqual([
      'universe.0',
      'limits.grossExposureMax',
      'limits.reconciliationAgeMsMax',
      'checks.heatBpsMax',
      'breaker.flattenOn.0',
      'stops.fallbackBps',
      '',
    ]);
    expect(faultsOf(wrong)).toContain(
      'limits.grossExposureMax: expected a decimal text of zero or more, such as "2500.00"',
    );
  });

  it.each(['limits', 'checks', 'breaker', 'monitor', 'stops'] as const)('refuses a document without %s', (section) => {
    const { [section]: left, ...rest } = document;
    expect(left).toBeDefined();
    expect(faultsOf(rest).map((fault) => fault.split(':')[0])).toEqual([section]);
  });

  it('gives a document from before regimes could be chosen what a new account has', () => {
    const { decision, ...rest } = document;
    expect(decision).toBeDefined();
    expect(readPolicy(rest, 1)).toEqual(policy);
  });

  it('reads a document that was written before models had an age', () => {
    const { modelAgeSessionsMax: age, ...before } = document.checks;
    expect(age).toBe(70);
    expect(readPolicy({ ...document, checks: before }, 1)).toEqual(policy);
  });

  it('reads target weights, and refuses them when they give no place or a short one that may not be sold', () => {
    const targets = { topN: 3, bottomN: 0, grossBps: 9000n };
    const chosen = { ...policy, decision: { ...policy.decision, targets } };
    expect(readPolicy(writePolicy(chosen), 1)).toEqual(chosen);
    const { targets: left, ...before } = document.decision ?? writePolicy(policy).decision ?? {};
    expect(left).toBeNull();
    expect(readPolicy({ ...document, decision: before }, 1)).toEqual(policy);
    const withTargets = (rules: unknown) => ({ ...document, decision: { ...document.decision, targets: rules } });
    expect(faultsOf(withTargets({ topN: 0, bottomN: 0, grossBps: 0 }))).toEqual([
      'decision.targets.grossBps: expected above 0, at most 10000',
      'decision.targets: expected topN or bottomN above 0',
    ]);
    expect(faultsOf(withTargets({ topN: 1, bottomN: 2, grossBps: 9000 }))).toEqual([
      'decision.targets.bottomN: expected 0 while checks.shortSelling is false',
    ]);
  });

  it('refuses regimes that overlap and correlations that cannot be cut', () => {
    const { regime, correlation, sizing } = document.decision ?? {};
    const wrong = {
      ...document,
      decision: {
        regime: { ...regime, highAbove: 50 },
        correlation: { ...correlation, fullUpTo: 0.9, shortSessions: 90 },
        sizing: { ...sizing, weightBpsMax: 0 },
      },
    };
    expect(faultsOf(wrong)).toEqual([
      'decision.regime: expected lowBelow <= highAbove < crisisFrom',
      'decision.correlation: expected fullUpTo < refusedAbove',
      'decision.correlation: expected shortSessions <= longSessions',
      'decision.sizing.weightBpsMax: expected above 0, at most 10000',
    ]);
  });
});
