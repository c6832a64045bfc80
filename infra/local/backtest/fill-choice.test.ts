/** Each fill model through a whole backtest. */
import { beforeAll, describe, expect, it } from 'vitest';
import { approximatePrice, parseMoney, parsePrice } from '#shared/core/kernel/decimal.ts';
import { strategyId } from '#shared/core/kernel/identity.ts';
import { longEntry, longExit, longSignalsOf, type Strategy } from '#shared/core/signal/strategy.ts';
import { slippedPrice } from '#shared/core/venue/fill-costs.ts';
import { type LocalMarket, openMarket } from '#infra/local/market/open-market.ts';
import { AT_QUOTES, type FillChoice, fillFiguresOf, fillRuleOf, fillsTold } from './fill-choice.ts';
import { type BacktestRequest, type BacktestRun, runBacktest } from './run-backtest.ts';

const CASH = 20_000_000;
const FREE = { slippagePerMillion: 0, commissionPerShare: parsePrice('0') };
const USUAL = { slippagePerMillion: 750, commissionPerShare: parsePrice('0.005') };
const HOLDER = strategyId('holder');
const HOLD = 5;

/** Buys every symbol on its first chance and sells it five sessions later. */
const holder: Strategy = {
  id: HOLDER,
  entryClass: 'trend',
  signals: (view) =>
    longSignalsOf(view, {
      entry: (symbol) => longEntry(HOLDER, symbol, 0.5, { code: 'always', text: 'always', numbers: {} }),
      exit: (symbol, position) =>
        symbol.sessionsSince(position.entryDate) >= HOLD
          ? longExit(HOLDER, symbol, { code: 'held', text: 'held', numbers: {} })
          : null,
    }),
};

const SHARE = { perMilleMax: 2, impactPerMillion: 100_000 };
const NEXT_OPEN: FillChoice = { ...AT_QUOTES, market: 'next-open' };
const THIN: FillChoice = { ...AT_QUOTES, volumeShare: SHARE };
const EVERY: FillChoice = { market: 'next-open', limits: 'through', volumeShare: SHARE };
const WHOLE: FillChoice = { ...AT_QUOTES, limits: 'touch', volumeShare: { perMilleMax: 1_000, impactPerMillion: 0 } };

