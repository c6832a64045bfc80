/** What signal is made of. */
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { modelsStore } from '#shared/adapters/stores/models-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { StrategyPolicy } from '#shared/core/portfolio/policy.ts';
import { makeStrategy } from '#shared/core/signal/strategies/catalogue.ts';
import { ParameterError, type Strategy } from '#shared/core/signal/strategy.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { type RoomTelemetry, roomTelemetry } from '#shared/runtime/telemetry.ts';
import { tablesOf } from '#shared/wiring/settings-tables.ts';
import type { SignalDependencies } from './generate-signals.ts';

const ROOM = 'signal';

/** One for each entry of the policy while the function is warm. */
function strategiesByEntry(): (entry: StrategyPolicy) => Strategy {
  const made = new Map<string, Strategy>();
  return (entry) => {
    const key = JSON.stringify([entry.strategyId, entry.parameters]);
    const strategy = made.get(key) ?? strategyOf(entry);
    made.set(key, strategy);
    return strategy;
  };
}

function strategyOf({ strategyId, parameters }: StrategyPolicy): Strategy {
  try {
    return makeStrategy(strategyId, parameters);
  } catch (cause) {
    if (!(cause instanceof ParameterError)) throw cause;
    throw new Fault('permanent', 'strategy-unusable', `the policy's ${strategyId} cannot be made: ${cause.message}`, {
      cause,
    });
  }
}

/** @throws ConfigurationError when a setting is missing or wrong. */
export function wire(
  environment: Readonly<Record<string, string | undefined>>,
): SignalDependencies & { readonly telemetry: RoomTelemetry } {
  const settings = readConfiguration(environment, [
    'ENVIRONMENT',
    'BELAY_ACCOUNT',
    'TABLE_SAFETY',
    'TABLE_BOOKS',
    'TABLE_MARKET',
    'TABLE_JOURNAL',
  ]);
  const tables = tablesOf(settings);
  return {
    telemetry: roomTelemetry(ROOM, settings.ENVIRONMENT),
    accountId: settings.BELAY_ACCOUNT,
    clock: systemClock,
    policies: policiesStore(tables, ROOM),
    books: booksStore(tables, ROOM),
    marketStore: marketStore(tables, systemClock),
    models: modelsStore(tables, ROOM, systemClock),
    journal: journalStore(tables),
    strategyOf: strategiesByEntry(),
  };
}
