/** What listen is made of. */
import { alpacaBroker } from '#shared/adapters/alpaca/broker.ts';
import { alpacaOrderStream } from '#shared/adapters/alpaca/order-stream.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { orphansStore } from '#shared/adapters/stores/orphans-store.ts';
import { reconciliationsStore } from '#shared/adapters/stores/reconciliations-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { type RoomTelemetry, roomTelemetry } from '#shared/runtime/telemetry.ts';
import { ALPACA_SETTING_NAMES, openAlpacaAccount } from '#shared/wiring/alpaca-account.ts';
import { tablesOf } from '#shared/wiring/settings-tables.ts';
import type { ListenDependencies } from './hold-stream.ts';

const ROOM = 'listen';

/** @throws ConfigurationError or Fault when a setting is missing, wrong, or does not fit the environment. */
export async function wire(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ListenDependencies & { readonly telemetry: RoomTelemetry }> {
  const settings = readConfiguration(environment, [
    'ENVIRONMENT',
    'BELAY_ACCOUNT',
    'TABLE_SAFETY',
    'TABLE_ORDERS',
    'TABLE_BOOKS',
    'TABLE_JOURNAL',
    ...ALPACA_SETTING_NAMES,
  ]);
  const telemetry = roomTelemetry(ROOM, settings.ENVIRONMENT);
  const tables = tablesOf(settings);
  const trading = (await openAlpacaAccount(settings, { tables, telemetry })).to('trading');
  return {
    telemetry,
    accountId: settings.BELAY_ACCOUNT,
    clock: systemClock,
    stream: alpacaOrderStream({ ...trading, now: () => systemClock.now() }),
    broker: alpacaBroker(trading),
    orders: ordersStore(tables, ROOM, systemClock),
    orphans: orphansStore(tables, ROOM),
    reconciliations: reconciliationsStore(tables, ROOM),
  };
}
