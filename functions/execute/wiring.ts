/** What execute is made of. */
import { alpacaBroker } from '#shared/adapters/alpaca/broker.ts';
import { alpacaEndpoints, readCredentials } from '#shared/adapters/alpaca/endpoints.ts';
import { alpacaMarketData } from '#shared/adapters/alpaca/market-data.ts';
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { openSecretsManager } from '#shared/adapters/secrets/secrets.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { roomTelemetry } from '#shared/runtime/telemetry.ts';

const SETTINGS = [
  'ENVIRONMENT',
  'DRY_RUN',
  'BUILD_ID',
  'TABLE_SAFETY',
  'TABLE_ORDERS',
  'TABLE_BOOKS',
  'TABLE_JOURNAL',
  'ALPACA_PAPER',
  'ALPACA_BASE_URL',
  'ALPACA_DATA_URL',
  'SECRET_BROKER_ID',
] as const;
