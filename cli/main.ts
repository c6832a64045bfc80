/** The operator's command. What a command needs is loaded when it runs, so that none waits for the others'. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ROLES } from '#shared/core/access/permissions.ts';
import { strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { STATIC_UNIVERSE } from '#shared/core/market/universe.ts';
import { universeOption } from '#infra/local/market/universe-option.ts';
import { QUIET_SDK } from '#infra/local/run/quiet-sdk.ts';
import { backtestCommand } from './backtest.ts';
import type { InitOptions } from './init.ts';
import { internalTokenCommand } from './internal-token.ts';
import { modelCommand } from './model.ts';
import type { TokenOptions } from './token.ts';

const listOf =
  <T>(read: (name: string) => T) =>
  (text: string): readonly T[] => {
    try {
      return text.split(',').map((name) => read(name.trim()));
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
    }
  };

function hours(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 24)) throw new InvalidArgumentError('expected more than 0 and at most 24 hours.');
  return value;
}

function makeProgram(): Command {
  const program = new Command('belay').description("The operator's command.").exitOverride();
  program
    .command('init')
    .description('make the safety items, the first policy, strategies and exposure of the account')
    .option(
      '--symbols <list>',
      'symbols to trade, with commas; of a dynamic universe the candidates',
      listOf(ticker),
      STATIC_UNIVERSE,
    )
    .addOption(universeOption())
    .option('--strategies <list>', 'strategies to enable, with commas; else that of STRATEGY_ID', listOf(strategyId))
    .action(async (options: InitOptions) => {
      const { init } = await import('./init.ts');
      await init(options);
    });
  program
    .command('token')
    .description('print a token for the API of the local house')
    .option('--subject <name>', 'who the token is for', 'operator')
    .addOption(new Option('--role <role>', 'what the person may do').choices(ROLES).default('operator'))
    .option('--scope <list>', 'the only strategies in reach, with commas', listOf(strategyId), [])
    .option('--hours <n>', 'how long it is good for', hours, 12)
    .action(async (options: TokenOptions) => {
      const { tokenFor } = await import('./token.ts');
      console.log(await tokenFor(options));
    });
  program.addCommand(internalTokenCommand().exitOverride());
  program.addCommand(modelCommand());
  // npm hands its own `--` on.
  program.addCommand(backtestCommand().exitOverride());
  return program;
}

Object.assign(process.env, QUIET_SDK);
try {
  await makeProgram().parseAsync(process.argv.filter((word, index) => index < 2 || word !== '--'));
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    const { isExpected } = await import('./expected-errors.ts');
    if (!isExpected(error)) throw error;
    console.error(`belay: ${error.message}`);
    process.exitCode = 2;
  }
}
