import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseMoney, parsePrice, parseQuantity, ZERO_MONEY } from '#shared/core/kernel/decimal.ts';
import { clientOrderIdOf, decisionId, runId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, calendarDate } from '#shared/core/kernel/instant.ts';
import type { RefusalCode } from '#shared/core/kernel/refusal.ts';
import { equityInstrument } from '#shared/core/market/instrument-rules.ts';
import type { Instrument } from '#shared/core/market/types.ts';
import { minuteOf } from '#shared/core/portfolio/exposure.ts';
import type { Policy, PolicyLimits } from '#shared/core/portfolio/policy.ts';
import type { CheckPolicy } from '#shared/core/portfolio/safety-policy.ts';
import type { ClearingFacts } from '#shared/core/risk/check.ts';
import { renderChecks } from '#shared/core/risk/checks-page.ts';
import { clearOrder, isLimit, PRE_TRADE_CHECKS } from '#shared/core/risk/clear-order.ts';
import {
  NOW,
  POLICY,
  STRATEGY,
  SYMBOL,
  sampleBook,
  sampleExposure,
  sampleFacts,
  sampleIntent,
  sampleMark,
  sampleQuote,
  sampleShare,
  sampleStrategy,
  UNLIMITED,
} from '#tests/risk/sample-facts.ts';

const answerOf = (changes: Partial<ClearingFacts>): RefusalCode | 'cleared' => {
  const cleared = clearOrder(sampleFacts(changes));
  return cleared.ok ? 'cleared' : cleared.error.code;
};

const warningsOf = (changes: Partial<ClearingFacts>): readonly RefusalCode[] => {
  const cleared = clearOrder(sampleFacts(changes));
  if (!cleared.ok) throw new Error(`${cleared.error.code}: ${cleared.error.message}`);
  return cleared.value.warnings.map((near) => near.code);
};

const terms = (changes: Parameters<typeof sampleIntent>[0], others: Parameters<typeof sampleIntent>[1] = {}) => ({
  intent: sampleIntent(changes, others),
});

const units = (quantity: string) => ({ size: { kind: 'quantity', quantity: parseQuantity(quantity) } }) as const;
const limits = (changes: Partial<PolicyLimits>): { policy: Policy } => ({
  policy: { ...POLICY, limits: { ...POLICY.limits, ...changes } },
});
const checks = (changes: Partial<CheckPolicy>): { policy: Policy } => ({
  policy: { ...POLICY, checks: { ...POLICY.checks, ...changes } },
});
const instrument = (changes: Partial<Instrument>) => ({
  instrument: { ...equityInstrument(SYMBOL, 'Apple'), ...changes },
});
const withBook = (changes: Parameters<typeof sampleBook>[0]) => {
  const book = sampleBook(changes);
  return { book, books: [book] };
};
const switches = (changes: Partial<(typeof UNLIMITED)['switches']>) => ({
  deployed: { ...UNLIMITED, switches: { ...UNLIMITED.switches, ...changes } },
});
const account = (changes: Partial<NonNullable<ClearingFacts['account']>>) => {
  const { account: standing } = sampleFacts();
  if (standing === null) throw new Error('the sample has an account');
  return { account: { ...standing, ...changes } };
};
const bars = (changes: Partial<NonNullable<ClearingFacts['bars']>>) => {
  const { bars: known } = sampleFacts();
  if (known === null) throw new Error('the sample has bars');
  return { bars: { ...known, ...changes } };
};
const model = (trainedThrough: string, pinned = false) =>
  ({ model: { kind: 'active', version: 'v-1', trainedThrough: calendarDate(trainedThrough), pinned } }) as const;
const RUN = runId('run-1');
const MINUTE = minuteOf(NOW);
const limitOrder = (limitPrice: string, quantity = '10') =>
  terms({ type: 'limit', limitPrice: parsePrice(limitPrice), ...units(quantity) });
const OTHER_BOOK = { ...sampleBook({ shares: [sampleShare('10', '1000')] }), ticker: ticker('MSFT') };

