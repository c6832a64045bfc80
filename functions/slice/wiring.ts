/** What slice is made of. */
import { openSchedulerWakes } from '#shared/adapters/scheduler/wakes.ts';
import { openSqsLanes } from '#shared/adapters/sqs/lanes.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { slicePlansStore } from '#shared/adapters/stores/slice-plans-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { type RoomTelemetry, roomTelemetry } from '#shared/runtime/telemetry.ts';
import { tablesOf } from '#shared/wiring/settings-tables.ts';
import type { SliceDependencies } from './work-plans.ts';

const ROOM = 'slice';

/** The stores over any tables. */
export const sliceStores = (tables: Tables, clock: Clock) => ({
  plans: slicePlansStore(tables, ROOM),
  orders: ordersStore(tables, ROOM, clock),
  journal: journalStore(tables),
  books: booksStore(tables, ROOM),
  policies: policiesStore(tables, ROOM),
  safety: safetyStore(tables, ROOM),
});

/** @throws ConfigurationError when a setting is missing or wrong. */
export function wire(
  environment: Readonly<Record<string, string | undefined>>,
): SliceDependencies & { readonly telemetry: RoomTelemetry } {
  const settings = readConfiguration(environment, [
    'ENVIRONMENT',
    'BELAY_ACCOUNT',
    'BUILD_ID',
    'TABLE_SAFETY',
    'TABLE_ORDERS',
    'TABLE_BOOKS',
    'TABLE_JOURNAL',
    'QUEUE_ORDERS_URL',
    'QUEUE_URGENT_URL',
    'WAKE_GROUP',
    'WAKE_ROLE_ARN',
  ]);
  const tables = tablesOf(settings);
  return {
    telemetry: roomTelemetry(ROOM, settings.ENVIRONMENT),
    accountId: settings.BELAY_ACCOUNT,
    build: settings.BUILD_ID,
    clock: systemClock,
    ...sliceStores(tables, systemClock),
    lanes: openSqsLanes({
      queueUrls: { orders: settings.QUEUE_ORDERS_URL, urgent: settings.QUEUE_URGENT_URL },
      pacing: systemPacing,
    }),
    wakes: openSchedulerWakes({
      groupName: settings.WAKE_GROUP,
      roleArn: settings.WAKE_ROLE_ARN,
      pacing: systemPacing,
    }),
  };
}
