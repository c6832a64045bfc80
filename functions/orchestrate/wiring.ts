/** What orchestrate is made of. */
import { alpacaBroker } from '#shared/adapters/alpaca/broker.ts';
import { credentialsOf } from '#shared/adapters/alpaca/credentials.ts';
import { alpacaEndpoints } from '#shared/adapters/alpaca/endpoints.ts';
import { alpacaMarketData } from '#shared/adapters/alpaca/market-data.ts';
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { openSecretsManager } from '#shared/adapters/secrets/secrets.ts';
import { openSqsLanes } from '#shared/adapters/sqs/lanes.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { storedRequestGate } from '#shared/adapters/stores/request-gate-store.ts';
import { runsStore } from '#shared/adapters/stores/runs-store.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { type RoomTelemetry, roomTelemetry } from '#shared/runtime/telemetry.ts';
import type { OrchestrateDependencies } from './orchestrate-run.ts';

const ROOM = 'orchestrate';

/** @throws ConfigurationError or Fault when a setting is missing, wrong, or does not fit the environment. */
export async function wire(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<OrchestrateDependencies & { readonly telemetry: RoomTelemetry }> {
  const settings = readConfiguration(environment, [
    'ENVIRONMENT',
    'BELAY_ACCOUNT',
    'BUILD_ID',
    'TABLE_SAFETY',
    'TABLE_ORDERS',
    'TABLE_BOOKS',
    'TABLE_MARKET',
    'TABLE_JOURNAL',
    'QUEUE_ORDERS_URL',
    'QUEUE_URGENT_URL',
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
      market: settings.TABLE_MARKET,
      journal: settings.TABLE_JOURNAL,
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
  return {
    telemetry,
    accountId: settings.BELAY_ACCOUNT,
    build: settings.BUILD_ID,
    clock: systemClock,
    safety: safetyStore(tables, ROOM),
    policies: policiesStore(tables, ROOM),
    books: booksStore(tables, ROOM),
    broker: alpacaBroker({ endpoints, telemetry, gate: gateOf('trading') }),
    marketData: alpacaMarketData({ endpoints, telemetry, gate: gateOf('data') }),
    marketStore: marketStore(tables, systemClock),
    orders: ordersStore(tables, ROOM, systemClock),
    runs: runsStore(tables),
    journal: journalStore(tables),
    lanes: openSqsLanes({
      queueUrls: { orders: settings.QUEUE_ORDERS_URL, urgent: settings.QUEUE_URGENT_URL },
      pacing: systemPacing,
    }),
  };
}
