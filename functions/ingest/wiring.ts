/** What ingest is made of. */
import { credentialsOf } from '#shared/adapters/alpaca/credentials.ts';
import { alpacaEndpoints } from '#shared/adapters/alpaca/endpoints.ts';
import { alpacaMarketData } from '#shared/adapters/alpaca/market-data.ts';
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { openEventBridgeBus } from '#shared/adapters/eventbridge/bus.ts';
import { openSecretsManager } from '#shared/adapters/secrets/secrets.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { storedRequestGate } from '#shared/adapters/stores/request-gate-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { type RoomTelemetry, roomTelemetry } from '#shared/runtime/telemetry.ts';
import type { IngestBarsDependencies } from './ingest-bars.ts';
import type { IngestQuotesDependencies } from './ingest-quotes.ts';

const ROOM = 'ingest';

/** @throws ConfigurationError or Fault when a setting is missing, wrong, or does not fit the environment. */
export async function wire(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<IngestBarsDependencies & IngestQuotesDependencies & { readonly telemetry: RoomTelemetry }> {
  const settings = readConfiguration(environment, [
    'ENVIRONMENT',
    'BELAY_ACCOUNT',
    'TABLE_SAFETY',
    'TABLE_MARKET',
    'EVENT_BUS_NAME',
    'ALPACA_PAPER',
    'ALPACA_BASE_URL',
    'ALPACA_DATA_URL',
    'ALPACA_STREAM_URL',
    'SECRET_BROKER_ID',
  ]);
  const telemetry = roomTelemetry(ROOM, settings.ENVIRONMENT);
  const tables = openDynamoTables({
    physicalNames: { safety: settings.TABLE_SAFETY, market: settings.TABLE_MARKET },
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
    policies: policiesStore(tables, ROOM),
    marketStore: marketStore(tables, systemClock),
    marketData: alpacaMarketData({
      endpoints,
      telemetry,
      gate: storedRequestGate({ tables, accountId: settings.BELAY_ACCOUNT, service: 'data', clock: systemClock }),
    }),
    bus: openEventBridgeBus({ busName: settings.EVENT_BUS_NAME, pacing: systemPacing }),
  };
}