/** One row a refusal of an entry: what is changed about the sample, and the answer. */
const ENTRIES: readonly (readonly [string, Partial<ClearingFacts>, RefusalCode])[] = [
  [
    'the decision is past its time',
    { now: addMs(NOW, 300_000), quote: sampleQuote('99.99', '100', addMs(NOW, 300_000)) },
    'decision-stale',
  ],
  ['SAFE_MODE is on', switches({ safeMode: true }), 'safe-mode'],
  ['TRADING_DISABLED is on', switches({ tradingDisabled: true }), 'trading-disabled'],
  ['the strategy is on STRATEGY_DISABLED_LIST', switches({ strategiesDisabled: [STRATEGY] }), 'strategy-disabled'],
  ['a market order has a limit price', terms({ limitPrice: parsePrice('100') }), 'order-malformed'],
  ['a sale passes for a purchase', terms({ side: 'sell', positionIntent: 'buy_to_open' }), 'order-malformed'],
  ['an entry would stay till canceled', terms({ timeInForce: 'gtc' }), 'order-malformed'],
  [
    'a stop order would be at once',
    terms({ type: 'stop', stopPrice: parsePrice('101'), timeInForce: 'ioc' }),
    'order-malformed',
  ],
  ['the broker does not know the instrument', { instrument: null }, 'instrument-unknown'],
  ['the instrument does not trade', instrument({ tradable: false }), 'instrument-not-tradable'],
  ['the symbol is blacklisted', checks({ blacklist: [SYMBOL] }), 'symbol-blacklisted'],
  ['the symbol is not on the whitelist', checks({ whitelist: [ticker('MSFT')] }), 'symbol-not-whitelisted'],
  ['the symbol is not in the universe', { universe: [ticker('MSFT')] }, 'symbol-not-whitelisted'],
  [
    'the policy allows no short sale',
    terms({ side: 'sell', positionIntent: 'sell_to_open' }),
    'instrument-not-shortable',
  ],
  [
    'a fraction is asked of an instrument without',
    { ...terms(units('1.5')), ...instrument({ fractionable: false }) },
    'instrument-not-fractionable',
  ],
  ['a fraction would be at once', terms({ ...units('1.5'), timeInForce: 'ioc' }), 'order-malformed'],
  [
    'the quantity is off its step',
    { ...terms(units('1.55')), ...instrument({ quantityStep: parseQuantity('0.1') }) },
    'quantity-off-step',
  ],
  ['the quantity is zero', terms(units('0')), 'order-malformed'],
  [
    'the quantity is below the smallest',
    { ...terms(units('1')), ...instrument({ quantityMin: parseQuantity('2') }) },
    'quantity-below-minimum',
  ],
  ['the quantity is above the largest', checks({ orderQuantityMax: parseQuantity('9') }), 'quantity-above-maximum'],
  ['the price is off its tick', limitOrder('99.995'), 'price-off-tick'],
  ['no session is open', { session: null }, 'session-closed'],
  ['the account was not read', { account: null }, 'broker-account-restricted'],
  [
    'the broker has blocked the account',
    account({ tradable: false, restriction: 'account_blocked' }),
    'broker-account-restricted',
  ],
  ['the symbol has no book', { book: null, books: [] }, 'book-missing'],
  [
    'the symbol is quarantined',
    withBook({ quarantine: { code: 'split', message: 'a split', at: NOW } }),
    'symbol-quarantined',
  ],
  [
    'the fate of an order is unknown',
    withBook({ openOrders: [sampleMark({ unknown: true })] }),
    'symbol-has-unknown-order',
  ],
  ['an exit is open', withBook({ exitId: 'x-1' }), 'exit-in-progress'],
  [
    'an order of the decision is open',
    withBook({ openOrders: [sampleMark({ decisionId: decisionId('d-1') })] }),
    'twin-order',
  ],
  ['the position is not as it was decided on', withBook({ shares: [sampleShare('1', '100')] }), 'basis-changed'],
  [
    'a buy meets a short position',
    {
      ...withBook({ shares: [sampleShare('-5', '-500')] }),
      ...terms({}, { basis: { position: parseQuantity('-5'), openQuantity: parseQuantity('0') } }),
    },
    'flip-through-zero',
  ],
  [
    'an opposite order is open',
    withBook({ openOrders: [sampleMark({ side: 'sell', strategyId: strategyId('other'), closing: true })] }),
    'wash-trade',
  ],
  ['the symbol filled a moment ago', withBook({ lastFillAt: addMs(NOW, -1_000) }), 'symbol-cooldown'],
  ['nobody quotes the side', { quote: sampleQuote('99.99', null) }, 'quote-missing'],
  ['there is no quote', { quote: null }, 'quote-missing'],
  ['the quote is old', { quote: sampleQuote('99.99', '100', addMs(NOW, -30_001)) }, 'quote-stale'],
  ['the quote is of the future', { quote: sampleQuote('99.99', '100', addMs(NOW, 30_001)) }, 'quote-stale'],
  ['the price is too low to trade', { quote: sampleQuote('0.98', '0.99') }, 'price-below-minimum'],
  ['the spread is wide', { quote: sampleQuote('98.99', '100') }, 'spread-too-wide'],
  ['the quote is crossed', { quote: sampleQuote('100.01', '100') }, 'spread-too-wide'],
  ['the limit lies beyond the collar', limitOrder('104.01'), 'price-outside-collar'],
  ['the stop lies beyond the collar', terms({ type: 'stop', stopPrice: parsePrice('104.01') }), 'price-outside-collar'],
  ['the order is worth too little', limits({ orderNotionalMin: parseMoney('1000.01') }), 'notional-below-minimum'],
  [
    'the order is worth too much',
    { ...limits({ fatFingerNotionalMax: parseMoney('999') }), ...limitOrder('100') },
    'fat-finger-notional',
  ],
  [
    'a market order is worth more than its part of the cap',
    limits({ fatFingerNotionalMax: parseMoney('1999') }),
    'fat-finger-notional',
  ],
  [
    'the deployment allows less than the policy',
    { deployed: { ...UNLIMITED, fatFingerNotionalMax: parseMoney('1999') } },
    'fat-finger-notional',
  ],
  ['the order is for too many units', limits({ fatFingerQuantityMax: parseQuantity('19') }), 'fat-finger-quantity'],
  ['no model may be used', { model: { kind: 'none', reason: 'none was put to use' } }, 'model-unusable'],
  ['the model is too old', { ...model('2025-12-31'), ...checks({ modelAgeSessionsMax: 44 }) }, 'model-not-fresh'],
  ['the last bar is missing', { bars: null }, 'data-not-fresh'],
  ['the last bar is of an earlier session', bars({ asOf: calendarDate('2026-03-05') }), 'data-not-fresh'],
  [
    'the order is a large part of the volume',
    { ...bars({ averageVolume: parseQuantity('399') }), deployed: { ...UNLIMITED, liquidityCheck: false } },
    'fat-finger-adv-share',
  ],
  ['the slice is a large part of the volume', bars({ averageVolume: parseQuantity('999') }), 'slice-exceeds-liquidity'],
  ['the position would be too large', checks({ symbolQuantityMax: parseQuantity('9.99') }), 'position-limit'],
  [
    'too many symbols are held',
    { ...limits({ positionsMax: 1 }), books: [sampleBook(), OTHER_BOOK] },
    'position-limit',
  ],
  ['too much is staked in the symbol', limits({ symbolExposureMax: parseMoney('1039') }), 'single-name-exposure'],
  ['the exposure item is missing', { exposure: null }, 'exposure-missing'],
  ['the gross exposure is used up', { exposure: sampleExposure({ committed: parseMoney('98961') }) }, 'gross-exposure'],
  ['the net exposure is used up', checks({ netExposureMax: parseMoney('1039') }), 'net-exposure'],
  ['the positions together risk too much', { ...checks({ heatBpsMax: 1n }) }, 'portfolio-heat'],
  ['the strategy has no item', { strategy: null }, 'strategy-missing'],
  ['the strategy is disabled', { strategy: sampleStrategy({ enabled: false }) }, 'strategy-disabled'],
  [
    'the strategy has no cash left',
    { strategy: sampleStrategy({ cashAvailable: parseMoney('1039') }) },
    'strategy-cash',
  ],
  ['there is no cash', account({ cash: parseMoney('1039') }), 'cash-insufficient'],
  ['the cash target would be broken', account({ cash: parseMoney('6039') }), 'cash-target'],
  ['there is no buying power', account({ buyingPower: parseMoney('1039') }), 'buying-power-insufficient'],
  ['too many orders are open', { exposure: sampleExposure({ ordersOpen: 40 }) }, 'orders-open-limit'],
  ['too many orders were placed today', { exposure: sampleExposure({ ordersToday: 100 }) }, 'orders-per-day-limit'],
  [
    'the run has placed too many orders',
    {
      ...terms({}, { runId: RUN }),
      exposure: sampleExposure({ cycle: { window: RUN, orders: 40, notional: ZERO_MONEY } }),
    },
    'orders-per-cycle-limit',
  ],
  [
    'the run has reserved too much',
    {
      ...terms({}, { runId: RUN }),
      exposure: sampleExposure({ cycle: { window: RUN, orders: 1, notional: parseMoney('98961') } }),
    },
    'notional-per-cycle-limit',
  ],
  [
    'the account places too many orders a minute',
    { exposure: sampleExposure({ minute: { window: MINUTE, orders: 60, notional: ZERO_MONEY } }) },
    'submit-rate-limit',
  ],
  [
    'the strategy places too many orders a minute',
    { strategy: sampleStrategy({ minute: { window: MINUTE, orders: 40, notional: ZERO_MONEY } }) },
    'submit-rate-limit',
  ],
];

