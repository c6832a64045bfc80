/** The command line of `npm start`. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { makeStrategy } from '#shared/core/signal/strategies/catalogue.ts';
import type { UniverseChoice } from '#infra/local/market/universe-choice.ts';
import { refuseSymbolsBeside, universeOption } from '#infra/local/market/universe-option.ts';
import { type StrategyId, strategyId } from '#shared/core/kernel/identity.ts';

export interface RunOptions {
  readonly days: number;
  readonly symbols: number;
  /** Null: so many symbols as `symbols` says. */
  readonly universe: UniverseChoice | null;
  readonly seed: number;
  /** `synthetic`, `sp500` or a path. */
  readonly data: string;
  /** Enabled in the account's first policy, which shares the cash out among them. */
  readonly strategies: readonly StrategyId[];
  readonly port: number;
  readonly speed: 'max' | '1';
  /** Ends when the days are over, instead of serving on. */
  readonly exit: boolean;
  readonly json: boolean;
  /** Directory that keeps tables, broker and progress; null keeps nothing. */
  readonly state: string | null;
  /** File that gets the facts of the run; null: into the state directory where there is one. */
  readonly facts: string | null;
  /** File that gets the commands of the run, or null. */
  readonly commands: string | null;
  /** Fires every slot of every guard. */
  readonly everyMinute: boolean;
  readonly verbose: boolean;
}

const wholeNumber =
  (name: string, min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`${name} is a whole number from ${min} to ${max}.`);
    }
    return value;
  };

/** @throws InvalidArgumentError for a name that the catalogue does not have. */
function strategyIds(text: string): readonly StrategyId[] {
  try {
    return text.split(',').map((name) => makeStrategy(name.trim()).id);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

const SEED_MAX = 2 ** 31 - 1;

/**
 * Reads the arguments that follow the script's name.
 * @throws CommanderError for an option that is not known or not readable, and after --help; its exit code says which.
 */
export function readRunOptions(args: readonly string[]): RunOptions {
  const command = new Command('npm start --')
    .description('Runs trading days through the whole house on this machine, then serves its API.')
    .option('--days <n>', 'trading days, the last of the data', wholeNumber('--days', 1, 2000), 60)
    .option('--symbols <n>', 'symbols to trade', wholeNumber('--symbols', 1, 505), 36)
    .addOption(universeOption())
    .option('--seed <n>', 'seed of the market and of the broker', wholeNumber('--seed', 0, SEED_MAX), 1)
    .option('--data <source>', 'synthetic, sp500, or the path of a CSV or CSV.gz of daily bars', 'synthetic')
    .option('--strategies <list>', 'strategies to enable, with commas', strategyIds, [strategyId('ma-crossover')])
    .option('--port <n>', 'port of the API on 127.0.0.1, 0 for any free one', wholeNumber('--port', 0, 65_535), 8080)
    .addOption(new Option('--speed <speed>', 'max, or 1 for real time').choices(['max', '1']).default('max'))
    .option('--exit', 'end when the days are over', false)
    .option('--json', 'print the summary as one JSON line, last on standard output', false)
    .option('--state <dir>', 'keep tables, broker and progress here, and go on from there')
    .option('--facts <file>', 'write the facts of the run here, one JSON line each')
    .option('--commands <file>', 'write the commands that were handled here, one JSON line each')
    .option('--every-minute', 'fire every slot of the guards, also where nothing happens', false)
    .option('--verbose', 'show what the functions log', false)
    .showHelpAfterError('Try npm start -- --help')
    .exitOverride();
  command.parse(args, { from: 'user' });
  const read = command.opts<
    Omit<RunOptions, 'state' | 'facts' | 'commands' | 'universe'> & {
      readonly universe?: UniverseChoice;
      readonly state?: string;
      readonly facts?: string;
      readonly commands?: string;
    }
  >();
  refuseSymbolsBeside(command);
  return {
    ...read,
    universe: read.universe ?? null,
    state: read.state ?? null,
    facts: read.facts ?? null,
    commands: read.commands ?? null,
  };
}
