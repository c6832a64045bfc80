import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatQuantity, parseMoney, parseQuantity, subtractMoney } from '#shared/core/kernel/decimal.ts';
import { clientOrderIdOf, decisionId, strategyId } from '#shared/core/kernel/identity.ts';
import { addMs, calendarDate } from '#shared/core/kernel/instant.ts';
import { type RefusalCode, refusal } from '#shared/core/kernel/refusal.ts';
import { equityInstrument } from '#shared/core/market/instrument-rules.ts';
import { type Book, emptyBook, withMark } from '#shared/core/portfolio/book.ts';
import { decide } from '#shared/core/portfolio/decide.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import type { Snapshot } from '#shared/core/portfolio/snapshot.ts';
import {
  AAPL,
  ACCOUNT,
  held,
  MSFT,
  NOW,
  POLICY,
  quoteOf,
  signal,
  snapshot,
  STRATEGY,
  XOM,
} from '#tests/portfolio/sample-snapshot.ts';

const marked = (book: Book, side: 'buy' | 'sell', remaining: string, unknown = false, strategy = STRATEGY): Book =>
  withMark(book, clientOrderIdOf('open-1'), {
    clientOrderId: clientOrderIdOf('open-1'),
    strategyId: strategy,
    decisionId: decisionId('d-1'),
    slice: 0,
    purpose: 'entry',
    side,
    limitPrice: null,
    stopPrice: null,
    closing: side === 'sell',
    remaining: parseQuantity(remaining),
    reservedMoney: parseMoney('0'),
    unknown,
  });

const withLimits = (limits: Partial<Policy['limits']>): Policy => ({
  ...POLICY,
  limits: { ...POLICY.limits, ...limits },
});

const WILD = { source: 'vix', value: 30, asOf: calendarDate('2026-03-06') } as const;
const SHUT = refusal('kill-switch-engaged', 'the kill switch is engaged');

const codeOf = (snap: Snapshot, policy = POLICY): RefusalCode | 'executed' => {
  const [entry] = decide(snap, policy).funnel;
  if (entry === undefined) throw new Error('no funnel entry');
  return entry.outcome === 'executed' ? 'executed' : entry.refusal.code;
};

