/** In which order an entry is held to what: what it fails first is its answer. */
import { expect, it } from 'vitest';
import { parseMoney } from '#shared/core/kernel/decimal.ts';
import { addMs, calendarDate } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { emptyBook } from '#shared/core/portfolio/book.ts';
import { decide } from '#shared/core/portfolio/decide.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import type { Snapshot } from '#shared/core/portfolio/snapshot.ts';
import { AAPL, ACCOUNT, held, MSFT, NOW, POLICY, quoteOf, signal, snapshot } from '#tests/portfolio/sample-snapshot.ts';

interface World {
  readonly seen: Partial<Snapshot>;
  readonly policy: Policy;
}

const seeing =
  (seen: Partial<Snapshot>) =>
  (world: World): World => ({ ...world, seen: { ...world.seen, ...seen } });
const under =
  (change: (policy: Policy) => Partial<Policy>) =>
  (world: World): World => ({ ...world, policy: { ...world.policy, ...change(world.policy) } });

const HELD = [MSFT, held(MSFT, '1')] as const;
const NO_HEAT = { ...POLICY.decision.regime.normal, heatBpsMax: 0n };

/** What is wrong, in the order in which it is to be said. */
const FAULTS = [
  [
    'safety',
    'kill-switch-engaged',
    seeing({ gates: { entry: refusal('kill-switch-engaged', 'engaged'), exit: null } }),
  ],
  ['risk', 'daily-loss', seeing({ equityAtOpen: parseMoney('130000') })],
  ['regime', 'regime-crisis', seeing({ volatility: { source: 'vix', value: 40, asOf: calendarDate('2026-03-06') } })],
  ['correlation', 'correlation-too-high', seeing({ correlations: { between: () => ({ long: 0.9, short: 0.9 }) } })],
  [
    'safety',
    'exit-in-progress',
    seeing({ books: new Map([HELD, [AAPL, { ...emptyBook(ACCOUNT, AAPL), exitId: 'exit-1' }]]) }),
  ],
  ['risk', 'quote-stale', seeing({ quotes: new Map([quoteOf(AAPL, addMs(NOW, -60_000))]) })],
  [
    'risk',
    'portfolio-heat',
    under(({ decision }) => ({ decision: { ...decision, regime: { ...decision.regime, normal: NO_HEAT } } })),
  ],
  [
    'risk',
    'strategy-cash',
    under(({ strategies }) => ({ strategies: strategies.map((one) => ({ ...one, cash: parseMoney('100') })) })),
  ],
  ['risk', 'position-limit', under(({ limits }) => ({ limits: { ...limits, positionsMax: 1 } }))],
  ['risk', 'cash-insufficient', seeing({ cash: parseMoney('1000') })],
] as const;

it('holds an entry to gate, daily loss, regime, correlation, book, quote, heat, cash and counts, in this order', () => {
  const answers = [...FAULTS.keys(), FAULTS.length].map((mended) => {
    const sound: World = { seen: { books: new Map([HELD]) }, policy: POLICY };
    const world = FAULTS.slice(mended).reduce((before, [, , spoil]) => spoil(before), sound);
    const { funnel, records } = decide(snapshot([signal(AAPL)], world.seen), world.policy);
    const [entry] = funnel;
    const code = entry?.outcome === 'refused' ? entry.refusal.code : null;
    expect(records.map(({ blockedBy }) => blockedBy?.code ?? null)).toEqual([code]);
    return entry?.outcome === 'refused' ? [entry.stage, code] : [entry?.outcome];
  });
  expect(answers).toEqual([...FAULTS.map(([stage, code]) => [stage, code]), ['executed']]);
});
