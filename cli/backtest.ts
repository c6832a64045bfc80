/** `belay backtest`: strategies over years of daily bars, by the same decision as live. */
import { accessSync, constants, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Money, type Price, parseMoney, parsePrice } from '#shared/core/kernel/decimal.ts';
import { type CalendarDate, calendarDate } from '#shared/core/kernel/instant.ts';
import { STRATEGY_NAMES } from '#shared/core/signal/strategies/catalogue.ts';
import { loadStrategies } from '#infra/local/backtest/load-strategies.ts';
import { backtestPage } from '#infra/local/backtest/report-page.ts';
import { runBacktest } from '#infra/local/backtest/run-backtest.ts';
import { backtestTable, reportOf } from '#infra/local/backtest/summary.ts';
import { openMarket } from '#infra/local/market/open-market.ts';
import { readVolatilityCsv } from '#infra/local/market/read-volatility-csv.ts';
import { progressBar } from '#infra/local/run/progress-bar.ts';

const reading =
  <T>(read: (text: string) => T) =>
  (text: string): T => {
    try {
      return read(text);
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
    }
  };

const wholeNumber = (min: number, max: number) =>
  reading((text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new RangeError(`expected a whole number from ${min} to ${max}.`);
    }
    return value;
  });

const PER_MILLION_A_BASIS_POINT = 100;

/** Basis points with up to two decimals, as millionths of the price. */
const slippage = reading((text) => {
  const bps = Number(text);
  if (!/^\d+(\.\d{1,2})?$/.test(text) || bps > 100) throw new RangeError('expected basis points from 0 to 100.');
  return Math.round(bps * PER_MILLION_A_BASIS_POINT);
});

const positiveMoney = reading((text) => {
  const amount = parseMoney(text);
  if (amount <= 0n) throw new RangeError('expected more than 0 dollars.');
  return amount;
});

const names = (text: string): readonly string[] => text.split(',').map((name) => name.trim());

interface BacktestOptions {
  readonly data: string;
  readonly strategies: readonly string[];
  readonly symbols: number;
  readonly days?: number;
  readonly from?: CalendarDate;
  readonly to?: CalendarDate;
  readonly cash: Money;
  readonly seed: number;
  readonly vix?: string;
  /** Millionths of the price. */
  readonly slippageBps: number;
  readonly commission: Price;
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

async function backtest(options: BacktestOptions): Promise<void> {
  const startedMs = performance.now();
  const { data, symbols, seed, cash, days = null, from, to } = options;
  if (options.report !== undefined) requireWritable(options.report);
  if (from !== undefined && to !== undefined && from > to) throw new RangeError(`--from ${from} lies after --to ${to}`);
  const strategies = await loadStrategies(options.strategies);
  const bounds = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const [market, vix] = await Promise.all([
    openMarket(data, { days, symbols, seed, ...bounds }),
    options.vix === undefined ? null : readVolatilityCsv(options.vix),
  ]);
  const bar = progressBar(process.stderr, market.tradingDays.length);
  const run = runBacktest({
    market,
    strategies,
    cash,
    seed,
    costs: { slippagePerMillion: options.slippageBps, commissionPerShare: options.commission },
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

const option = (flags: string, text: string, read: (text: string) => unknown, given: string, shown = given): Option =>
  new Option(flags, text).argParser(read).default(read(given), shown);

export const backtestCommand = (): Command =>
  new Command('backtest')
    .description('run strategies over daily bars by the same decision as live')
    .option('--data <source>', 'synthetic, sp500, or the path of a CSV or CSV.gz of daily bars', 'synthetic')
    .addOption(
      option(
        '--strategies <list>',
        'names or paths of files, with commas',
        names,
        STRATEGY_NAMES.join(','),
        'all four',
      ),
    )
    .option('--symbols <n>', 'symbols to trade', wholeNumber(1, 5000), 36)
    .option('--days <n>', 'trading days, the last of the data; all of them where left out', wholeNumber(1, 20_000))
    .option('--from <date>', 'first trading day', reading(calendarDate))
    .option('--to <date>', 'last trading day', reading(calendarDate))
    .addOption(option('--cash <dollars>', 'cash to begin with', positiveMoney, '100000'))
    .option('--seed <n>', 'seed of the market and of its fills', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--vix <path>', 'the VIX as CSV; without it the universe measures its own volatility')
    .addOption(option('--slippage-bps <bps>', 'how much worse than quoted orders fill', slippage, '7.5'))
    .addOption(option('--commission <dollars>', 'commission a share', reading(parsePrice), '0.005'))
    .option('--report <file>', 'write a page with pictures here')
    .option('--json', 'print the summary as one JSON line, last on standard output', false)
    .showHelpAfterError('Try belay backtest --help')
    .action(backtest);
