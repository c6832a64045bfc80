/** What protect is made of. */
import { alpacaBroker } from '#shared/adapters/alpaca/broker.ts';
import { credentialsOf } from '#shared/adapters/alpaca/credentials.ts';
import { alpacaEndpoints } from '#shared/adapters/alpaca/endpoints.ts';
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { openSecretsManager } from '#shared/adapters/secrets/secrets.ts';
import { openSqsLanes } from '#shared/adapters/sqs/lanes.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { brokerTrafficStore } from '#shared/adapters/stores/broker-traffic-store.ts';
import { exitsStore } from '#shared/adapters/stores/exits-store.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { storedRequestGate } from '#shared/adapters/stores/request-gate-store.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { slicePlansStore } from '#shared/adapters/stores/slice-plans-store.ts';
import { stopsStore } from '#shared/adapters/stores/stops-store.ts';
import { watchesStore } from '#shared/adapters/stores/watches-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { type RoomTelemetry, roomTelemetry } from '#shared/runtime/telemetry.ts';
import type { ProtectDependencies } from './look.ts';
import { RangeMemory } from './range-memory.ts';

const ROOM = 'protect';

/** The stores over any tables. */
export function protectStores(tables: Tables, clock: Clock) {
  const market = marketStore(tables, clock);
  return {
    policies: policiesStore(tables, ROOM),
    safety: safetyStore(tables, ROOM),
    books: booksStore(tables, ROOM),
    orders: ordersStore(tables, ROOM, clock),
    exits: exitsStore(tables, ROOM),
    stops: stopsStore(tables, ROOM),
    watches: watchesStore(tables),
    plans: slicePlansStore(tables, ROOM),
    journal: journalStore(tables),
    traffic: brokerTrafficStore(tables),
    marketStore: market,
    ranges: new RangeMemory(market),
  };
}

/** @throws ConfigurationError or Fault when a setting is missing, wrong, or does not fit the environment. */
export async function wire(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ProtectDependencies & { readonly telemetry: RoomTelemetry }> {
  const settings = readConfiguration(environment, [
    'ENVIRONMENT',
    'DRY_RUN',
    'BELAY_ACCOUNT',
    'TABLE_SAFETY',
    'TABLE_ORDERS',
    'TABLE_BOOKS',
    'TABLE_MARKET',
    'TABLE_JOURNAL',
    'QUEUE_URGENT_URL',
    'CIRCUIT_BREAKER_ENABLED',
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
  const gate = storedRequestGate({ tables, accountId: settings.BELAY_ACCOUNT, service: 'trading', clock: systemClock });
  return {
    telemetry,
    accountId: settings.BELAY_ACCOUNT,
    dryRun: settings.DRY_RUN,
    tripsBreaker: settings.CIRCUIT_BREAKER_ENABLED,
    clock: systemClock,
    ...protectStores(tables, systemClock),
    broker: alpacaBroker({ endpoints, telemetry, gate }),
    lanes: openSqsLanes({ queueUrls: { urgent: settings.QUEUE_URGENT_URL }, pacing: systemPacing }),
  };
}
