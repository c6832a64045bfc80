import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseMoney, parsePrice } from '#shared/core/kernel/decimal.ts';
import { strategyId } from '#shared/core/kernel/identity.ts';
import type { FunnelEntry } from '#shared/core/portfolio/snapshot.ts';
import { smaOf } from '#shared/core/signal/indicator.ts';
import { makeStrategy, STRATEGY_NAMES } from '#shared/core/signal/strategies/catalogue.ts';
import { longEntry, longExit, longSignalsOf, type Strategy } from '#shared/core/signal/strategy.ts';
import { refusedIn } from '#shared/core/report/funnel.ts';
import { LookAheadError, type SymbolView } from '#shared/core/signal/view.ts';
import { type LocalMarket, openMarket } from '#infra/local/market/open-market.ts';
import { readBarsCsv } from '#infra/local/market/read-bars-csv.ts';
import { readVolatilityCsv } from '#infra/local/market/read-volatility-csv.ts';
import { type BacktestRequest, type BacktestRun, runBacktest, StrategyError } from './run-backtest.ts';
import { reportOf } from './summary.ts';

const FREE = { slippagePerMillion: 0, commissionPerShare: parsePrice('0') };
const USUAL = { slippagePerMillion: 750, commissionPerShare: parsePrice('0.005') };
const all = (): readonly Strategy[] => STRATEGY_NAMES.map((name) => makeStrategy(name));

const run = (market: LocalMarket, changes: Partial<BacktestRequest> = {}): BacktestRun =>
  runBacktest({
    market,
    strategies: all(),
    cash: parseMoney('100000'),
    seed: 1,
    costs: USUAL,
    vix: null,
    ...changes,
  });

const ordersOf = (commands: BacktestRun['commands']) =>
  commands.flatMap((command) => (command.type === 'submit-order.v1' ? [command.data] : []));

const synthetic = (days: number): Promise<LocalMarket> => openMarket('synthetic', { days, symbols: 12, seed: 7 });

/** Looks at every symbol with a rule of the test, and never trades. */
const looker = (look: (symbol: SymbolView) => void): Strategy => ({
  id: strategyId('looker'),
  entryClass: 'trend',
  signals({ symbols }) {
    for (const symbol of symbols) look(symbol);
    return [];
  },
});

/** Buys every symbol on its first chance and sells it so many sessions later. */
const holder = (hold: number): Strategy => ({
  id: strategyId('holder'),
  entryClass: 'trend',
  signals: (view) =>
    longSignalsOf(view, {
      entry: (symbol) => longEntry(strategyId('holder'), symbol, 0.5, { code: 'always', text: 'always', numbers: {} }),
      exit: (symbol, position) =>
        symbol.sessionsSince(position.entryDate) >= hold
          ? longExit(strategyId('holder'), symbol, { code: 'held', text: 'held', numbers: {} })
          : null,
    }),
});

