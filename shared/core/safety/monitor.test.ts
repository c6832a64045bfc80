import { describe, expect, it } from 'vitest';
import { parseMoney } from '#shared/core/kernel/decimal.ts';
import { clientOrderIdOf } from '#shared/core/kernel/identity.ts';
import { addMs, epochMs } from '#shared/core/kernel/instant.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import { TRIP_CAUSES, type TripCause } from '#shared/core/portfolio/safety-policy.ts';
import { causesOf, MONITORS, type MonitorFacts, provenSkewMs, renderMonitors } from './monitor.ts';
import { failedInRow, lastOutcomes, type OrderOutcome, type OutcomeKind } from './order-outcomes.ts';

const NOW = epochMs(1_770_000_000_000);
const EQUITY = parseMoney('100000');
const ago = (ms: number) => addMs(NOW, -ms);
const money = (text: string) => parseMoney(text);

const CALM: MonitorFacts = {
  now: NOW,
  policy: firstPolicy([], [], EQUITY),
  sessionOpenAt: ago(3_600_000),
  equityAtOpen: EQUITY,
  equity: EQUITY,
  markedByQuotes: false,
  sessionPeak: EQUITY,
  peak: EQUITY,
  quotedAt: ago(30_000),
  outcomes: [],
  requests: { answered: 100, failed: 0 },
  reconciledAt: ago(60_000),
  passesFailed: 0,
  oldestUnknownAt: null,
  probes: [{ at: NOW, skewMs: 0 }],
};

const outcomes = (...kinds: readonly OutcomeKind[]): readonly OrderOutcome[] =>
  kinds.map((kind, index) => ({ clientOrderId: clientOrderIdOf(`o-${index}`), kind, at: ago(60_000 - index) }));
const many = (count: number, kind: OutcomeKind): readonly OutcomeKind[] => Array.from({ length: count }, () => kind);

/** The last value that does not trip, and the first that does. */
const EDGES: Readonly<Record<TripCause, readonly [calm: Partial<MonitorFacts>, trips: Partial<MonitorFacts>]>> = {
  'daily-loss': [{ equity: money('98000') }, { equity: money('97999.99') }],
  'daily-drawdown': [
    { equityAtOpen: money('90000'), equity: money('95000') },
    { equityAtOpen: money('90000'), equity: money('94999.99') },
  ],
  'peak-drawdown': [
    { equityAtOpen: money('85000'), sessionPeak: money('85000'), equity: money('85000') },
    { equityAtOpen: money('85000'), sessionPeak: money('85000'), equity: money('84999.99') },
  ],
  'market-data-stale': [{ quotedAt: ago(300_000) }, { quotedAt: ago(300_001) }],
  'broker-error-rate': [{ requests: { answered: 5, failed: 5 } }, { requests: { answered: 4, failed: 5 } }],
  'consecutive-failures': [
    { outcomes: outcomes('failed', 'failed', 'accepted', 'failed', 'failed') },
    { outcomes: outcomes('accepted', 'failed', 'failed', 'failed') },
  ],
  rejections: [
    { outcomes: outcomes(...many(5, 'accepted'), ...many(5, 'rejected')) },
    { outcomes: outcomes(...many(4, 'accepted'), ...many(5, 'rejected')) },
  ],
  'reconciliation-stale': [{ reconciledAt: ago(360_000) }, { reconciledAt: ago(360_001) }],
  'reconciliation-failed': [{ passesFailed: 2 }, { passesFailed: 3 }],
  'unknown-order-old': [{ oldestUnknownAt: ago(300_000) }, { oldestUnknownAt: ago(300_001) }],
  'clock-skew': [{ probes: [{ at: NOW, skewMs: -5_000 }] }, { probes: [{ at: NOW, skewMs: -5_001 }] }],
};

const causes = (changes: Partial<MonitorFacts>): readonly TripCause[] =>
  causesOf({ ...CALM, ...changes }).map(({ cause }) => cause);

