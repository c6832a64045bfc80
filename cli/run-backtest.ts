/** Runs strategies over years of daily bars, by the same decision as live, and says what came of it. */
import { accessSync, constants, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Money, Price } from '#shared/core/kernel/decimal.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import type { FillChoice, LimitFills, MarketFills } from '#infra/local/backtest/fill-choice.ts';
import { loadStrategies } from '#infra/local/backtest/load-strategies.ts';
import { backtestPage } from '#infra/local/backtest/report-page.ts';
import { runBacktest } from '#infra/local/backtest/run-backtest.ts';
import { backtestTable, reportOf } from '#infra/local/backtest/summary.ts';
import { openMarket } from '#infra/local/market/open-market.ts';
import { readVolatilityCsv } from '#infra/local/market/read-volatility-csv.ts';
import type { UniverseChoice } from '#infra/local/market/universe-choice.ts';
import { progressBar } from '#infra/local/run/progress-bar.ts';

export interface BacktestOptions {
  readonly data: string;
  readonly strategies: readonly string[];
  readonly symbols: number;
  readonly universe?: UniverseChoice;
  readonly days?: number;
  readonly from?: CalendarDate;
  readonly to?: CalendarDate;
  readonly cash: Money;
  readonly seed: number;
  readonly vix?: string;
  /** Millionths of the price. */
  readonly slippageBps: number;
  readonly commission: Price;
  readonly fills: MarketFills;
  readonly limitFills: LimitFills;
  /** Thousandths of a session's volume. */
  readonly volumeShare?: number;
  /** Millionths of the price. */
  readonly impact: number;
  readonly report?: string;
  readonly json: boolean;
}

const KB_A_MB = 1024;

/** Before minutes are spent on what cannot be written down. @throws RangeError that names the option. */
function requireWritable(path: string): void {
  try {
    accessSync(dirname(resolve(path)), constants.W_OK);
  } catch (cause) {
    throw new RangeError(`--report ${path}: its folder is not there or not writable`, { cause });
  }
}

const fillsOf = ({ fills, limitFills, volumeShare, impact }: BacktestOptions): FillChoice => ({
  market: fills,
  limits: limitFills,
  volumeShare: volumeShare === undefined ? null : { perMilleMax: volumeShare, impactPerMillion: impact },
});

/** Prints the table, or the summary as JSON, and writes the page where one is asked for. */
export async function backtest(options: BacktestOptions): Promise<void> {
  const startedMs = performance.now();
  const { data, symbols, seed, cash, days = null, from, to } = options;
  if (options.report !== undefined) requireWritable(options.report);
  if (from !== undefined && to !== undefined && from > to) throw new RangeError(`--from ${from} lies after --to ${to}`);
  const strategies = await loadStrategies(options.strategies);
  const bounds = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const [market, vix] = await Promise.all([
    openMarket(data, { days, symbols, seed, universe: options.universe ?? null, ...bounds }),
    options.vix === undefined ? null : readVolatilityCsv(options.vix),
  ]);
  const bar = progressBar(process.stderr, market.tradingDays.length);
  const run = runBacktest({
    market,
    strategies,
    cash,
    seed,
    costs: { slippagePerMillion: options.slippageBps, commissionPerShare: options.commission },
    fills: fillsOf(options),
    vix: vix?.series ?? null,
    onDay: (done, session) => bar.show(done, session.date),
  });
  bar.end();
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const report = reportOf(run, {
    market,
    cash,
    strategies: strategies.map(({ id }) => id),
    elapsedMs: Math.round(performance.now() - startedMs),
    cpuMs: Math.round((userCPUTime + systemCPUTime) / 1000),
    peakRssMb: Math.round(maxRSS / KB_A_MB),
  });
  if (options.report !== undefined) writeFileSync(options.report, backtestPage(report, run));
  const told = options.json ? process.stderr : process.stdout;
  told.write(`${backtestTable(report)}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(report.summary)}\n`);
}