const exit = (quantity = '10', others: Parameters<typeof sampleIntent>[1] = {}): Partial<ClearingFacts> => ({
  intent: sampleIntent(
    { side: 'sell', positionIntent: 'sell_to_close', ...units(quantity) },
    { purpose: 'exit', ...others },
  ),
  orderClass: 'reducing',
  ...withBook({ shares: [sampleShare('10', '1000')] }),
});

const holding = (quantity: string, available: string, readAt = NOW) => ({
  bookDoubt: 'the last reconciliation pass is too old',
  holding: { quantity: parseQuantity(quantity), available: parseQuantity(available), readAt },
});

describe('clearOrder, of an entry', () => {
  it('clears the sample, with its reservation at the collar and the version of its policy', () => {
    const cleared = clearOrder(sampleFacts());
    expect(cleared).toMatchObject({
      ok: true,
      value: { orderClass: 'entry', policyVersion: 1, warnings: [], reservation: { money: parseMoney('1040') } },
    });
  });

  it.each(ENTRIES)('refuses when %s', (_, changes, code) => {
    expect(answerOf(changes)).toBe(code);
  });

  it('refuses a short sale that account or instrument does not allow', () => {
    const sale = {
      ...terms({ side: 'sell', positionIntent: 'sell_to_open' }),
      ...checks({ shortSelling: true }),
    } as const;
    expect(answerOf(sale)).toBe('cleared');
    expect(answerOf({ ...sale, ...account({ shortingEnabled: false }) })).toBe('instrument-not-shortable');
    expect(answerOf({ ...sale, ...instrument({ shortable: false }) })).toBe('instrument-not-shortable');
    expect(answerOf({ ...sale, intent: sampleIntent({ ...sale.intent.terms, ...units('1.5') }) })).toBe(
      'order-malformed',
    );
  });

  it('lets two limits pass each other that do not cross, and nothing else', () => {
    const resting = (changes: Parameters<typeof sampleMark>[0]) =>
      withBook({
        openOrders: [sampleMark({ side: 'sell', closing: true, strategyId: strategyId('other'), ...changes })],
      });
    expect(answerOf({ ...limitOrder('100'), ...resting({ limitPrice: parsePrice('100.01') }) })).toBe('cleared');
    expect(answerOf({ ...limitOrder('100'), ...resting({ limitPrice: parsePrice('100') }) })).toBe('wash-trade');
    expect(answerOf({ ...limitOrder('100'), ...resting({ stopPrice: parsePrice('95') }) })).toBe('wash-trade');
    expect(answerOf(resting({ limitPrice: parsePrice('120') }))).toBe('wash-trade');
  });

  it('takes another slice of the same decision for no twin', () => {
    const open = sampleMark({ decisionId: decisionId('d-1'), slice: 1, remaining: parseQuantity('5') });
    const slice = terms({}, { basis: { position: parseQuantity('0'), openQuantity: parseQuantity('5') } });
    expect(answerOf({ ...slice, ...withBook({ openOrders: [open] }) })).toBe('cleared');
  });

  it('counts another minute and another run from nothing', () => {
    expect(
      answerOf({
        ...terms({}, { runId: RUN }),
        exposure: sampleExposure({
          minute: { window: minuteOf(addMs(NOW, -60_000)), orders: 60, notional: ZERO_MONEY },
          cycle: { window: 'run-0', orders: 40, notional: parseMoney('100000') },
        }),
      }),
    ).toBe('cleared');
  });

  it('never refuses what brings the net exposure nearer to zero', () => {
    const short = { ...sampleBook({ shares: [sampleShare('-50', '-5000')] }), ticker: ticker('MSFT') };
    expect(answerOf({ ...checks({ netExposureMax: parseMoney('1') }), books: [sampleBook(), short] })).toBe('cleared');
  });

  it('counts a share without its stop at the fallback, one with its stop at the way to it', () => {
    const held = (stopPrice: string | null) => ({
      ...sampleBook({ shares: [sampleShare('100', '10000', stopPrice)] }),
      ticker: ticker('MSFT'),
    });
    // 60 for the order: ten units, three ranges of 2. The share without a stop counts with a tenth of 10,000.
    const heat = (bps: bigint, stopPrice: string | null) =>
      answerOf({ ...checks({ heatBpsMax: bps }), books: [sampleBook(), held(stopPrice)] });
    expect(heat(106n, null)).toBe('cleared');
    expect(heat(105n, null)).toBe('portfolio-heat');
    expect(heat(26n, '98')).toBe('cleared');
    expect(heat(25n, '98')).toBe('portfolio-heat');
    expect(heat(6n, '101')).toBe('cleared');
  });

  it('takes a model up to the age that the policy names, and says so when it comes near', () => {
    const aged = (modelAgeSessionsMax: number) => ({ ...model('2025-12-31'), ...checks({ modelAgeSessionsMax }) });
    expect(warningsOf(aged(45))).toEqual(['model-not-fresh']);
    expect([...warningsOf(aged(70)), ...warningsOf(model('2026-03-06', true))]).toEqual([]);
  });

  it("warns from the policy's share of a limit on, and names what would pass", () => {
    expect(warningsOf(limits({ symbolExposureMax: parseMoney('1300') }))).toEqual([]);
    expect(warningsOf(limits({ symbolExposureMax: parseMoney('1299') }))).toEqual(['single-name-exposure']);
    const refused = clearOrder(sampleFacts(limits({ symbolExposureMax: parseMoney('1039') })));
    expect(refused).toMatchObject({
      ok: false,
      error: { context: { actual: '1040', limit: '1039', wouldPassAt: '1040' } },
    });
  });

  it('holds an order from a person to the same list as one from a run', () => {
    for (const [, changes, code] of ENTRIES) {
      const facts = sampleFacts(changes);
      if (facts.intent.runId !== null) continue;
      const byHand = clearOrder({ ...facts, intent: { ...facts.intent, purpose: 'manual' } });
      expect(byHand).toMatchObject({ ok: false, error: { code } });
    }
  });
});

