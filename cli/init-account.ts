/** `belay init`: makes what an account needs before anything may trade. */
import { userInfo } from 'node:os';
import { alpacaBroker } from '#shared/adapters/alpaca/broker.ts';
import { type Initialised, initialiseAccount } from '#shared/adapters/stores/initialise.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import type { AccountId, StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import type { UniverseSource } from '#shared/core/market/universe.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { type Opening, readOpening } from './opening-positions.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { ALPACA_SETTING_NAMES, alpacaEndpointsOf, systemSecrets } from '#shared/wiring/alpaca-account.ts';
import { tablesOf } from '#shared/wiring/settings-tables.ts';

export interface InitRequest {
  readonly universe: readonly Ticker[];
  readonly universeSource: UniverseSource;
  /** Null enables the one that STRATEGY_ID names. */
  readonly strategies: readonly StrategyId[] | null;
}

export interface InitAnswer {
  readonly accountId: AccountId;
  readonly outcome: Initialised;
  /** What the account held; recorded only where the account was made now. */
  readonly opening: Opening;
}

/** A person reads the outcome, not the log. */
const SILENT: Telemetry = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  count: () => undefined,
  measure: () => undefined,
  measureFor: () => undefined,
};

/** @throws ConfigurationError for a missing setting, Fault when the broker or a table does not answer. */
export async function initAccount(environment: NodeJS.ProcessEnv, request: InitRequest): Promise<InitAnswer> {
  const settings = readConfiguration(environment, [
    'ENVIRONMENT',
    'BELAY_ACCOUNT',
    'STRATEGY_ID',
    'TABLE_SAFETY',
    'TABLE_BOOKS',
    'TABLE_JOURNAL',
    ...ALPACA_SETTING_NAMES,
  ]);
  const tables = tablesOf(settings);
  const endpoints = await alpacaEndpointsOf(settings, systemSecrets());
  const broker = alpacaBroker({ endpoints, telemetry: SILENT });
  const { equity } = await broker.account();
  const opening = await readOpening(broker, systemClock);
  const accountId = settings.BELAY_ACCOUNT;
  const outcome = await initialiseAccount(tables, 'control', {
    accountId,
    live: settings.ENVIRONMENT === 'live',
    document: writePolicy(
      firstPolicy(request.universe, request.strategies ?? [settings.STRATEGY_ID], equity, request.universeSource),
    ),
    equity,
    opening,
    by: userInfo().username,
    now: systemClock.now(),
  });
  return { accountId, outcome, opening };
}
