/** What orchestrate is made of. */
import { alpacaBroker } from '#shared/adapters/alpaca/broker.ts';
import { alpacaMarketData } from '#shared/adapters/alpaca/market-data.ts';
import { openSqsLanes } from '#shared/adapters/sqs/lanes.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { modelsStore } from '#shared/adapters/stores/models-store.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { runsStore } from '#shared/adapters/stores/runs-store.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { type RoomTelemetry, roomTelemetry } from '#shared/runtime/telemetry.ts';
import { ALPACA_SETTING_NAMES, openAlpacaAccount } from '#shared/wiring/alpaca-account.ts';
import { tablesOf } from '#shared/wiring/settings-tables.ts';
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
    ...ALPACA_SETTING_NAMES,
  ]);
  const telemetry = roomTelemetry(ROOM, settings.ENVIRONMENT);
  const tables = tablesOf(settings);
  const alpaca = await openAlpacaAccount(settings, { tables, telemetry });
  return {
    telemetry,
    accountId: settings.BELAY_ACCOUNT,
    build: settings.BUILD_ID,
    clock: systemClock,
    safety: safetyStore(tables, ROOM),
    policies: policiesStore(tables, ROOM),
    books: booksStore(tables, ROOM),
    broker: alpacaBroker(alpaca.to('trading')),
    marketData: alpacaMarketData(alpaca.to('data')),
    marketStore: marketStore(tables, systemClock),
    models: modelsStore(tables, ROOM, systemClock),
    orders: ordersStore(tables, ROOM, systemClock),
    runs: runsStore(tables),
    journal: journalStore(tables),
    lanes: openSqsLanes({
      queueUrls: { orders: settings.QUEUE_ORDERS_URL, urgent: settings.QUEUE_URGENT_URL },
      pacing: systemPacing,
    }),
  };
}
