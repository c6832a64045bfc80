/** What the webhook is made of. */
import { orderUpdateOf, tradeUpdate } from '#shared/adapters/alpaca/stream-event.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { orphansStore } from '#shared/adapters/stores/orphans-store.ts';
import { reconciliationsStore } from '#shared/adapters/stores/reconciliations-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { sharedSecretsOf } from '#shared/runtime/shared-secret.ts';
import { type RoomTelemetry, roomTelemetry } from '#shared/runtime/telemetry.ts';
import { systemSecrets } from '#shared/wiring/alpaca-account.ts';
import { tablesOf } from '#shared/wiring/settings-tables.ts';
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
  const tables = tablesOf(settings);
  const secrets = systemSecrets();
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
