/** What ingest is made of. */
import { alpacaMarketData } from '#shared/adapters/alpaca/market-data.ts';
import { openEventBridgeBus } from '#shared/adapters/eventbridge/bus.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { type RoomTelemetry, roomTelemetry } from '#shared/runtime/telemetry.ts';
import { ALPACA_SETTING_NAMES, openAlpacaAccount } from '#shared/wiring/alpaca-account.ts';
import { tablesOf } from '#shared/wiring/settings-tables.ts';
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
    'TABLE_BOOKS',
    'TABLE_MARKET',
    'EVENT_BUS_NAME',
    ...ALPACA_SETTING_NAMES,
  ]);
  const telemetry = roomTelemetry(ROOM, settings.ENVIRONMENT);
  const tables = tablesOf(settings);
  const alpaca = await openAlpacaAccount(settings, { tables, telemetry });
  return {
    telemetry,
    accountId: settings.BELAY_ACCOUNT,
    clock: systemClock,
    policies: policiesStore(tables, ROOM),
    books: booksStore(tables, ROOM),
    marketStore: marketStore(tables, systemClock),
    marketData: alpacaMarketData(alpaca.to('data')),
    bus: openEventBridgeBus({ busName: settings.EVENT_BUS_NAME, pacing: systemPacing }),
  };
}
