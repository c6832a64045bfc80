import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatQuantity, parseMoney, parsePrice, parseQuantity, subtractMoney } from '#shared/core/kernel/decimal.ts';
import {
  accountId,
  clientOrderIdOf,
  correlationId,
  runId,
  decisionId,
  strategyId,
  type Ticker,
  ticker,
} from '#shared/core/kernel/identity.ts';
import { addMs, calendarDate, nsOf, parseEpochMs } from '#shared/core/kernel/instant.ts';
import type { RefusalCode } from '#shared/core/kernel/refusal.ts';
import { equityInstrument } from '#shared/core/market/instrument-rules.ts';
import { type Book, bookFill, emptyBook, shareOf, withMark, withShare } from '#shared/core/portfolio/book.ts';
import { decide } from '#shared/core/portfolio/decide.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import type { Snapshot } from '#shared/core/portfolio/snapshot.ts';
import type { Signal } from '#shared/core/signal/types.ts';

const ACCOUNT = accountId('paper-1');
const STRATEGY = strategyId('ma-crossover');
const [AAPL, MSFT, XOM] = [ticker('AAPL'), ticker('MSFT'), ticker('XOM')];
const NOW = parseEpochMs('2026-03-09T13:35:00Z');
const POLICY = firstPolicy([AAPL, MSFT, XOM], [STRATEGY], parseMoney('120000'));

const signal = (symbol: Ticker, changes: Partial<Signal> = {}): Signal => ({
  strategyId: STRATEGY,
  ticker: symbol,
  kind: 'entry',
  side: 'buy',
  confidence: 0.5,
  reason: { code: 'crossed-up', text: 'crossed', numbers: {} },
  price: 100,
  atr: 2,
  asOf: calendarDate('2026-03-06'),
  ...changes,
});

const quoteOf = (symbol: Ticker, at = NOW) =>
  [
    symbol,
    {
      ticker: symbol,
      bid: parsePrice('99.98'),
      bidSize: parseQuantity('1'),
      ask: parsePrice('100'),
      askSize: parseQuantity('1'),
      at: nsOf(at),
    },
  ] as const;

const snapshot = (signals: readonly Signal[], changes: Partial<Snapshot> = {}): Snapshot => ({
  accountId: ACCOUNT,
  runId: runId('run-1'),
  correlationId: correlationId('run-1'),
  session: calendarDate('2026-03-09'),
  signalSession: calendarDate('2026-03-06'),
  now: NOW,
  signals,
  books: new Map(),
  quotes: new Map([AAPL, MSFT, XOM].map((symbol) => quoteOf(symbol))),
  instruments: new Map([AAPL, MSFT, XOM].map((symbol) => [symbol, equityInstrument(symbol, symbol)] as const)),
  equity: parseMoney('120000'),
  ...changes,
});

const held = (symbol: Ticker, shares: string): Book => {
  const book = emptyBook(ACCOUNT, symbol);
  const share = bookFill(shareOf(book, STRATEGY), {
    strategyId: STRATEGY,
    side: 'buy',
    quantity: parseQuantity(shares),
    cost: parseMoney('1000'),
    on: calendarDate('2026-03-02'),
  });
  return withShare(book, share);
};

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

const codeOf = (snap: Snapshot, policy = POLICY): RefusalCode | 'executed' => {
  const [entry] = decide(snap, policy).funnel;
  if (entry === undefined) throw new Error('no funnel entry');
  return entry.outcome === 'executed' ? 'executed' : entry.refusal.code;
};

describe('decide', () => {
  it('sizes an entry to an equal weight in whole shares and says what it saw', () => {
    const { intents } = decide(snapshot([signal(AAPL)]), POLICY);
    // 90 % of 120,000 in twelve parts is 9,000: ninety shares at the ask of 100.
    expect(intents.map((intent) => [intent.terms.side, intent.terms.positionIntent, intent.terms.size])).toEqual([
      ['buy', 'buy_to_open', { kind: 'quantity', quantity: parseQuantity('90') }],
    ]);
    expect(intents[0]).toMatchObject({
      purpose: 'entry',
      policyVersion: 1,
      validUntil: addMs(NOW, 300_000),
      basis: { position: 0n, openQuantity: 0n },
    });
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
      snapshot([signal(AAPL)], { equity: parseMoney('1199.99') }),
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
      withLimits({ notionalPerCycleMax: subtractMoney(parseMoney('9000'), parseMoney('0.01')) }),
    ],
  ];
  it.each(refused)('refuses a signal when %s', (_, snap, code, policy) => {
    expect(codeOf(snap, policy ?? POLICY)).toBe(code);
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
