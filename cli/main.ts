/** The operator's command. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ROLES, STRATEGY_SCOPE_PREFIX } from '#shared/core/access/permissions.ts';
import { formatMoney, formatQuantity } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { STATIC_UNIVERSE } from '#shared/core/market/universe.ts';
import { ConfigurationError } from '#shared/runtime/configuration.ts';
import { IssuerError, issueToken, readIssuer } from '#infra/local/http/local-issuer.ts';
import { QUIET_SDK } from '#infra/local/run/function-environments.ts';
import { MarketFileError } from '#infra/local/market/read-csv-file.ts';
import { StrategyFileError } from '#infra/local/backtest/load-strategies.ts';
import { StrategyError } from '#infra/local/backtest/run-backtest.ts';
import { ParameterError } from '#shared/core/signal/strategy.ts';
import { backtestCommand } from './backtest.ts';
import { internalTokenCommand } from './internal-token.ts';
import { initAccount } from './init-account.ts';
import { LOCAL_ISSUER_FILE, SettingsError, takeSettings } from './settings.ts';

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
    .option('--symbols <list>', 'symbols to trade, with commas', listOf(ticker), STATIC_UNIVERSE)
    .option('--strategies <list>', 'strategies to enable, with commas; else that of STRATEGY_ID', listOf(strategyId))
    .action(
      async (options: { symbols: typeof STATIC_UNIVERSE; strategies?: readonly ReturnType<typeof strategyId>[] }) => {
        takeSettings(process.env);
        const { accountId, outcome, opening } = await initAccount(process.env, {
          universe: options.symbols,
          strategies: options.strategies ?? null,
        });
        console.log(outcome === 'made' ? `${accountId} is made` : `${accountId} is there already; nothing was touched`);
        if (outcome !== 'made' || opening.positions.length === 0) return;
        console.log('it holds, and the first pass of reconciliation records on the strategy "manual":');
        for (const { ticker: symbol, quantity, cost } of opening.positions) {
          console.log(`  ${symbol} ${formatQuantity(quantity)} at a cost of ${formatMoney(cost)}`);
        }
      },
    );
  program
    .command('token')
    .description('print a token for the API of the local house')
    .option('--subject <name>', 'who the token is for', 'operator')
    .addOption(new Option('--role <role>', 'what the person may do').choices(ROLES).default('operator'))
    .option('--scope <list>', 'the only strategies in reach, with commas', listOf(strategyId), [])
    .option('--hours <n>', 'how long it is good for', hours, 12)
    .action(async (options: { subject: string; role: string; scope: readonly string[]; hours: number }) => {
      const lifetimeSeconds = Math.round(options.hours * 3600);
      const { subject, role, scope } = options;
      const groups = [role, ...scope.map((strategy) => `${STRATEGY_SCOPE_PREFIX}${strategy}`)];
      console.log(await issueToken(readIssuer(LOCAL_ISSUER_FILE), { subject, groups, scope: '', lifetimeSeconds }));
    });
  program.addCommand(internalTokenCommand().exitOverride());
  // npm hands its own `--` on.
  program.addCommand(backtestCommand().exitOverride());
  return program;
}

const EXPECTED = [
  SettingsError,
  IssuerError,
  ConfigurationError,
  Fault,
  MarketFileError,
  StrategyFileError,
  StrategyError,
  ParameterError,
  RangeError,
] as const;

Object.assign(process.env, QUIET_SDK);
try {
  await makeProgram().parseAsync(process.argv.filter((word, index) => index < 2 || word !== '--'));
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (EXPECTED.some((kind) => error instanceof kind)) {
    console.error(`belay: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 2;
  } else {
    throw error;
  }
}
