/**
 * The control API on loopback, for load: the gateway with its authorizer, the room's own door, tables and lanes over the
 * wire, and the broker simulator. What the gateway throttles, and in front of the broker the budget, are left out: they
 * would be what is measured.
 */
import { RATE_LIMITS } from '#functions/control/limits.ts';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { controlDoor } from '#functions/control/handler.ts';
import type { ControlDependencies } from '#functions/control/operation.ts';
import { controlStores } from '#functions/control/wiring.ts';
import { ROUTES } from '#infra/cloud/routes.ts';
import { startBroker } from '#infra/local/alpaca/broker.ts';
import { tinyMarket } from '#infra/local/alpaca/tiny-market.ts';
import { createTables, startDynamoDb } from '#infra/local/emulators/dynamodb.ts';
import { createFifoQueue, startSqs } from '#infra/local/emulators/sqs.ts';
import { startApiServer } from '#infra/local/http/api-server.ts';
import { issueToken, keepIssuer, makeVerifier } from '#infra/local/http/local-issuer.ts';
import { FunctionRuntime } from '#infra/local/lambda/function-runtime.ts';
import { alpacaBroker } from '#shared/adapters/alpaca/broker.ts';
import { alpacaEndpoints } from '#shared/adapters/alpaca/endpoints.ts';
import { alpacaMarketData } from '#shared/adapters/alpaca/market-data.ts';
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { openSqsLanes } from '#shared/adapters/sqs/lanes.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { buildId } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { sessionBefore, sessionsBetween } from '#shared/core/market/session-calendar.ts';
import { NO_SWITCHES } from '#shared/core/risk/switches.ts';
import type { RoomTelemetry } from '#shared/runtime/telemetry.ts';
import { HouseFixture, SESSION, SYMBOL } from '#tests/contract/house-fixture.ts';

const NAMES = { safety: 'c-safety', orders: 'c-orders', books: 'c-books', market: 'c-market', journal: 'c-journal' };
const CREDENTIALS = { accessKeyId: 'bench', secretAccessKey: 'bench' };
const BROKER = { key: 'PKBENCH', secret: 'bench' };
const AUTHORIZER = { issuer: 'https://issuer.example/pool', audience: ['bench'] };

const SILENT: RoomTelemetry = {
  begin: () => undefined,
  end: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  count: () => undefined,
  measure: () => undefined,
  measureFor: () => undefined,
};

export interface ControlApi {
  /** The room with every budget of requests open. */
  readonly openUrl: string;
  /** The room as it is, with its budgets. */
  readonly limitedUrl: string;
  /** The same gateway before a function that answers at once. */
  readonly bareUrl: string;
  readonly token: string;
  close(): Promise<void>;
}

const plan = (functionName: string) => ({
  name: functionName,
  room: functionName,
  handlerExport: 'handler',
  timeoutSeconds: 20,
  memoryMb: 512,
  environment: {},
  asynchronous: { retriesMax: 0, eventAgeSecondsMax: 60, onFailureQueue: null },
});

async function startGateway(handler: (event: never, context: never) => unknown, issuerFile: string) {
  const issuer = await keepIssuer(issuerFile, AUTHORIZER);
  const runtime = new FunctionRuntime([plan('control')], {
    machineVariables: () => ({}),
    importRoom: () => Promise.resolve({ handler }),
    onFailure: ({ errorMessage }) => console.error(errorMessage),
  });
  const routes = ROUTES.filter(({ room }) => room === 'control').map(({ method, path, open }) => ({
    key: `${method} ${path}`,
    functionName: 'control',
    timeoutMs: 20_000,
    authorizer: open === null ? AUTHORIZER : null,
    scopes: [],
    throttle: null,
  }));
  const verify = await makeVerifier(issuer);
  return await startApiServer({ plan: { routes, cors: null }, port: 0, runtime, verify });
}

/** A calm market up to the session before. */
function bars() {
  const dates = sessionsBetween(calendarDate('2025-12-01'), sessionBefore(SESSION).date).map(({ date }) => date);
  const flat = (value: number): Float64Array => new Float64Array(dates.length).fill(value);
  const prices = { open: flat(100), high: flat(101), low: flat(99), close: flat(100) };
  return { ticker: SYMBOL, dates, ...prices, volume: flat(1e7) };
}

