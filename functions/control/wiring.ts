/** What control is made of. */
import { alpacaBroker } from '#shared/adapters/alpaca/broker.ts';
import { alpacaMarketData } from '#shared/adapters/alpaca/market-data.ts';
import { openSqsLanes } from '#shared/adapters/sqs/lanes.ts';
import { adjustmentsStore } from '#shared/adapters/stores/adjustments-store.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { brokerTrafficStore } from '#shared/adapters/stores/broker-traffic-store.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { modelsStore } from '#shared/adapters/stores/models-store.ts';
import { orderRequestsStore } from '#shared/adapters/stores/order-requests-store.ts';
import { noncesStore } from '#shared/adapters/stores/nonces-store.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { orphansStore } from '#shared/adapters/stores/orphans-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { rateLimitsStore } from '#shared/adapters/stores/rate-limits-store.ts';
import { reconciliationsStore } from '#shared/adapters/stores/reconciliations-store.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { slicePlansStore } from '#shared/adapters/stores/slice-plans-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { DEPLOYED_LIMIT_NAMES, deployedLimitsOf } from '#shared/runtime/deployed-limits.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { sharedSecretsOf } from '#shared/runtime/shared-secret.ts';
import { type RoomTelemetry, roomTelemetry } from '#shared/runtime/telemetry.ts';
import { ALPACA_SETTING_NAMES, openAlpacaAccount, systemSecrets } from '#shared/wiring/alpaca-account.ts';
import { tablesOf } from '#shared/wiring/settings-tables.ts';
import { RATE_LIMIT_NAMES, rateLimitsOf } from './limits.ts';
import type { ControlDependencies } from './operation.ts';

const ROOM = 'control';

/** The stores over any tables. */
export const controlStores = (tables: Tables, clock: Clock) => ({
  safety: safetyStore(tables, ROOM),
  policies: policiesStore(tables, ROOM),
  documentOf: writePolicy,
  adjustments: adjustmentsStore(tables, ROOM),
  books: booksStore(tables, ROOM),
  orders: ordersStore(tables, ROOM, clock),
  requests: orderRequestsStore(tables),
  plans: slicePlansStore(tables, ROOM),
  orphans: orphansStore(tables, ROOM),
  reconciliations: reconciliationsStore(tables, ROOM),
  journal: journalStore(tables),
  traffic: brokerTrafficStore(tables),
  marketStore: marketStore(tables, clock),
  models: modelsStore(tables, ROOM, clock),
  rates: rateLimitsStore(tables),
  nonces: noncesStore(tables),
});

const SETTING_NAMES = [
  'ENVIRONMENT',
  'DRY_RUN',
  'BUILD_ID',
  'BELAY_ACCOUNT',
  'TABLE_SAFETY',
  'TABLE_ORDERS',
  'TABLE_BOOKS',
  'TABLE_MARKET',
  'TABLE_JOURNAL',
  'QUEUE_ORDERS_URL',
  'QUEUE_URGENT_URL',
  ...DEPLOYED_LIMIT_NAMES,
  ...RATE_LIMIT_NAMES,
  'STRATEGY_ACTIVITY_THRESHOLD_SECONDS',
  ...ALPACA_SETTING_NAMES,
  'SECRET_INTERNAL_ID',
  'INTERNAL_TOKEN_ROLE',
  'INTERNAL_TOKEN_TOLERANCE_SECONDS',
  'PERFORMANCE_CACHE_TTL',
  'MAX_PERFORMANCE_DAYS',
] as const;

/** @throws ConfigurationError or Fault when a setting is missing, wrong, or does not fit the environment. */
export async function wire(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ControlDependencies & { readonly telemetry: RoomTelemetry }> {
  const settings = readConfiguration(environment, SETTING_NAMES);
  const telemetry = roomTelemetry(ROOM, settings.ENVIRONMENT);
  const tables = tablesOf(settings);
  const secrets = systemSecrets();
  const alpaca = await openAlpacaAccount(settings, { tables, telemetry, secrets });
  return {
    telemetry,
    deployed: deployedLimitsOf(settings),
    rateLimits: rateLimitsOf(settings),
    inactiveAfterMs: settings.STRATEGY_ACTIVITY_THRESHOLD_SECONDS * 1000,
    performance: { daysMax: settings.MAX_PERFORMANCE_DAYS, keptMs: settings.PERFORMANCE_CACHE_TTL * 1000 },
    accountId: settings.BELAY_ACCOUNT,
    environment: settings.ENVIRONMENT,
    dryRun: settings.DRY_RUN,
    build: settings.BUILD_ID,
    clock: systemClock,
    ...controlStores(tables, systemClock),
    internal: {
      secrets: async () => sharedSecretsOf(await secrets.read(settings.SECRET_INTERNAL_ID), 'internal'),
      role: settings.INTERNAL_TOKEN_ROLE,
      toleranceMs: settings.INTERNAL_TOKEN_TOLERANCE_SECONDS * 1000,
    },
    broker: alpacaBroker(alpaca.to('trading')),
    marketData: alpacaMarketData(alpaca.to('data')),
    lanes: openSqsLanes({
      queueUrls: { orders: settings.QUEUE_ORDERS_URL, urgent: settings.QUEUE_URGENT_URL },
      pacing: systemPacing,
    }),
  };
}
