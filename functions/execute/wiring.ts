/** What execute is made of. */
import { alpacaBroker } from '#shared/adapters/alpaca/broker.ts';
import { alpacaMarketData } from '#shared/adapters/alpaca/market-data.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { exitsStore } from '#shared/adapters/stores/exits-store.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { modelsStore } from '#shared/adapters/stores/models-store.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { DEPLOYED_LIMIT_NAMES, deployedLimitsOf } from '#shared/runtime/deployed-limits.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { type RoomTelemetry, roomTelemetry } from '#shared/runtime/telemetry.ts';
import { ALPACA_SETTING_NAMES, openAlpacaAccount } from '#shared/wiring/alpaca-account.ts';
import { tablesOf } from '#shared/wiring/settings-tables.ts';
import { DayMemory } from './day-memory.ts';
import type { DeadLetterDependencies } from './end-dead-letter.ts';
import type { ExecuteDependencies } from './sender.ts';

const ROOM = 'execute';

/** @throws ConfigurationError or Fault when a setting is missing, wrong, or does not fit the environment. */
export async function wire(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ExecuteDependencies & { readonly telemetry: RoomTelemetry }> {
  const settings = readConfiguration(environment, [
    'ENVIRONMENT',
    'DRY_RUN',
    'BUILD_ID',
    'BELAY_ACCOUNT',
    'TABLE_SAFETY',
    'TABLE_ORDERS',
    'TABLE_BOOKS',
    'TABLE_JOURNAL',
    'TABLE_MARKET',
    ...DEPLOYED_LIMIT_NAMES,
    ...ALPACA_SETTING_NAMES,
  ]);
  const telemetry = roomTelemetry(ROOM, settings.ENVIRONMENT);
  const tables = tablesOf(settings);
  const alpaca = await openAlpacaAccount(settings, { tables, telemetry });
  const trading = alpaca.to('trading');
  return {
    telemetry,
    build: settings.BUILD_ID,
    dryRun: settings.DRY_RUN,
    deployed: deployedLimitsOf(settings),
    memory: new DayMemory(),
    marketStore: marketStore(tables, systemClock),
    models: modelsStore(tables, ROOM, systemClock),
    clock: systemClock,
    policies: policiesStore(tables, ROOM),
    safety: safetyStore(tables, ROOM),
    books: booksStore(tables, ROOM),
    orders: ordersStore(tables, ROOM, systemClock),
    exits: exitsStore(tables, ROOM),
    broker: alpacaBroker(trading),
    marketData: alpacaMarketData(alpaca.to('data')),
    permits: trading.gate,
  };
}

/** The dead letters reach no broker: what ends there is settled from the tables alone. */
export function wireDeadLetters(
  environment: Readonly<Record<string, string | undefined>>,
): DeadLetterDependencies & { readonly telemetry: RoomTelemetry } {
  const settings = readConfiguration(environment, [
    'ENVIRONMENT',
    'TABLE_SAFETY',
    'TABLE_ORDERS',
    'TABLE_BOOKS',
    'TABLE_JOURNAL',
  ]);
  const tables = tablesOf(settings);
  return {
    telemetry: roomTelemetry(ROOM, settings.ENVIRONMENT),
    clock: systemClock,
    orders: ordersStore(tables, ROOM, systemClock),
    exits: exitsStore(tables, ROOM),
  };
}