type Stop = () => void | Promise<void>;

async function dependenciesOver(stops: Stop[]): Promise<ControlDependencies> {
  const [dynamoDb, sqs] = await Promise.all([startDynamoDb(), startSqs()]);
  stops.push(
    () => dynamoDb.stop(),
    () => sqs.stop(),
  );
  const client = (endpoint: string) => ({ endpoint, region: 'us-east-1', credentials: CREDENTIALS });
  const dynamo = new DynamoDBClient(client(dynamoDb.endpoint));
  const queues = new SQSClient({ ...client(sqs.endpoint), useQueueUrlAsEndpoint: false });
  await createTables(dynamo, NAMES);
  const lane = (name: string) => createFifoQueue(queues, `${name}.fifo`, { visibilityTimeoutSeconds: 180 });
  const [orders, urgent] = await Promise.all([lane('orders'), lane('urgent')]);
  dynamo.destroy();
  queues.destroy();
  const tables = openDynamoTables({ physicalNames: NAMES, pacing: systemPacing, client: client(dynamoDb.endpoint) });
  const house = await new HouseFixture(tables, 'bench-1').open();
  await marketStore(tables, house.clock).saveBars([bars()]);
  const broker = await startBroker({
    port: 0,
    seed: 1,
    clock: house.clock,
    market: tinyMarket({ seed: 1, days: 60 }),
    accounts: [{ ...BROKER, cash: '100000' }],
    requestsPerMinute: 1_000_000,
  });
  stops.push(() => broker.close());
  const endpoints = alpacaEndpoints({ paper: true, baseUrl: broker.url, dataUrl: broker.url, ...BROKER });
  return {
    accountId: house.account,
    environment: 'dev',
    dryRun: true,
    build: buildId('build-1'),
    rateLimits: RATE_LIMITS,
    inactiveAfterMs: 86_400_000,
    deployed: {
      switches: NO_SWITCHES,
      liquidityCheck: true,
      fatFingerNotionalMax: null,
      fatFingerQuantityMax: null,
      fatFingerVolumeShareBpsMax: null,
      sliceVolumeShareBpsMax: null,
    },
    performance: { daysMax: 90, keptMs: 300_000 },
    clock: house.clock,
    ...controlStores(tables, house.clock),
    internal: { secrets: () => Promise.resolve([]), role: 'trader', toleranceMs: 300_000 },
    broker: alpacaBroker({ endpoints, telemetry: SILENT }),
    marketData: alpacaMarketData({ endpoints, telemetry: SILENT }),
    lanes: openSqsLanes({
      queueUrls: { orders: orders.url, urgent: urgent.url },
      pacing: systemPacing,
      client: client(sqs.endpoint),
    }),
    telemetry: SILENT,
  };
}

export async function openControlApi(): Promise<ControlApi> {
  const directory = mkdtempSync(join(tmpdir(), 'belay-bench-'));
  const stops: Stop[] = [() => rmSync(directory, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    const dependencies = { ...(await dependenciesOver(stops)), telemetry: SILENT };
    const open = { allowed: true, limit: 1, remaining: 1, resetMs: 1 };
    const issuerFile = join(directory, 'issuer.json');
    const bareAnswer = { statusCode: 200, headers: { 'content-type': 'application/json' }, body: '{"positions":[]}' };
    const limited = await startGateway(controlDoor(dependencies), issuerFile);
    const unlimited = await startGateway(
      controlDoor({ ...dependencies, rates: { take: () => Promise.resolve(open) } }),
      issuerFile,
    );
    const bare = await startGateway(() => bareAnswer, issuerFile);
    for (const server of [limited, unlimited, bare]) stops.push(() => server.close());
    const issuer = await keepIssuer(issuerFile, AUTHORIZER);
    const person = { subject: 'bench', groups: ['admin'], scope: '', lifetimeSeconds: 3600 };
    const token = await issueToken(issuer, person);
    return { openUrl: unlimited.url, limitedUrl: limited.url, bareUrl: bare.url, token, close };
  } catch (error) {
    await close();
    throw error;
  }
}
