/** The control API over tables and lanes in memory, with an account whose gates are open. */
import { RATE_LIMITS } from '#functions/control/limits.ts';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import * as z from 'zod';
import { orderUpdateOf, tradeUpdate } from '#shared/adapters/alpaca/stream-event.ts';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { MemoryFifoQueue } from '#shared/adapters/memory/fifo-queue.ts';
import { memoryLanes } from '#shared/adapters/memory/lanes.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { initialiseAccount } from '#shared/adapters/stores/initialise.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { orphansStore } from '#shared/adapters/stores/orphans-store.ts';
import { reconciliationsStore } from '#shared/adapters/stores/reconciliations-store.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { parseMoney, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { accountId, buildId, strategyId, type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, calendarDate, type EpochMs, nsOf, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { equityInstrument } from '#shared/core/market/instrument-rules.ts';
import { sessionBefore, sessionsBetween } from '#shared/core/market/session-calendar.ts';
import type { BarColumns, Quote } from '#shared/core/market/types.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import type { DeployedLimits } from '#shared/core/risk/check.ts';
import { NO_SWITCHES } from '#shared/core/risk/switches.ts';
import type { BrokerAccount } from '#shared/ports/broker.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { signatureOf } from '#shared/runtime/signature.ts';
import type { RoomTelemetry } from '#shared/runtime/telemetry.ts';
import { controlDoor } from '#functions/control/handler.ts';
import { signInternalCall } from '#functions/control/internal-caller.ts';
import type { ControlDependencies } from '#functions/control/operation.ts';
import { type ControlOperation, ROUTES } from '#functions/control/routes.ts';
import { controlStores } from '#functions/control/wiring.ts';
import { webhookDoor } from '#functions/webhook/handler.ts';
import { ROUTES as GATEWAY_ROUTES } from '#infra/cloud/routes.ts';
import { functionAnswer, requestEvent } from '#infra/local/http/payload.ts';
import { type RecordedTelemetry, recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';

export const NOW: EpochMs = parseEpochMs('2026-03-09T14:00:00Z');
export const SESSION = calendarDate('2026-03-09');
const BUILD = buildId('build-1');
const SYMBOLS: readonly Ticker[] = [ticker('AAPL'), ticker('MSFT')];
const STRATEGY = strategyId('ma-crossover');
const EQUITY = parseMoney('100000');

export const INTERNAL_SECRET = 'a-secret-between-services';

const WEBHOOK_SECRET = 'a-secret-of-the-broker';

const BROKER_ACCOUNT: BrokerAccount = {
  accountNumber: 'X1',
  currency: 'USD',
  cash: EQUITY,
  equity: EQUITY,
  lastEquity: EQUITY,
  buyingPower: EQUITY,
  tradable: true,
  restriction: null,
  shortingEnabled: true,
};

const DEPLOYED: DeployedLimits = {
  switches: NO_SWITCHES,
  liquidityCheck: true,
  fatFingerNotionalMax: null,
  fatFingerQuantityMax: null,
  fatFingerVolumeShareBpsMax: null,
  sliceVolumeShareBpsMax: null,
};

/** A calm market up to the session before this one. */
function barsOf(symbol: Ticker): BarColumns {
  const dates = sessionsBetween(calendarDate('2025-12-01'), sessionBefore(SESSION).date).map(({ date }) => date);
  const flat = (value: number): Float64Array => new Float64Array(dates.length).fill(value);
  return {
    ticker: symbol,
    dates,
    open: flat(100),
    high: flat(101),
    low: flat(99),
    close: flat(100),
    volume: flat(1e7),
  };
}

export interface Ask {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** A value that is written as JSON, or a text that is sent as it is. */
  readonly body?: unknown;
  readonly rawBody?: string;
  readonly groups?: readonly string[];
  /** Without the signature that a signed route asks for. */
  readonly unsigned?: boolean;
}

export interface Answered {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly mediaType: string;
  readonly text: string;
  readonly json: () => unknown;
}

/** Whatever the tables are asked, they do not answer. */
const downTables: Tables = {
  get: () => Promise.reject(new Fault('transient', 'dynamodb-unreachable', 'no connection')),
  getTogether: () => Promise.reject(new Fault('transient', 'dynamodb-unreachable', 'no connection')),
  query: () => Promise.reject(new Fault('transient', 'dynamodb-unreachable', 'no connection')),
  write: () => Promise.reject(new Fault('transient', 'dynamodb-unreachable', 'no connection')),
  putEach: () => Promise.reject(new Fault('transient', 'dynamodb-unreachable', 'no connection')),
  transact: () => Promise.reject(new Fault('transient', 'dynamodb-unreachable', 'no connection')),
};

const queue = (name: string, clock: ManualClock): MemoryFifoQueue =>
  new MemoryFifoQueue({ name, clock, visibilityTimeoutMs: 180_000 });

const ANY_ROUTE = { functionName: 'control', timeoutMs: 1000, authorizer: null, scopes: [], throttle: null };
const CONTEXT: Context = {
  awsRequestId: 'invocation-1',
  functionName: 'control',
  functionVersion: '1',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:control',
  logGroupName: 'control',
  logStreamName: 'control',
  memoryLimitInMB: '512',
  callbackWaitsForEmptyEventLoop: false,
  getRemainingTimeInMillis: () => 10_000,
  done: () => undefined,
  fail: () => undefined,
  succeed: () => undefined,
};

/** Made by the local gateway, whose own tests hold its form. */
const gatewayEvent = z.custom<APIGatewayProxyEventV2>((event) => typeof event === 'object' && event !== null);

const OPEN: ReadonlySet<string> = new Set(
  GATEWAY_ROUTES.filter(({ open }) => open !== null).map(({ method, path }) => `${method} ${path}`),
);
const isOpen = (route: string): boolean => OPEN.has(route);

function lineOf(
  route: string,
  { params, query }: Ask,
): { readonly method: string; readonly path: string; readonly query: string } {
  const [method = '', pattern = ''] = route.split(' ');
  const path = pattern.replaceAll(/\{([a-z_]+)\}/g, (_, name: string) =>
    encodeURIComponent(Buffer.from(params?.[name] ?? '', 'utf8').toString('utf8')),
  );
  return { method, path, query: new URLSearchParams(query ?? {}).toString() };
}

/** A house for one test. */
export class ControlHouse {
  readonly clock = new ManualClock(NOW);
  readonly tables: MemoryTables;
  readonly queues: Readonly<Record<'orders' | 'urgent', MemoryFifoQueue>>;
  readonly account = accountId('control-1');
  /** What the rooms have logged. */
  readonly telemetry: RoomTelemetry & RecordedTelemetry = {
    ...recordedTelemetry(),
    begin: () => undefined,
    end: () => undefined,
  };
  dependencies: ControlDependencies;
  #tables: Tables;
  #requests = 0;

  constructor() {
    this.tables = new MemoryTables({ clock: this.clock });
    this.#tables = this.tables;
    this.queues = { orders: queue('orders', this.clock), urgent: queue('urgent', this.clock) };
    this.dependencies = this.#dependencies();
  }

  #dependencies(): ControlDependencies {
    const quoteOf = (symbol: Ticker): Quote => ({
      ticker: symbol,
      bid: parsePrice('99.99'),
      bidSize: parseQuantity('100'),
      ask: parsePrice('100'),
      askSize: parseQuantity('100'),
      at: nsOf(this.clock.now()),
    });
    const known = (symbols: readonly Ticker[]): readonly Ticker[] => symbols.filter((one) => SYMBOLS.includes(one));
    return {
      accountId: this.account,
      environment: 'dev',
      dryRun: true,
      build: BUILD,
      deployed: DEPLOYED,
      performance: { daysMax: 90, keptMs: 300_000 },
      rateLimits: RATE_LIMITS,
      inactiveAfterMs: 86_400_000,
      clock: this.clock,
      ...controlStores(this.tables, this.clock),
      broker: {
        instruments: (symbols) =>
          Promise.resolve(new Map(known(symbols).map((one) => [one, equityInstrument(one, one)]))),
        account: () => Promise.resolve(BROKER_ACCOUNT),
        clock: () => Promise.resolve({ at: this.clock.now(), isOpen: true, nextOpenAt: NOW, nextCloseAt: NOW }),
        position: () => Promise.resolve(null),
      },
      marketData: {
        latestQuotes: (symbols) => Promise.resolve(new Map(known(symbols).map((one) => [one, quoteOf(one)]))),
      },
      lanes: memoryLanes({ queues: this.queues }),
      internal: { secrets: () => Promise.resolve([INTERNAL_SECRET]), role: 'trader', toleranceMs: 300_000 },
      telemetry: this.telemetry,
    };
  }

  async open(): Promise<this> {
    const { safety, books } = this.dependencies;
    await initialiseAccount(this.tables, 'control', {
      accountId: this.account,
      live: false,
      document: writePolicy(firstPolicy(SYMBOLS, [STRATEGY], EQUITY)),
      equity: EQUITY,
      opening: { at: NOW, positions: [] },
      by: 'tests',
      now: NOW,
    });
    await books.open(this.account, SYMBOLS);
    await marketStore(this.tables, this.clock).saveBars(SYMBOLS.map(barsOf));
    await books.beginSession(this.account, SESSION, EQUITY);
    await safety.recordPass(this.account, { startedAt: addMs(NOW, -30_000), session: SESSION, build: BUILD });
    return this;
  }

  /** From now on no table answers, until the answer is called. */
  cutTables(): () => void {
    const { dependencies } = this;
    this.#tables = downTables;
    this.dependencies = { ...dependencies, ...controlStores(downTables, this.clock) };
    return () => {
      this.#tables = this.tables;
      this.dependencies = dependencies;
    };
  }

  async ask(id: ControlOperation, ask: Ask = {}): Promise<Answered> {
    const { method, path } = ROUTES[id];
    return await this.askRoute(`${method} ${path}`, ask);
  }

  /** Asks through the room's own door, with the event that the gateway would make of the request. */
  async askRoute(route: string, ask: Ask): Promise<Answered> {
    this.#requests += 1;
    const { params, headers, body, rawBody, groups } = ask;
    const { method, path, query } = lineOf(route, ask);
    const bytes = Buffer.from(rawBody ?? (body === undefined ? '' : JSON.stringify(body)), 'utf8');
    const now = this.clock.now();
    const signed = (): Readonly<Record<string, string>> => {
      const claim = { service: 'tests', timeS: Math.floor(now / 1000), nonce: `nonce-of-request-${this.#requests}` };
      if (path.startsWith('/internal/')) {
        return { authorization: signInternalCall({ method, path, query, body: bytes }, claim, INTERNAL_SECRET) };
      }
      return path.includes('/webhooks/') ? { 'x-alpaca-signature': signatureOf(bytes, WEBHOOK_SECRET) } : {};
    };
    const event = requestEvent(
      {
        method,
        url: new URL(`http://localhost${path}${query === '' ? '' : `?${query}`}`),
        headers: { ...(ask.unsigned === true ? {} : signed()), ...headers },
        body: bytes,
        sourceIp: '127.0.0.1',
        requestId: `request-${this.#requests}`,
        nowMs: now,
      },
      { route: { ...ANY_ROUTE, key: route }, pathParameters: params ?? {} },
      isOpen(route)
        ? null
        : { claims: { sub: 'ada', 'cognito:groups': `[${(groups ?? ['admin']).join(' ')}]` }, scopes: null },
    );
    const answer = functionAnswer(await this.#doorOf(route)(gatewayEvent.parse(event), CONTEXT));
    const text = answer.body.toString('utf8');
    return {
      status: answer.status,
      mediaType: answer.headers['content-type'] ?? '',
      headers: answer.headers,
      text,
      json: (): unknown => JSON.parse(text),
    };
  }

  #doorOf(route: string) {
    const telemetry = this.telemetry;
    if (!route.includes('/webhooks/')) return controlDoor({ ...this.dependencies, telemetry });
    return webhookDoor({
      accountId: this.account,
      orders: ordersStore(this.#tables, 'webhook', this.clock),
      orphans: orphansStore(this.#tables, 'webhook'),
      reconciliations: reconciliationsStore(this.#tables, 'webhook'),
      clock: this.clock,
      telemetry,
      secrets: () => Promise.resolve([WEBHOOK_SECRET]),
      readUpdate: (body) => orderUpdateOf(tradeUpdate.parse(body), this.clock.now()),
    });
  }
}

export const openHouse = (): Promise<ControlHouse> => new ControlHouse().open();
