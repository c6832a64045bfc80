/** The control API over tables and lanes in memory, with an account whose gates are open. */
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { MemoryFifoQueue } from '#shared/adapters/memory/fifo-queue.ts';
import { memoryLanes } from '#shared/adapters/memory/lanes.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { initialiseAccount } from '#shared/adapters/stores/initialise.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { grantOf } from '#shared/core/access/permissions.ts';
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
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { answerRequest, type ControlAnswer } from '#functions/control/answer-request.ts';
import type { ControlDependencies } from '#functions/control/operation.ts';
import { type ControlOperation, ROUTES } from '#functions/control/routes.ts';
import { controlStores } from '#functions/control/wiring.ts';

export const NOW: EpochMs = parseEpochMs('2026-03-09T14:00:00Z');
export const SESSION = calendarDate('2026-03-09');
const BUILD = buildId('build-1');
const SYMBOLS: readonly Ticker[] = [ticker('AAPL'), ticker('MSFT')];
const STRATEGY = strategyId('ma-crossover');
const EQUITY = parseMoney('100000');

const SILENT: Telemetry = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  count: () => undefined,
  measure: () => undefined,
  measureFor: () => undefined,
};

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
}

export interface Answered {
  readonly status: number;
  readonly headers: ControlAnswer['headers'];
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
  transact: () => Promise.reject(new Fault('transient', 'dynamodb-unreachable', 'no connection')),
};

const queue = (name: string, clock: ManualClock): MemoryFifoQueue =>
  new MemoryFifoQueue({ name, clock, visibilityTimeoutMs: 180_000 });

/** A house for one test. */
export class ControlHouse {
  readonly clock = new ManualClock(NOW);
  readonly tables: MemoryTables;
  readonly queues: Readonly<Record<'orders' | 'urgent', MemoryFifoQueue>>;
  readonly account = accountId('control-1');
  dependencies: ControlDependencies;
  #requests = 0;

  constructor() {
    this.tables = new MemoryTables({ clock: this.clock });
    this.queues = { orders: queue('orders', this.clock), urgent: queue('urgent', this.clock) };
    this.dependencies = this.#dependenciesOver(this.tables);
  }

  #dependenciesOver(tables: Tables): ControlDependencies {
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
      clock: this.clock,
      ...controlStores(tables, this.clock),
      broker: {
        instruments: (symbols) =>
          Promise.resolve(new Map(known(symbols).map((one) => [one, equityInstrument(one, one)]))),
        account: () => Promise.resolve(BROKER_ACCOUNT),
        position: () => Promise.resolve(null),
      },
      marketData: {
        latestQuotes: (symbols) => Promise.resolve(new Map(known(symbols).map((one) => [one, quoteOf(one)]))),
      },
      lanes: memoryLanes({ queues: this.queues }),
      telemetry: SILENT,
    };
  }

  async open(): Promise<this> {
    const { safety, books } = this.dependencies;
    await initialiseAccount(this.tables, 'control', {
      accountId: this.account,
      live: false,
      document: writePolicy(firstPolicy(SYMBOLS, [STRATEGY], EQUITY)),
      equity: EQUITY,
      by: 'tests',
      now: NOW,
    });
    await books.open(this.account, SYMBOLS);
    await marketStore(this.tables, this.clock).saveBars(SYMBOLS.map(barsOf));
    await books.beginSession(this.account, SESSION, EQUITY);
    await safety.recordPass(this.account, { startedAt: addMs(NOW, -30_000), session: SESSION, build: BUILD });
    return this;
  }

  /** From now on no table answers. */
  cutTables(): void {
    this.dependencies = this.#dependenciesOver(downTables);
  }

  async ask(id: ControlOperation, ask: Ask = {}): Promise<Answered> {
    const { method, path } = ROUTES[id];
    return await this.askRoute(`${method} ${path}`, ask);
  }

  async askRoute(route: string, { params, query, headers, body, rawBody, groups }: Ask): Promise<Answered> {
    this.#requests += 1;
    const text = rawBody ?? (body === undefined ? '' : JSON.stringify(body));
    const answer = await answerRequest(this.dependencies, {
      route,
      parameters: params ?? {},
      query: query ?? {},
      headers: headers ?? {},
      body: new TextEncoder().encode(text),
      subject: 'ada',
      grant: grantOf(groups ?? ['admin']),
      requestId: `request-${this.#requests}`,
      receivedAt: this.clock.now(),
    });
    const { status, mediaType } = answer;
    const json = (): unknown => JSON.parse(answer.body);
    return { status, mediaType, headers: answer.headers, text: answer.body, json };
  }
}

export const openHouse = (): Promise<ControlHouse> => new ControlHouse().open();
