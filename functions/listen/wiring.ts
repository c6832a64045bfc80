/** What listen is made of. */
import { alpacaBroker } from '#shared/adapters/alpaca/broker.ts';
import { credentialsOf } from '#shared/adapters/alpaca/credentials.ts';
import { alpacaEndpoints } from '#shared/adapters/alpaca/endpoints.ts';
import { alpacaOrderStream } from '#shared/adapters/alpaca/order-stream.ts';
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { openSecretsManager } from '#shared/adapters/secrets/secrets.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { orphansStore } from '#shared/adapters/stores/orphans-store.ts';
import { reconciliationsStore } from '#shared/adapters/stores/reconciliations-store.ts';
import { storedRequestGate } from '#shared/adapters/stores/request-gate-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { type RoomTelemetry, roomTelemetry } from '#shared/runtime/telemetry.ts';
import type { ListenDependencies } from './hold-stream.ts';

const ROOM = 'listen';

/** @throws ConfigurationError or Fault when a setting is missing, wrong, or does not fit the environment. */
export async function wire(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ListenDependencies & { readonly telemetry: RoomTelemetry }> {
  const settings = readConfiguration(environment, [
    'ENVIRONMENT',
    'BELAY_ACCOUNT',
    'TABLE_SAFETY',
    'TABLE_ORDERS',
    'TABLE_BOOKS',
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
  return {
    telemetry,
    accountId: settings.BELAY_ACCOUNT,
    clock: systemClock,
    stream: alpacaOrderStream({ endpoints, telemetry, now: () => systemClock.now() }),
    broker: alpacaBroker({
      endpoints,
      telemetry,
      gate: storedRequestGate({ tables, accountId: settings.BELAY_ACCOUNT, service: 'trading', clock: systemClock }),
    }),
    orders: ordersStore(tables, ROOM, systemClock),
    orphans: orphansStore(tables, ROOM),
    reconciliations: reconciliationsStore(tables, ROOM),
  };
}