describe('clearOrder, of a closing order', () => {
  it('asks for nothing that only guards against more risk', () => {
    expect(
      answerOf({
        ...exit(),
        quote: null,
        account: null,
        exposure: null,
        strategy: null,
        bars: null,
        ...checks({ blacklist: [SYMBOL] }),
        ...withBook({
          shares: [sampleShare('10', '1000')],
          quarantine: { code: 'split', message: 'a split', at: NOW },
          exitId: 'x-1',
          lastFillAt: NOW,
        }),
      }),
    ).toBe('cleared');
  });

  it('closes no more than the share less what open orders would close', () => {
    expect(answerOf(exit('10'))).toBe('cleared');
    expect(answerOf(exit('10.000000001'))).toBe('quantity-not-available');
    const open = sampleMark({
      side: 'sell',
      closing: true,
      remaining: parseQuantity('4'),
      clientOrderId: clientOrderIdOf('o'),
    });
    const book = withBook({ shares: [sampleShare('10', '1000')], openOrders: [open] });
    expect(answerOf({ ...exit('6'), ...book })).toBe('cleared');
    expect(answerOf({ ...exit('7'), ...book })).toBe('quantity-not-available');
    expect(answerOf({ ...exit('1'), ...withBook({}) })).toBe('quantity-not-available');
    expect(answerOf({ ...exit('1'), ...withBook({ shares: [sampleShare('-10', '-1000')] }) })).toBe(
      'quantity-not-available',
    );
  });

  it("is sized from the broker's own position while the book is in doubt, read within five seconds", () => {
    expect(answerOf({ ...exit('10'), ...holding('12', '10') })).toBe('cleared');
    expect(answerOf({ ...exit('10'), ...holding('12', '9') })).toBe('quantity-not-available');
    expect(answerOf({ ...exit('10'), ...holding('0', '0') })).toBe('quantity-not-available');
    expect(answerOf({ ...exit('10'), ...holding('-10', '-10') })).toBe('quantity-not-available');
    expect(answerOf({ ...exit('10'), ...holding('12', '12', addMs(NOW, -5_000)) })).toBe('cleared');
    expect(answerOf({ ...exit('10'), ...holding('12', '12', addMs(NOW, -5_001)) })).toBe('broker-position-unread');
    expect(answerOf({ ...exit('10'), ...holding('12', '12', addMs(NOW, 1)) })).toBe('broker-position-unread');
    expect(answerOf({ ...exit('10'), ...holding('12', '12'), holding: null })).toBe('broker-position-unread');
  });

  it('passes SAFE_MODE never, TRADING_DISABLED as a flatten alone', () => {
    expect(answerOf({ ...exit(), ...switches({ safeMode: true }) })).toBe('safe-mode');
    expect(answerOf({ ...exit(), ...switches({ tradingDisabled: true }) })).toBe('trading-disabled');
    const flatten = { ...exit('10', { purpose: 'flatten' }), orderClass: 'flatten' } as const;
    expect(answerOf({ ...flatten, ...switches({ tradingDisabled: true }) })).toBe('cleared');
    expect(answerOf({ ...flatten, ...switches({ safeMode: true }) })).toBe('safe-mode');
  });

  it("asks a strategy's own exit for its profit where the policy does, and a stop never", () => {
    const wanted = checks({ exitProfitBpsMin: 100n });
    const own = { runId: RUN };
    expect(answerOf({ ...exit('10', own), ...wanted, quote: sampleQuote('101', '101.02') })).toBe('cleared');
    expect(answerOf({ ...exit('10', own), ...wanted, quote: sampleQuote('100.99', '101') })).toBe(
      'profit-below-minimum',
    );
    expect(answerOf({ ...exit('10'), ...wanted, quote: sampleQuote('50', '50.01') })).toBe('cleared');
  });

  it('may be a protective stop before the session opens', () => {
    const stop = exit('10', { purpose: 'protective-stop' });
    const resting = sampleIntent(
      { side: 'sell', positionIntent: 'sell_to_close', type: 'stop', stopPrice: parsePrice('94'), timeInForce: 'gtc' },
      { purpose: 'protective-stop' },
    );
    expect(answerOf({ ...stop, intent: resting, session: null })).toBe('cleared');
    expect(answerOf({ ...exit(), session: null })).toBe('session-closed');
  });
});