describe('a backtest under a fill model', () => {
  let market: LocalMarket;
  let quotes: BacktestRun;
  const run = (fills: FillChoice, changes: Partial<BacktestRequest> = {}): BacktestRun =>
    runBacktest({
      market,
      strategies: [holder],
      cash: parseMoney(String(CASH)),
      seed: 1,
      costs: USUAL,
      vix: null,
      fills,
      ...changes,
    });
  beforeAll(async () => {
    const usual = await openMarket('synthetic', { days: 24, symbols: 8, seed: 7 });
    // A hundredth of its volume, so that orders weigh something.
    const thin = usual.bars.map((columns) => ({ ...columns, volume: columns.volume.map((n) => Math.floor(n / 100)) }));
    market = { ...usual, bars: thin };
    quotes = run(AT_QUOTES);
  });

  const columnsOf = (symbol: string) => {
    const columns = market.bars.find(({ ticker }) => ticker === symbol);
    if (columns === undefined) throw new Error(`no bars of ${symbol}`);
    return columns;
  };
  const barOf = (symbol: string, session: string) => {
    const columns = columnsOf(symbol);
    const index = columns.dates.findIndex((date) => date === session);
    return { open: columns.open[index] ?? 0, volume: columns.volume[index] ?? 0 };
  };

  it.each([
    ['next open', NEXT_OPEN],
    ['all of them', EVERY],
  ])('decides the same twice, trades, and keeps its money: %s', (_, fills) => {
    const done = run(fills);
    expect(run(fills).decisionsSha256).toBe(done.decisionsSha256);
    expect(done.executions).not.toEqual(quotes.executions);
    expect(done.executions.some(({ side }) => side === 'sell')).toBe(true);
    let worth = CASH;
    const held = new Map<string, number>();
    for (const { ticker, side, quantity, price, commission } of done.executions) {
      const bought = side === 'buy' ? quantity : -quantity;
      held.set(ticker, (held.get(ticker) ?? 0) + bought);
      worth -= bought * price + commission;
    }
    for (const [symbol, quantity] of held) worth += quantity * (columnsOf(symbol).close.at(-1) ?? 0);
    // Closes are rounded to cents by their prints.
    const shares = [...held.values()].reduce((sum, quantity) => sum + quantity, 0);
    expect(Math.abs(worth - (done.points.at(-1)?.equity ?? 0))).toBeLessThan(0.005 * shares + 0.01);
  });

  it('buys at the open of the session of its decision, slipped once', () => {
    for (const costs of [FREE, USUAL]) {
      const buys = run(NEXT_OPEN, { costs }).executions.filter(({ side }) => side === 'buy');
      expect(buys.length).toBeGreaterThan(10);
      for (const { ticker, session, price } of buys) {
        const open = parsePrice(barOf(ticker, session).open.toFixed(2));
        expect(price).toBe(approximatePrice(slippedPrice('buy', open, costs.slippagePerMillion)));
      }
    }
  });

  it('gives orders no more than their share of the volume; what they got is sold again, and never more', () => {
    const done = run(THIN);
    const sums = new Map<string, number>();
    for (const { ticker, session, quantity } of done.executions) {
      const key = `${ticker} ${session}`;
      sums.set(key, (sums.get(key) ?? 0) + quantity);
    }
    let bounded = 0;
    for (const [key, sum] of sums) {
      const [symbol = '', session = ''] = key.split(' ');
      const most = Math.floor(barOf(symbol, session).volume / 500);
      expect(sum).toBeLessThanOrEqual(most);
      if (sum === most) bounded += 1;
    }
    expect(bounded).toBeGreaterThan(5);
    const bought = (of: BacktestRun): number =>
      of.executions.reduce((sum, { side, quantity }) => sum + (side === 'buy' ? quantity : 0), 0);
    expect(bought(done)).toBeLessThan(bought(quotes));
    for (const symbol of new Set(done.executions.map(({ ticker }) => ticker))) {
      let held = 0;
      for (const { ticker, side, quantity } of done.executions) {
        if (ticker !== symbol) continue;
        held += side === 'buy' ? quantity : -quantity;
        expect(held).toBeGreaterThanOrEqual(0);
      }
    }
  });

  it('is the same as the quotes where the rule binds nothing: slippage is reckoned once in both', () => {
    const done = run(WHOLE);
    expect([done.decisionsSha256, done.executions]).toEqual([quotes.decisionsSha256, quotes.executions]);
    expect(fillRuleOf(AT_QUOTES, 750)).toBeNull();
  });

  it('refuses a share of the volume where the data has none', () => {
    const silent = market.bars.map((columns) => ({ ...columns, volume: columns.volume.map(() => 0) }));
    expect(() => run(THIN, { market: { ...market, bars: silent } })).toThrow(
      'volume share: synthetic market, seed 7 has no volume; expected bars with one, or no volume share',
    );
  });

  it('is told to a person and to a program', () => {
    expect(fillsTold(fillFiguresOf(AT_QUOTES, 0))).toBe('at the quotes');
    expect(fillFiguresOf(EVERY, 3)).toEqual({
      market: 'next-open',
      limits: 'through',
      volumeShare: 0.002,
      impact: 0.1,
      limitOrders: 3,
    });
    expect(fillsTold(fillFiguresOf(EVERY, 3))).toBe(
      "market orders at the open; resting limits where the market goes beyond them (3 had one); at most 0.2 % of a session's volume, impact 0.1",
    );
    // 0.029 * 100 is not 2.9 in binary.
    const uneven = { ...AT_QUOTES, volumeShare: { perMilleMax: 29, impactPerMillion: 0 } };
    expect(fillsTold(fillFiguresOf(uneven, 0))).toBe("at the quotes; at most 2.9 % of a session's volume, impact 0");
    expect(fillsTold(fillFiguresOf(WHOLE, 0))).toContain('where the market prints them (no order had one)');
  });
});
