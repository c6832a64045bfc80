/** What protect is made of. */
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { type RoomTelemetry, roomTelemetry } from '#shared/runtime/telemetry.ts';
import type { ProtectDependencies } from './guard-account.ts';

const ROOM = 'protect';

/** @throws ConfigurationError when a setting is missing or wrong. */
export function wire(
  environment: Readonly<Record<string, string | undefined>>,
): ProtectDependencies & { readonly telemetry: RoomTelemetry } {
  const settings = readConfiguration(environment, [
    'ENVIRONMENT',
    'BELAY_ACCOUNT',
    'TABLE_SAFETY',
    'TABLE_ORDERS',
    'TABLE_BOOKS',
    'TABLE_JOURNAL',
  ]);
  const tables = openDynamoTables({
    physicalNames: {
      safety: settings.TABLE_SAFETY,
      orders: settings.TABLE_ORDERS,
      books: settings.TABLE_BOOKS,
      journal: settings.TABLE_JOURNAL,
    },
    pacing: systemPacing,
  });
  return {
    telemetry: roomTelemetry(ROOM, settings.ENVIRONMENT),
    accountId: settings.BELAY_ACCOUNT,
    clock: systemClock,
    policies: policiesStore(tables, ROOM),
    safety: safetyStore(tables, ROOM),
    books: booksStore(tables, ROOM),
    orders: ordersStore(tables, ROOM, systemClock),
  };
}
