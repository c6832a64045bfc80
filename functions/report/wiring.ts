/** What report is made of. */
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { type RoomTelemetry, roomTelemetry } from '#shared/runtime/telemetry.ts';
import { tablesOf } from '#shared/wiring/settings-tables.ts';
import type { ReportDependencies } from './report-session.ts';

const ROOM = 'report';

/** @throws ConfigurationError when a setting is missing or wrong. */
export function wire(
  environment: Readonly<Record<string, string | undefined>>,
): ReportDependencies & { readonly telemetry: RoomTelemetry } {
  const settings = readConfiguration(environment, ['ENVIRONMENT', 'BELAY_ACCOUNT', 'TABLE_BOOKS', 'TABLE_JOURNAL']);
  const tables = tablesOf(settings);
  return {
    telemetry: roomTelemetry(ROOM, settings.ENVIRONMENT),
    accountId: settings.BELAY_ACCOUNT,
    clock: systemClock,
    books: booksStore(tables, ROOM),
    journal: journalStore(tables),
  };
}
