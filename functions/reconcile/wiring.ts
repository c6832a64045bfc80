/** What reconcile is made of. */
import { alpacaBroker } from '#shared/adapters/alpaca/broker.ts';
import { credentialsOf } from '#shared/adapters/alpaca/credentials.ts';
import { alpacaEndpoints } from '#shared/adapters/alpaca/endpoints.ts';
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { openSecretsManager } from '#shared/adapters/secrets/secrets.ts';
import { adjustmentsStore } from '#shared/adapters/stores/adjustments-store.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { orphansStore } from '#shared/adapters/stores/orphans-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { reconciliationsStore } from '#shared/adapters/stores/reconciliations-store.ts';
import { storedRequestGate } from '#shared/adapters/stores/request-gate-store.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { type RoomTelemetry, roomTelemetry } from '#shared/runtime/telemetry.ts';
import { passMemory } from './pass-memory.ts';
import type { ReconcileDependencies } from './pass.ts';

const ROOM = 'reconcile';

/** @throws ConfigurationError or Fault when a setting is missing, wrong, or does not fit the environment. */
export async function wire(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ReconcileDependencies & { readonly telemetry: RoomTelemetry }> {
  const settings = readConfiguration(environment, [
    'ENVIRONMENT',
    'DRY_RUN',
    'BUILD_ID',
    'BELAY_ACCOUNT',
    'TABLE_SAFETY',
    'TABLE_ORDERS',
    'TABLE_BOOKS',
    'TABLE_MARKET',
    'TABLE_JOURNAL',
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
  const secrets = openSecretsManager({ clock: systemClock, pacing: systemPacing });
  const endpoints = alpacaEndpoints({
    paper: settings.ALPACA_PAPER,
    baseUrl: settings.ALPACA_BASE_URL,
    dataUrl: settings.ALPACA_DATA_URL,
    streamUrl: settings.ALPACA_STREAM_URL,
    ...credentialsOf(await secrets.read(settings.SECRET_BROKER_ID)),
  });
  return {
    accountId: settings.BELAY_ACCOUNT,
    build: settings.BUILD_ID,
    dryRun: settings.DRY_RUN,
    telemetry,
    clock: systemClock,
    policies: policiesStore(tables, ROOM),
    safety: safetyStore(tables, ROOM),
    books: booksStore(tables, ROOM),
    adjustments: adjustmentsStore(tables, ROOM),
    journal: journalStore(tables),
    marketStore: marketStore(tables, systemClock),
    orders: ordersStore(tables, ROOM, systemClock),
    orphans: orphansStore(tables, ROOM),
    reconciliations: reconciliationsStore(tables, ROOM),
    broker: alpacaBroker({
      endpoints,
      telemetry,
      gate: storedRequestGate({ tables, accountId: settings.BELAY_ACCOUNT, service: 'trading', clock: systemClock }),
    }),
    memory: passMemory(),
  };
}
