/** What protect is made of. */
import { alpacaBroker } from '#shared/adapters/alpaca/broker.ts';
import { openSqsLanes } from '#shared/adapters/sqs/lanes.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { brokerTrafficStore } from '#shared/adapters/stores/broker-traffic-store.ts';
import { exitsStore } from '#shared/adapters/stores/exits-store.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
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
import { ALPACA_SETTING_NAMES, openAlpacaAccount } from '#shared/wiring/alpaca-account.ts';
import { tablesOf } from '#shared/wiring/settings-tables.ts';
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
    ...ALPACA_SETTING_NAMES,
  ]);
  const telemetry = roomTelemetry(ROOM, settings.ENVIRONMENT);
  const tables = tablesOf(settings);
  const alpaca = await openAlpacaAccount(settings, { tables, telemetry });
  return {
    telemetry,
    accountId: settings.BELAY_ACCOUNT,
    dryRun: settings.DRY_RUN,
    tripsBreaker: settings.CIRCUIT_BREAKER_ENABLED,
    clock: systemClock,
    ...protectStores(tables, systemClock),
    broker: alpacaBroker(alpaca.to('trading')),
    lanes: openSqsLanes({ queueUrls: { urgent: settings.QUEUE_URGENT_URL }, pacing: systemPacing }),
  };
}
