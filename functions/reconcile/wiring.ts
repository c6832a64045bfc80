/** What reconcile is made of. */
import { alpacaBroker } from '#shared/adapters/alpaca/broker.ts';
import { adjustmentsStore } from '#shared/adapters/stores/adjustments-store.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { orphansStore } from '#shared/adapters/stores/orphans-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { reconciliationsStore } from '#shared/adapters/stores/reconciliations-store.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { type RoomTelemetry, roomTelemetry } from '#shared/runtime/telemetry.ts';
import { ALPACA_SETTING_NAMES, openAlpacaAccount } from '#shared/wiring/alpaca-account.ts';
import { tablesOf } from '#shared/wiring/settings-tables.ts';
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
    ...ALPACA_SETTING_NAMES,
  ]);
  const telemetry = roomTelemetry(ROOM, settings.ENVIRONMENT);
  const tables = tablesOf(settings);
  const alpaca = await openAlpacaAccount(settings, { tables, telemetry });
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
    broker: alpacaBroker(alpaca.to('trading')),
    memory: passMemory(),
  };
}
