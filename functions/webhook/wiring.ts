/** What the webhook is made of. */
import { orderUpdateOf, tradeUpdate } from '#shared/adapters/alpaca/stream-event.ts';
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { openSecretsManager } from '#shared/adapters/secrets/secrets.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { orphansStore } from '#shared/adapters/stores/orphans-store.ts';
import { reconciliationsStore } from '#shared/adapters/stores/reconciliations-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { sharedSecretsOf } from '#shared/runtime/shared-secret.ts';
import { type RoomTelemetry, roomTelemetry } from '#shared/runtime/telemetry.ts';
import type { WebhookDependencies } from './receive-update.ts';

const ROOM = 'webhook';

/** @throws ConfigurationError when a setting is missing or wrong. */
export function wire(
  environment: Readonly<Record<string, string | undefined>>,
): WebhookDependencies & { readonly telemetry: RoomTelemetry } {
  const settings = readConfiguration(environment, [
    'ENVIRONMENT',
    'BELAY_ACCOUNT',
    'TABLE_SAFETY',
    'TABLE_ORDERS',
    'TABLE_BOOKS',
    'TABLE_JOURNAL',
    'SECRET_WEBHOOK_ID',
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
  const secrets = openSecretsManager({ clock: systemClock, pacing: systemPacing });
  return {
    telemetry: roomTelemetry(ROOM, settings.ENVIRONMENT),
    accountId: settings.BELAY_ACCOUNT,
    orders: ordersStore(tables, ROOM, systemClock),
    orphans: orphansStore(tables, ROOM),
    reconciliations: reconciliationsStore(tables, ROOM),
    clock: systemClock,
    secrets: async () => sharedSecretsOf(await secrets.read(settings.SECRET_WEBHOOK_ID), 'webhook'),
    readUpdate: (body) => orderUpdateOf(tradeUpdate.parse(body), systemClock.now()),
  };
}