describe('decide', () => {
  const sharesOf = (snap: Snapshot, policy = POLICY): readonly string[] =>
    decide(snap, policy).intents.map(({ terms }) =>
      terms.size.kind === 'quantity' ? formatQuantity(terms.size.quantity) : '',
    );

  it('sizes an entry to the risk at its stop, in whole shares, and says what it saw', () => {
    // 1 % of 120,000 is 1,200; the stop lies three ranges of 4 below: a hundred shares lose that much.
    const { intents } = decide(snapshot([signal(AAPL, { atr: 4 })]), POLICY);
    expect(intents.map((intent) => [intent.terms.side, intent.terms.positionIntent, intent.terms.size])).toEqual([
      ['buy', 'buy_to_open', { kind: 'quantity', quantity: parseQuantity('100') }],
    ]);
    expect(intents[0]).toMatchObject({
      purpose: 'entry',
      policyVersion: 1,
      validUntil: addMs(NOW, 300_000),
      basis: { position: 0n, openQuantity: 0n },
    });
  });

  it('lets no position be worth more than its weight at the collar', () => {
    // 15 % of 120,000 is 18,000; with the collar of 4 % that is 17,307.69 at the quote.
    expect(sharesOf(snapshot([signal(AAPL, { atr: 0.5 })]))).toEqual(['173']);
  });

  it('scales the size with the regime and with the correlation to what is held', () => {
    const wild = snapshot([signal(AAPL, { atr: 4 })], { volatility: WILD });
    expect(sharesOf(wild)).toEqual(['80']);
    const calm = { ...wild, volatility: { source: 'vix', value: 12, asOf: calendarDate('2026-03-06') } } as const;
    expect(sharesOf(calm)).toEqual(['120']);
    const alike = { between: () => ({ long: 0.2, short: 0.65 }) };
    const books = new Map([[MSFT, held(MSFT, '1')]]);
    // Half of the way from 0.5 to 0.8 costs half of the way from 100 % to 25 %.
    expect(sharesOf(snapshot([signal(AAPL, { atr: 4 })], { books, correlations: alike }))).toEqual(['62']);
  });

  it('holds later signals against those that it has just accepted', () => {
    const signals = [signal(AAPL, { confidence: 0.9 }), signal(MSFT)];
    const { funnel } = decide(
      snapshot(signals, { correlations: { between: () => ({ long: 0.9, short: 0.1 }) } }),
      POLICY,
    );
    expect(funnel.map((entry) => (entry.outcome === 'refused' ? [entry.stage, entry.refusal] : 'executed'))).toEqual([
      'executed',
      [
        'correlation',
        {
          code: 'correlation-too-high',
          message: expect.stringContaining('AAPL'),
          context: { with: 'AAPL', actual: '0.9', limit: '0.8', wouldPassAt: '0.9' },
        },
      ],
    ]);
  });

  it('refuses, for good, an entry of a model that a person has put another in the place of', () => {
    const said = signal(AAPL, { modelVersion: 'v-2' });
    const outcome = (active: { readonly version: string; readonly pinned: boolean }) => {
      const { funnel, records } = decide(snapshot([said], { models: new Map([[STRATEGY, active]]) }), POLICY);
      const [end] = funnel;
      return [end?.outcome === 'refused' ? end.refusal.code : end?.outcome, records[0]?.state];
    };
    expect(outcome({ version: 'v-1', pinned: true })).toEqual(['model-changed', 'refused']);
    expect(outcome({ version: 'v-2', pinned: true })).toEqual(['executed', 'executed']);
    // The quarter has turned since: the signal waits its three sessions out.
    expect(outcome({ version: 'v-3', pinned: false })).toEqual(['executed', 'executed']);
  });

  it('keeps an entry waiting for three sessions and then lets it go', () => {
    const full = withLimits({ positionsMax: 0 });
    const first = decide(snapshot([signal(AAPL)]), full);
    expect(first.records).toMatchObject([{ state: 'pending', attempts: 1, expiresOn: '2026-03-11' }]);
    const later = (session: string, before: string, pending: Snapshot['pending']): Snapshot =>
      snapshot([], { session: calendarDate(session), signalSession: calendarDate(before), pending });
    const second = decide(later('2026-03-10', '2026-03-09', first.records), full);
    expect(second.records).toMatchObject([{ state: 'pending', attempts: 2 }]);
    expect(decide(later('2026-03-11', '2026-03-10', second.records), POLICY).funnel).toMatchObject([
      { outcome: 'executed' },
    ]);
    const third = decide(later('2026-03-11', '2026-03-10', second.records), full);
    expect(third.records).toMatchObject([{ state: 'expired', attempts: 3, blockedBy: { code: 'position-limit' } }]);
    const missed = decide(later('2026-03-12', '2026-03-11', second.records), POLICY);
    expect(missed.funnel).toMatchObject([{ outcome: 'refused', refusal: { code: 'pending-expired' } }]);
    const newer = { ...later('2026-03-10', '2026-03-09', first.records) };
    const superseded = decide({ ...newer, signals: [signal(AAPL, { asOf: calendarDate('2026-03-09') })] }, POLICY);
    expect(superseded.funnel.map((entry) => entry.outcome)).toEqual(['executed', 'refused']);
  });

  it('closes what the strategy holds less what open orders close already', () => {
    const exit = signal(AAPL, { kind: 'exit', side: 'sell' });
    const books = new Map([[AAPL, marked(held(AAPL, '10'), 'sell', '4')]]);
    const { intents } = decide(snapshot([exit], { books }), POLICY);
    expect(
      intents.map(({ terms }) => [
        terms.positionIntent,
        terms.size.kind === 'quantity' ? formatQuantity(terms.size.quantity) : '',
      ]),
    ).toEqual([['sell_to_close', '6']]);
  });

  const refused: readonly [string, Snapshot, RefusalCode, Policy?][] = [
    [
      'the signal is not of the last session',
      snapshot([signal(AAPL, { asOf: calendarDate('2026-03-05') })]),
      'data-not-fresh',
    ],
    ['the broker does not know the symbol', snapshot([signal(AAPL)], { instruments: new Map() }), 'instrument-unknown'],
    [
      'the symbol is not tradable',
      snapshot([signal(AAPL)], { instruments: new Map([[AAPL, { ...equityInstrument(AAPL, ''), tradable: false }]]) }),
      'instrument-not-tradable',
    ],
    ['nobody quotes the symbol', snapshot([signal(AAPL)], { quotes: new Map() }), 'quote-missing'],
    [
      'the quote is old',
      snapshot([signal(AAPL)], { quotes: new Map([quoteOf(AAPL, addMs(NOW, -30_001))]) }),
      'quote-stale',
    ],
    [
      'the strategy holds the symbol',
      snapshot([signal(AAPL)], { books: new Map([[AAPL, held(AAPL, '1')]]) }),
      'already-positioned',
    ],
    [
      'the strategy has an order open',
      snapshot([signal(AAPL)], { books: new Map([[AAPL, marked(emptyBook(ACCOUNT, AAPL), 'buy', '1')]]) }),
      'twin-order',
    ],
    [
      'another strategy sells the symbol',
      snapshot([signal(AAPL)], {
        books: new Map([[AAPL, marked(emptyBook(ACCOUNT, AAPL), 'sell', '1', false, strategyId('other'))]]),
      }),
      'opposing-order',
    ],
    [
      'the fate of an order is unknown',
      snapshot([signal(AAPL)], { books: new Map([[AAPL, marked(emptyBook(ACCOUNT, AAPL), 'buy', '1', true)]]) }),
      'symbol-has-unknown-order',
    ],
    [
      'an exit is open',
      snapshot([signal(AAPL)], { books: new Map([[AAPL, { ...emptyBook(ACCOUNT, AAPL), exitId: 'x' }]]) }),
      'exit-in-progress',
    ],
    [
      'the symbol is quarantined',
      snapshot([signal(AAPL)], {
        books: new Map([
          [AAPL, { ...emptyBook(ACCOUNT, AAPL), quarantine: { code: 'drift', message: 'differs', at: NOW } }],
        ]),
      }),
      'symbol-quarantined',
    ],
    [
      'one share costs more than the weight',
      snapshot([signal(AAPL)], { equity: parseMoney('599.99'), equityAtOpen: null }),
      'size-below-minimum',
    ],
    ['there is nothing to close', snapshot([signal(AAPL, { kind: 'exit', side: 'sell' })]), 'no-position-to-close'],
    [
      'open orders close all of it already',
      snapshot([signal(AAPL, { kind: 'exit', side: 'sell' })], {
        books: new Map([[AAPL, marked(held(AAPL, '4'), 'sell', '4')]]),
      }),
      'twin-order',
    ],
    [
      'the strategy is disabled',
      snapshot([signal(AAPL)]),
      'strategy-disabled',
      { ...POLICY, strategies: POLICY.strategies.map((entry) => ({ ...entry, enabled: false })) },
    ],
    [
      'as many positions are held as may be',
      snapshot([signal(AAPL)], { books: new Map([[MSFT, held(MSFT, '1')]]) }),
      'position-limit',
      withLimits({ positionsMax: 1 }),
    ],
    [
      'the run has no orders left',
      snapshot([signal(AAPL)]),
      'orders-per-cycle-limit',
      withLimits({ ordersPerCycleMax: 0 }),
    ],
    [
      'the run has no money left',
      snapshot([signal(AAPL)]),
      'notional-per-cycle-limit',
      withLimits({ notionalPerCycleMax: subtractMoney(parseMoney('17992'), parseMoney('0.01')) }),
    ],
    ['the gate is shut', snapshot([signal(AAPL)], { gates: { entry: SHUT, exit: null } }), 'kill-switch-engaged'],
    ['nobody knows the volatility', snapshot([signal(AAPL)], { volatility: null }), 'volatility-missing'],
    [
      'volatility is a crisis',
      snapshot([signal(AAPL)], { volatility: { source: 'vix', value: 40, asOf: calendarDate('2026-03-06') } }),
      'regime-crisis',
    ],
    [
      'breakouts are off and its strategy is one',
      snapshot([signal(AAPL)], { volatility: WILD, entryClasses: new Map([[STRATEGY, 'breakout']]) }),
      'regime-breakouts-off',
    ],
    [
      'breakouts are off and nobody knows what its strategy is',
      snapshot([signal(AAPL)], { volatility: WILD, entryClasses: new Map() }),
      'regime-breakouts-off',
    ],
    [
      'the session has lost as much as it may',
      snapshot([signal(AAPL)], { equityAtOpen: parseMoney('122500') }),
      'daily-loss',
    ],
    [
      'its strategy has no cash left',
      snapshot([signal(AAPL)]),
      'strategy-cash',
      { ...POLICY, strategies: POLICY.strategies.map((entry) => ({ ...entry, cash: parseMoney('100') })) },
    ],
    [
      'all positions would exceed the limit',
      snapshot([signal(AAPL)]),
      'gross-exposure',
      withLimits({ grossExposureMax: parseMoney('17000') }),
    ],
    ['the account has no cash left', snapshot([signal(AAPL)], { cash: parseMoney('17000') }), 'cash-insufficient'],
    ['the cash target would be spent', snapshot([signal(AAPL)], { cash: parseMoney('23991') }), 'cash-target'],
    [
      'the positions would risk more than the regime allows',
      snapshot([signal(AAPL)]),
      'portfolio-heat',
      {
        ...POLICY,
        decision: {
          ...POLICY.decision,
          regime: {
            ...POLICY.decision.regime,
            normal: { ...POLICY.decision.regime.normal, heatBpsMax: 80n },
          },
        },
      },
    ],
  ];
  it.each(refused)('refuses a signal when %s', (_, snap, code, policy) => {
    expect(codeOf(snap, policy ?? POLICY)).toBe(code);
  });

  it('closes all of a position whose stop rests at the broker: the stop gives way', () => {
    const book = marked(held(AAPL, '4'), 'sell', '4');
    const openOrders = book.openOrders.map((mark) => ({ ...mark, purpose: 'protective-stop' as const }));
    const books = new Map([[AAPL, { ...book, openOrders }]]);
    const { intents } = decide(snapshot([signal(AAPL, { kind: 'exit', side: 'sell' })], { books }), POLICY);
    expect(intents.map(({ terms }) => terms.size)).toEqual([{ kind: 'quantity', quantity: parseQuantity('4') }]);
  });

  it('lets an exit go first and keeps another strategy from meeting it', () => {
    const other = strategyId('momentum');
    const policy = firstPolicy([AAPL], [STRATEGY, other], parseMoney('120000'));
    const signals = [signal(AAPL, { kind: 'exit', side: 'sell' }), signal(AAPL, { strategyId: other })];
    const { funnel, records } = decide(snapshot(signals, { books: new Map([[AAPL, held(AAPL, '4')]]) }), policy);
    expect(funnel).toMatchObject([{ outcome: 'executed' }, { refusal: { code: 'opposing-order' } }]);
    expect(records.map((record) => record.state)).toEqual(['executed', 'pending']);
  });

  it('lets an exit of a disabled strategy pass', () => {
    const off = { ...POLICY, strategies: POLICY.strategies.map((entry) => ({ ...entry, enabled: false })) };
    const snap = snapshot([signal(AAPL, { kind: 'exit', side: 'sell' })], {
      books: new Map([[AAPL, held(AAPL, '4')]]),
    });
    expect(codeOf(snap, off)).toBe('executed');
  });

  it('draws on its limits for exits first, then for the most confident', () => {
    const signals = [
      signal(AAPL, { confidence: 0.2 }),
      signal(MSFT, { confidence: 0.9 }),
      signal(XOM, { kind: 'exit', side: 'sell' }),
    ];
    const { funnel } = decide(
      snapshot(signals, { books: new Map([[XOM, held(XOM, '4')]]) }),
      withLimits({ ordersPerCycleMax: 2 }),
    );
    expect(funnel.map((entry) => [entry.signal.ticker, entry.outcome])).toEqual([
      ['XOM', 'executed'],
      ['MSFT', 'executed'],
      ['AAPL', 'refused'],
    ]);
  });

  it('decides alike on the same signals in any order, and ends each of them once', () => {
    const all = [AAPL, MSFT, XOM].flatMap((symbol) => [signal(symbol), signal(symbol, { kind: 'exit', side: 'sell' })]);
    const books = new Map([[XOM, held(XOM, '4')]]);
    const expected = decide(snapshot(all, { books }), POLICY);
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) => {
        const decision = decide(snapshot(shuffled, { books }), POLICY);
        expect(decision).toEqual(expected);
        expect(decision.funnel).toHaveLength(all.length);
        expect(decision.funnel.filter((entry) => entry.outcome === 'executed')).toHaveLength(decision.intents.length);
      }),
      { seed: 7, numRuns: 50 },
    );
  });

  it('gives the same signal the same order on one day, and another on the next', () => {
    const id = (session: string): string | undefined => {
      const [entry] = decide(snapshot([signal(AAPL)], { session: calendarDate(session) }), POLICY).funnel;
      return entry?.outcome === 'executed' ? entry.clientOrderId : undefined;
    };
    expect(id('2026-03-09')).toBe(id('2026-03-09'));
    expect(id('2026-03-09')).not.toBe(id('2026-03-10'));
  });
});
