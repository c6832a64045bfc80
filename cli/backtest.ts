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

/** A share of one with so many decimals, as a whole number of the last of them. */
const shareOfOne = (decimals: number, least: 0 | 1, expected: string) =>
  reading((text) => {
    const value = Number(text);
    const units = Math.round(value * 10 ** decimals);
    if (!/^\d+(\.\d+)?$/.test(text) || value > 1 || units < least || (text.split('.')[1] ?? '').length > decimals) {
      throw new RangeError(`expected ${expected}.`);
    }
    return units;
  });

const volumeShare = shareOfOne(3, 1, 'a share from 0.001 to 1 with up to three decimals');
const impact = shareOfOne(6, 0, 'a share from 0 to 1 with up to six decimals');

/** @throws CommanderError */
function refuseImpactAlone(command: Command): void {
  const { volumeShare: share } = command.opts<{ readonly volumeShare?: number }>();
  if (share !== undefined || command.getOptionValueSource('impact') !== 'cli') return;
  command.error('error: --impact: expected --volume-share beside it, whose orders it moves the price of');
}

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
    .addOption(
      new Option('--fills <model>', 'market orders at the quotes of their instant, or at the open of their session')
        .choices(['quotes', 'next-open'])
        .default('quotes'),
    )
    .addOption(
      new Option(
        '--limit-fills <model>',
        'limit orders that rest: at the quotes, or at their limit when the market prints it or goes through it',
      )
        .choices(['quotes', 'touch', 'through'])
        .default('quotes'),
    )
    .option(
      '--volume-share <share>',
      "most of a session's volume that orders of a symbol take, such as 0.025; the rest waits",
      volumeShare,
    )
    .addOption(
      option(
        '--impact <share>',
        'with --volume-share: how far orders of the whole volume would move the price, by the square of their share',
        impact,
        '0.1',
      ),
    )
    .option('--report <file>', 'write a page with pictures here')
    .option('--json', 'print the summary as one JSON line, last on standard output', false)
    .showHelpAfterError('Try belay backtest --help')
    .action(async (options: BacktestOptions, command: Command) => {
      refuseSymbolsBeside(command);
      refuseImpactAlone(command);
      const { backtest } = await import('./run-backtest.ts');
      await backtest(options);
    });