describe('the list of checks', () => {
  it('holds every check that there is in code, each once', async () => {
    const folder = new URL('./checks/', import.meta.url);
    const files = readdirSync(folder).filter((file) => file.endsWith('-checks.ts'));
    const modules: readonly Record<string, unknown>[] = await Promise.all(
      files.map((file) => import(new URL(file, folder).href)),
    );
    const isCheck = (value: unknown): boolean => typeof value === 'object' && value !== null && 'run' in value;
    const made = modules.flatMap((module) => Object.values(module).filter(isCheck));
    expect(files.length).toBeGreaterThan(4);
    expect(made.length).toBeGreaterThan(40);
    expect(made.filter((check) => !PRE_TRADE_CHECKS.some((listed) => listed === check))).toEqual([]);
    expect(new Set(PRE_TRADE_CHECKS.map((check) => check.id)).size).toBe(PRE_TRADE_CHECKS.length);
    expect(PRE_TRADE_CHECKS).toHaveLength(made.length);
  });

  it('answers each of its codes in some test above', () => {
    const source = [
      ...ENTRIES.map(([, , code]) => code),
      'quantity-not-available',
      'broker-position-unread',
      'profit-below-minimum',
    ];
    const codes = PRE_TRADE_CHECKS.flatMap((check) => check.codes);
    expect(codes.filter((code) => !source.includes(code))).toEqual([]);
  });

  it('answers no code that it does not name', () => {
    for (const [, changes] of ENTRIES) {
      for (const check of PRE_TRADE_CHECKS) {
        const finding = check.run(sampleFacts(changes));
        if (finding === null) continue;
        expect(check.codes).toContain(finding.refusal.code);
        if (finding.level === 'warn') expect(check.warns).toBe(true);
      }
    }
  });

  it('knows limits from other refusals', () => {
    expect(isLimit('gross-exposure')).toBe(true);
    expect(isLimit('headroom-exceeded')).toBe(true);
    expect(isLimit('kill-switch-engaged')).toBe(false);
    expect(isLimit('instrument-unknown')).toBe(false);
  });

  it('is the page in docs', async () => {
    await expect(renderChecks()).toMatchFileSnapshot('../../../docs/concepts/pre-trade-checks.md');
  });
});