describe('the monitor', () => {
  it('has one watch for each cause, with numbers of the policy of its own', () => {
    expect(MONITORS.map(({ cause }) => cause)).toEqual(TRIP_CAUSES);
    expect(MONITORS.filter(({ numbers }) => numbers.length === 0)).toEqual([]);
    expect(causes({})).toEqual([]);
  });

  it('is rendered into docs/concepts/monitor.md', async () => {
    await expect(renderMonitors()).toMatchFileSnapshot('../../../docs/concepts/monitor.md');
  });

  it.each(TRIP_CAUSES)('trips by %s beyond its limit and not at it', (cause) => {
    const [calm, trips] = EDGES[cause];
    expect([causes(calm), causes(trips)]).toEqual([[], [cause]]);
  });

  it('tells the gravest first, each with what it saw', () => {
    const holding = causesOf({ ...CALM, equity: money('80000'), passesFailed: 4 });
    expect(holding.map(({ cause }) => cause)).toEqual([
      'daily-loss',
      'daily-drawdown',
      'peak-drawdown',
      'reconciliation-failed',
    ]);
    expect(holding[0]?.message).toBe('lost 20000 since the session began; the limit is 2000');
  });

  it('holds nothing against a day whose figures are not there yet', () => {
    expect(causes({ equity: null, equityAtOpen: null, sessionPeak: null, peak: null })).toEqual([]);
    expect(causes({ probes: [{ at: NOW, skewMs: null }] })).toEqual([]);
  });

  it('asks for quotes and passes in a session only, and counts from its open', () => {
    const silent = { quotedAt: null, reconciledAt: null };
    expect(causes({ ...silent, sessionOpenAt: null })).toEqual([]);
    expect(causes({ ...silent, sessionOpenAt: ago(1_000) })).toEqual(['reconciliation-stale']);
    expect(causes({ quotedAt: ago(86_400_000), sessionOpenAt: ago(300_000) })).toEqual([]);
  });

  it('takes an order of unknown fate for a failure, and a rejection for an answer', () => {
    expect(causes({ outcomes: outcomes('failed', 'failed', 'rejected') })).toEqual([]);
    expect(causes({ outcomes: outcomes(...many(4, 'rejected')) })).toEqual([]);
    expect(causes({ outcomes: outcomes(...many(20, 'failed'), ...many(5, 'rejected')) })).toEqual(['rejections']);
  });

  it('holds no loss against an account that had nothing', () => {
    expect(causes({ equityAtOpen: money('0'), equity: money('-5'), sessionPeak: null, peak: null })).toEqual([]);
  });
});

describe('outcomes of orders', () => {
  const id = (name: string) => clientOrderIdOf(name);

  it('are one an order: the last that was told', () => {
    expect(
      lastOutcomes([
        { clientOrderId: id('a'), kind: 'failed', at: ago(30) },
        { clientOrderId: id('b'), kind: 'accepted', at: ago(20) },
        { clientOrderId: id('a'), kind: 'accepted', at: ago(10) },
      ]).map(({ clientOrderId, kind }) => [clientOrderId, kind]),
    ).toEqual([
      ['b', 'accepted'],
      ['a', 'accepted'],
    ]);
  });

  it('count passes in a row that compared nothing', () => {
    const passes = (...whole: readonly boolean[]) => failedInRow(whole.map((complete) => ({ complete })));
    expect([passes(), passes(true), passes(false, false), passes(false, true, false)]).toEqual([0, 0, 2, 1]);
  });
});

describe('the skew of a clock', () => {
  it.each([
    ['nothing within the time that the answer took', 0, 2_000, 1_900, 0],
    ['what goes beyond it', 0, 2_000, 9_000, 7_000],
    ['what goes beyond it the other way', 10_000, 12_000, 3_000, -7_000],
    ['all of it when the answer took no time', 5_000, 5_000, 5_250, 250],
  ])('proves %s', (_, askedMs, answeredMs, brokerMs, provenMs) => {
    expect(provenSkewMs(epochMs(askedMs), epochMs(answeredMs), epochMs(brokerMs))).toBe(provenMs);
  });
});
