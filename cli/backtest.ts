/** `belay backtest`: its options; the run itself is loaded when there is one. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseMoney, parsePrice } from '#shared/core/kernel/decimal.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { STRATEGY_NAMES } from '#shared/core/signal/strategies/catalogue.ts';
import { refuseSymbolsBeside, universeOption } from '#infra/local/market/universe-option.ts';
import type { BacktestOptions } from './run-backtest.ts';

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
    .addOption(universeOption())
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
    .action(async (options: BacktestOptions, command: Command) => {
      refuseSymbolsBeside(command);
      const { backtest } = await import('./run-backtest.ts');
      await backtest(options);
    });
