/** What execute is made of. */
import { alpacaBroker } from '#shared/adapters/alpaca/broker.ts';
import { credentialsOf } from '#shared/adapters/alpaca/credentials.ts';
import { alpacaEndpoints } from '#shared/adapters/alpaca/endpoints.ts';
import { alpacaMarketData } from '#shared/adapters/alpaca/market-data.ts';
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { openSecretsManager } from '#shared/adapters/secrets/secrets.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { exitsStore } from '#shared/adapters/stores/exits-store.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { storedRequestGate } from '#shared/adapters/stores/request-gate-store.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { DEPLOYED_LIMIT_NAMES, deployedLimitsOf } from '#shared/runtime/deployed-limits.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { type RoomTelemetry, roomTelemetry } from '#shared/runtime/telemetry.ts';
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
    'ALPACA_PAPER',
    'ALPACA_BASE_URL',
    'ALPACA_DATA_URL',
    'ALPACA_STREAM_URL',
    'SECRET_BROKER_ID',
  ]);
  const telemetry = roomTelemetry(ROOM, settings.ENVIRONMENT);
  const tables = openDynamoTables({
    physicalNames: {
      safety: settings.TABLE_SAFETY,
      orders: settings.TABLE_ORDERS,
      books: settings.TABLE_BOOKS,
      journal: settings.TABLE_JOURNAL,
      market: settings.TABLE_MARKET,
    },
    pacing: systemPacing,
  });
  const endpoints = alpacaEndpoints({
    paper: settings.ALPACA_PAPER,
    baseUrl: settings.ALPACA_BASE_URL,
    dataUrl: settings.ALPACA_DATA_URL,
    streamUrl: settings.ALPACA_STREAM_URL,
    ...credentialsOf(
      await openSecretsManager({ clock: systemClock, pacing: systemPacing }).read(settings.SECRET_BROKER_ID),
    ),
  });
  const gateOf = (service: 'trading' | 'data') =>
    storedRequestGate({ tables, accountId: settings.BELAY_ACCOUNT, service, clock: systemClock });
  const trading = gateOf('trading');
  return {
    telemetry,
    build: settings.BUILD_ID,
    dryRun: settings.DRY_RUN,
    deployed: deployedLimitsOf(settings),
    memory: new DayMemory(),
    marketStore: marketStore(tables, systemClock),
    clock: systemClock,
    policies: policiesStore(tables, ROOM),
    safety: safetyStore(tables, ROOM),
    books: booksStore(tables, ROOM),
    orders: ordersStore(tables, ROOM, systemClock),
    exits: exitsStore(tables, ROOM),
    broker: alpacaBroker({ endpoints, telemetry, gate: trading }),
    marketData: alpacaMarketData({ endpoints, telemetry, gate: gateOf('data') }),
    permits: trading,
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
  const tables = openDynamoTables({
    physicalNames: {
      safety: settings.TABLE_SAFETY,
      orders: settings.TABLE_ORDERS,
      books: settings.TABLE_BOOKS,
      journal: settings.TABLE_JOURNAL,
    },
    pacing: systemPacing,
  });
  return {
    telemetry: roomTelemetry(ROOM, settings.ENVIRONMENT),
    clock: systemClock,
    orders: ordersStore(tables, ROOM, systemClock),
    exits: exitsStore(tables, ROOM),
  };
}