describe('a backtest', () => {
  it('decides the same twice, and otherwise on another market', async () => {
    const market = await synthetic(150);
    const first = run(market);
    expect(first.commands.length).toBeGreaterThan(20);
    expect(run(await synthetic(150)).decisionsSha256).toBe(first.decisionsSha256);
    const other = await openMarket('synthetic', { days: 150, symbols: 12, seed: 8 });
    expect(run(other).decisionsSha256).not.toBe(first.decisionsSha256);
  });

  it('keeps the law of the funnel, and one order for each signal that was executed', async () => {
    const entries: FunnelEntry[] = [];
    const { commands, funnel } = run(await synthetic(150), { onDay: (_, __, ended) => entries.push(...ended) });
    const { total } = funnel.report;
    expect(total.raw).toBe(entries.length);
    expect(total.raw).toBe(total.executed + refusedIn(total));
    expect(refusedIn(total)).toBeGreaterThan(0);
    const executed = entries.flatMap((entry) => (entry.outcome === 'executed' ? [entry.clientOrderId] : []));
    const sent = ordersOf(commands).map(({ clientOrderId }) => clientOrderId);
    expect(sent).toEqual(expect.arrayContaining(executed));
    for (const entry of entries) {
      if (entry.outcome === 'refused') expect([entry.stage, entry.refusal.message.length > 0]).not.toContain('');
    }
  });

  it('knows nothing of a later day: a longer one begins the same', async () => {
    const market = await synthetic(120);
    const shorter = { ...market, tradingDays: market.tradingDays.slice(0, 60) };
    const cut = market.tradingDays[60]?.openAt ?? 0;
    const before = ordersOf(run(market).commands).filter(({ decidedAt }) => Date.parse(decidedAt) < cut);
    expect(before.length).toBeGreaterThan(5);
    expect(ordersOf(run(shorter).commands)).toEqual(before);
  });

  it('throws for a strategy that reads past its bar, and names it', async () => {
    const market = await synthetic(5);
    for (const look of [
      (symbol: SymbolView) => symbol.close(-1),
      (symbol: SymbolView) => symbol.value(smaOf(5), -3),
      (symbol: SymbolView) => symbol.date(-1),
    ]) {
      const ahead = (): BacktestRun => run(market, { strategies: [looker(look)] });
      expect(ahead).toThrow(StrategyError);
      expect(ahead).toThrow(/^looker, session [0-9-]{10}: .* is not in the past$/);
      try {
        ahead();
      } catch (error) {
        expect(error instanceof Error ? error.cause : null).toBeInstanceOf(LookAheadError);
      }
    }
  });

  it('trades on the session after the one that it saw, at its prices', async () => {
    const market = await synthetic(30);
    const { commands, executions } = run(market, { strategies: [holder(5)], costs: FREE });
    const [first] = market.tradingDays;
    expect(first?.date).toBe(ordersOf(commands)[0]?.decidedAt.slice(0, 10));
    expect(executions.length).toBeGreaterThan(4);
    for (const { ticker, session, price } of executions) {
      const bars = market.bars.find((columns) => columns.ticker === ticker);
      const index = bars?.dates.indexOf(session) ?? -1;
      // Half of the spread and the rounding to cents lie around the bar.
      expect(price).toBeGreaterThan((bars?.low[index] ?? 0) * 0.998);
      expect(price).toBeLessThan((bars?.high[index] ?? 0) * 1.002);
    }
  });

  it('keeps requested and executed price, slippage and commission of each trade', async () => {
    const market = await synthetic(60);
    const [free, costly] = [FREE, USUAL].map((costs) => {
      const request = { strategies: [holder(5)], costs };
      const done = run(market, request);
      const cash = parseMoney('100000');
      const input = { market, strategies: ['holder'], cash, elapsedMs: 0, cpuMs: 0, peakRssMb: 0 };
      return { done, report: reportOf(done, input) };
    });
    if (free === undefined || costly === undefined) throw new Error('two runs were made');
    const [trade] = costly.report.trades;
    expect(trade?.commission).toBeCloseTo(0.005 * 2 * (trade?.quantity ?? 0), 6);
    expect(trade?.slippage).toBeGreaterThan(0);
    expect(free.report.trades[0]?.commission).toBe(0);
    expect(costly.report.summary.metrics.costShare ?? 0).toBeGreaterThan(free.report.summary.metrics.costShare ?? 0);
    for (const { requestedPrice, price, side } of costly.done.executions) {
      const worse = (side === 'buy' ? price - requestedPrice : requestedPrice - price) / requestedPrice;
      expect(worse).toBeLessThan(0.02);
    }
  });

  it('tells where its volatility came from, and enters nothing in a crisis', async () => {
    const market = await synthetic(60);
    const dates = market.sessions.map(({ date }) => date);
    const crisis = { source: 'vix', dates, values: Float64Array.from(dates, () => 45) } as const;
    const stormy = run(market, { vix: crisis });
    expect(stormy.volatilitySource).toBe('vix');
    expect(stormy.commands).toEqual([]);
    expect(stormy.funnel.report.codes.map(({ code }) => code)).toContain('regime-crisis');
    expect(run(market).volatilitySource).toBe('realised');
  });
});

const realBars = fileURLToPath(new URL('../../../../shared/data/sp500-daily-2013-2018.csv.gz', import.meta.url));
const realVix = fileURLToPath(new URL('../../../../shared/data/vix-daily.csv', import.meta.url));

describe.skipIf(!existsSync(realBars))('a backtest on the real file (skipped without ../shared/data)', () => {
  it('names the dirt in its report and shows none of it to a strategy', { timeout: 60_000 }, async () => {
    const [market, raw] = await Promise.all([
      openMarket(realBars, { days: null, symbols: 505, seed: 1 }),
      readBarsCsv(realBars),
    ]);
    const dirty = new Set(raw.dirt.listed.map(({ symbol, date }) => `${symbol} ${date}`));
    expect(dirty.size).toBe(23);
    const seen = { dirty: 0, sessions: 0, broken: 0, acrossJump: 0 };
    const jumps = new Map<string, string>();
    const look = (symbol: SymbolView): void => {
      seen.sessions += 1;
      if (dirty.has(`${symbol.ticker} ${symbol.asOf}`)) seen.dirty += 1;
      const [open, high, low, close] = [symbol.open(), symbol.high(), symbol.low(), symbol.close()];
      if (!(low > 0 && open >= low && open <= high && close >= low && close <= high)) seen.broken += 1;
      if (!(Math.abs(close / symbol.close(1) - 1) <= 0.35) && !Number.isNaN(symbol.close(1))) seen.acrossJump += 1;
    };
    const { dirt } = run({ ...market, tradingDays: market.tradingDays }, { strategies: [looker(look)] });
    for (const { code, ticker, date } of dirt.findings) if (code === 'jump') jumps.set(ticker ?? '', date ?? '');
    expect(market.dirt.counts).toEqual({
      'value-missing': 11,
      'high-below-low': 1,
      'open-outside-range': 3,
      'close-outside-range': 8,
    });
    expect(jumps.get('AMD')).toBe('2016-04-22');
    expect(seen.sessions).toBeGreaterThan(600_000);
    expect([seen.dirty, seen.broken, seen.acrossJump]).toEqual([0, 0, 0]);
  });

  it('reads the VIX of the file', async () => {
    const [market, vix] = await Promise.all([
      openMarket(realBars, { days: 120, symbols: 36, seed: 1 }),
      readVolatilityCsv(realVix),
    ]);
    const done = run(market, { vix: vix.series });
    expect([done.volatilitySource, done.commands.length > 10]).toEqual(['vix', true]);
  });
});
