/** The environment variables of a room: what its grants make useful, and what the operator chose, the same for all. */
import type { HouseParts, HouseSettings } from '#infra/cloud/house.ts';
import { tablesOf } from '#infra/cloud/grants.ts';
import type { RoomRow } from '#infra/cloud/rooms.ts';
import type { BrokerHosts } from '#infra/environments.ts';

const brokerVariables = (broker: BrokerHosts): Readonly<Record<string, string>> => ({
  ALPACA_PAPER: String(broker.paper),
  ALPACA_BASE_URL: broker.baseUrl,
  ALPACA_DATA_URL: broker.dataUrl,
  ALPACA_STREAM_URL: broker.streamUrl,
});

const named = <N extends string>(
  names: readonly N[],
  variable: (upperName: string) => string,
  valueOf: (name: N) => string,
): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [variable(name.toUpperCase()), valueOf(name)]));

export function variablesOf(row: RoomRow, settings: HouseSettings, parts: HouseParts): Record<string, string> {
  const { environment } = settings;
  return {
    ENVIRONMENT: environment.name,
    DRY_RUN: String(settings.dryRun),
    BUILD_ID: settings.buildId,
    BELAY_ACCOUNT: environment.brokerAccount,
    LOG_LEVEL: environment.logLevel,
    NODE_OPTIONS: '--enable-source-maps',
    ...settings.chosen,
    ...named(
      tablesOf(row),
      (name) => `TABLE_${name}`,
      (name) => parts.tables[name].tableName,
    ),
    ...named(
      row.sends,
      (name) => `QUEUE_${name}_URL`,
      (name) => parts.lanes[name].queue.queueUrl,
    ),
    ...named(
      row.secrets,
      (name) => `SECRET_${name}_ID`,
      (name) => parts.secrets[name].secretArn,
    ),
    ...(row.slices ? { WAKE_GROUP: parts.wakes.group.scheduleGroupName, WAKE_ROLE_ARN: parts.wakes.role.roleArn } : {}),
    ...(row.speaks ? { EVENT_BUS_NAME: parts.bus.eventBusName } : {}),
    ...(row.broker ? brokerVariables(environment.broker) : {}),
  };
}
