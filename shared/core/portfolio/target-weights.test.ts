import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addMoney,
  formatMoney,
  notionalOf,
  parseMoney,
  prorateMoney,
  ZERO_MONEY,
} from '#shared/core/kernel/decimal.ts';
import { strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { equityInstrument } from '#shared/core/market/instrument-rules.ts';
import { decide } from '#shared/core/portfolio/decide.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import type { Decision, Snapshot } from '#shared/core/portfolio/snapshot.ts';
import type { Signal } from '#shared/core/signal/types.ts';
import { AAPL, held, MSFT, POLICY, quoteOf, signal, snapshot, XOM } from '#tests/portfolio/sample-snapshot.ts';
import { type TargetRules, targetNotional } from './target-weights.ts';

const EQUITY = parseMoney('10000000');
const RULES: TargetRules = { topN: 2, bottomN: 0, grossBps: 6000n };
const aiming = (targets: TargetRules | null, base: Policy = POLICY): Policy => ({
  ...base,
  decision: { ...base.decision, targets },
});
const endsOf = ({ funnel }: Decision) =>
  funnel.map((entry) => [entry.signal.ticker, entry.outcome === 'refused' ? entry.refusal.code : 'executed']);
const sharesOf = ({ intents }: Decision) =>
  intents.map(({ terms }) => (terms.size.kind === 'quantity' ? Number(terms.size.quantity / 1_000_000_000n) : null));

const RANKED = [signal(AAPL, { confidence: 0.2 }), signal(MSFT, { confidence: 0.9 }), signal(XOM, { confidence: 0.5 })];

describe('target weights in a decision', () => {
  it('gives the most confident a place and tells the others at how many places they would have had one', () => {
    const decision = decide(snapshot(RANKED), aiming({ ...RULES, topN: 1 }));
    expect(endsOf(decision)).toEqual([
      ['MSFT', 'executed'],
      ['XOM', 'top-n-cutoff'],
      ['AAPL', 'top-n-cutoff'],
    ]);
    const context = { rule: 'topN', side: 'long', limit: '1' };
    expect(decision.funnel.slice(1)).toMatchObject([
      { stage: 'risk', refusal: { context: { ...context, actual: '2', wouldPassAt: '2' } } },
      { stage: 'risk', refusal: { context: { ...context, actual: '3', wouldPassAt: '3' } } },
    ]);
    // Another session may have a place for them.
    expect(decision.records.map(({ state }) => state)).toEqual(['executed', 'pending', 'pending']);
    expect(endsOf(decide(snapshot(RANKED), aiming(null))).map(([, end]) => end)).toEqual(Array(3).fill('executed'));
  });

  it('gives a place that a limit refuses to the next one', () => {
    const quotes = new Map([AAPL, XOM].map((symbol) => quoteOf(symbol)));
    expect(endsOf(decide(snapshot(RANKED, { quotes }), aiming({ ...RULES, topN: 1 })))).toEqual([
      ['MSFT', 'quote-missing'],
      ['XOM', 'executed'],
      ['AAPL', 'top-n-cutoff'],
    ]);
  });

  it('counts what is held among the places, and lets nobody add to it', () => {
    const books = new Map([[MSFT, held(MSFT, '1')]]);
    const other = strategyId('momentum');
    const second = { ...POLICY.strategies[0], strategyId: other, enabled: true, cash: EQUITY, parameters: {} };
    const policy = aiming(RULES, { ...POLICY, strategies: [...POLICY.strategies, second] });
    const signals = [...RANKED, signal(MSFT, { strategyId: other, confidence: 0.8 })];
    expect(endsOf(decide(snapshot(signals, { books }), policy))).toEqual([
      ['MSFT', 'already-positioned'],
      ['MSFT', 'target-reached'],
      ['XOM', 'executed'],
      ['AAPL', 'top-n-cutoff'],
    ]);
  });

  it('makes each place worth its share of the gross exposure, and never more than risk allows', () => {
    const one = (targets: TargetRules | null, changes: Partial<Signal> = {}) =>
      sharesOf(decide(snapshot([signal(AAPL, changes)]), aiming(targets)));
    // A tenth of 60 % of 120,000 is 7,200: 72 shares of 100, empty places unspent.
    expect(one({ ...RULES, topN: 10 })).toEqual([72]);
    expect(one({ ...RULES, topN: 6, bottomN: 4 })).toEqual([72]);
    expect(one({ ...RULES, topN: 1 })).toEqual(one(null));
    expect(one({ ...RULES, topN: 10 }, { atr: 8 })).toEqual([50]);
  });

  it('lets regime and correlation make a place smaller, and never larger', () => {
    const worth = (...scales: bigint[]) =>
      formatMoney(targetNotional(parseMoney('100000'), scales, { topN: 5, bottomN: 5, grossBps: 10_000n }));
    expect([worth(10_000n), worth(8_000n, 5_000n), worth(12_000n), worth(12_000n, 5_000n)]).toEqual([
      '10000',
      '4000',
      '10000',
      '6000',
    ]);
  });
});

const SYMBOLS = Array.from({ length: 8 }, (_, index) => ticker(`T${String.fromCharCode(65 + index)}`));
const WIDE: Policy = {
  ...POLICY,
  strategies: POLICY.strategies.map((one) => ({ ...one, cash: EQUITY })),
  limits: { ...POLICY.limits, grossExposureMax: EQUITY, symbolExposureMax: EQUITY, notionalPerCycleMax: EQUITY },
};
const world = (signals: readonly Signal[]): Snapshot =>
  snapshot(signals, {
    equity: EQUITY,
    cash: EQUITY,
    equityAtOpen: EQUITY,
    quotes: new Map(SYMBOLS.map((symbol) => quoteOf(symbol))),
    instruments: new Map(SYMBOLS.map((symbol) => [symbol, equityInstrument(symbol, symbol)] as const)),
  });
const signalsOn = fc
  .array(fc.record({ confidence: fc.integer({ min: 0, max: 4 }), side: fc.constantFrom('buy', 'sell') }), {
    minLength: SYMBOLS.length,
    maxLength: SYMBOLS.length,
  })
  .map((drawn) =>
    drawn.flatMap(({ confidence, side }, index) => {
      const symbol = SYMBOLS[index];
      return symbol === undefined ? [] : [signal(symbol, { confidence: confidence / 4, side })];
    }),
  );
const rules = fc
  .record({ topN: fc.nat(5), bottomN: fc.nat(5), grossBps: fc.constantFrom(3000n, 9000n) })
  .filter(({ topN, bottomN }) => topN + bottomN > 0);

it('fills its places with the most confident, keeps to its gross exposure, and tells the least that would have passed', () => {
  fc.assert(
    fc.property(signalsOn, rules, (signals, targets) => {
      const seen = world(signals);
      const decision = decide(seen, aiming(targets, WIDE));
      const executed = decision.funnel.filter(({ outcome }) => outcome === 'executed');
      const refused = decision.funnel.filter((entry) => entry.outcome === 'refused');
      expect(executed.length + refused.length).toBe(signals.length);
      expect(decision.intents).toHaveLength(executed.length);
      for (const [side, places] of [['buy', targets.topN] as const, ['sell', targets.bottomN] as const]) {
        const asked = signals.filter((one) => one.side === side).map(({ confidence }) => confidence);
        const best = asked.sort((a, b) => b - a).slice(0, places);
        expect(executed.filter(({ signal: one }) => one.side === side).map((one) => one.signal.confidence)).toEqual(
          best,
        );
      }
      const worth = decision.intents
        .map(({ terms, arrivalPrice }) =>
          terms.size.kind === 'quantity' && arrivalPrice !== null
            ? notionalOf(arrivalPrice, terms.size.quantity)
            : ZERO_MONEY,
        )
        .reduce(addMoney, ZERO_MONEY);
      expect(worth <= prorateMoney(EQUITY, targets.grossBps, 10_000n, 'floor')).toBe(true);
      for (const entry of refused) {
        expect(entry).toMatchObject({ stage: 'risk', refusal: { code: 'top-n-cutoff' } });
        const { rule, wouldPassAt } = entry.refusal.context;
        const endAt = (limit: number): string | undefined => {
          const { funnel } = decide(seen, aiming({ ...targets, [rule === 'topN' ? 'topN' : 'bottomN']: limit }, WIDE));
          return funnel.find((one) => one.signal.ticker === entry.signal.ticker)?.outcome;
        };
        expect([endAt(Number(wouldPassAt) - 1), endAt(Number(wouldPassAt))]).toEqual(['refused', 'executed']);
      }
    }),
    { seed: 11, numRuns: 60 },
  );
});
