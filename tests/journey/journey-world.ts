/**
 * One account in a world of its own: a broker over HTTP, tables, strict lanes and a clock that only the world moves. Its
 * processes come and go; what they leave in tables, lanes and at the broker stays.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { DayMemory } from '#functions/execute/day-memory.ts';
import type { ExecuteDependencies } from '#functions/execute/sender.ts';
import { passMemory } from '#functions/reconcile/pass-memory.ts';
import type { ReconcileDependencies } from '#functions/reconcile/pass.ts';
import { startBroker } from '#infra/local/alpaca/broker.ts';
import type { BrokerLedger, BrokerSimulator } from '#infra/local/alpaca/embedding.ts';
import type { MarketFeed } from '#infra/local/alpaca/market-feed.ts';
import { tinyMarket } from '#infra/local/alpaca/tiny-market.ts';
import { alpacaBroker } from '#shared/adapters/alpaca/broker.ts';
import { alpacaEndpoints } from '#shared/adapters/alpaca/endpoints.ts';
import { alpacaMarketData } from '#shared/adapters/alpaca/market-data.ts';
import { MemoryFifoQueue } from '#shared/adapters/memory/fifo-queue.ts';
import { adjustmentsStore } from '#shared/adapters/stores/adjustments-store.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { initialiseAccount } from '#shared/adapters/stores/initialise.ts';
import { exitsStore } from '#shared/adapters/stores/exits-store.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { modelsStore } from '#shared/adapters/stores/models-store.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { orphansStore } from '#shared/adapters/stores/orphans-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { reconciliationsStore } from '#shared/adapters/stores/reconciliations-store.ts';
import { storedRequestGate } from '#shared/adapters/stores/request-gate-store.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { parseMoney } from '#shared/core/kernel/decimal.ts';
import { type AccountId, accountId, buildId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, calendarDate, type EpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { sessionBefore } from '#shared/core/market/session-calendar.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import { NO_SWITCHES } from '#shared/core/risk/switches.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';
import { fetchOf, Incarnation, type OutsideCalls, tablesOf } from './outside-calls.ts';

export const STRATEGY = strategyId('momentum');
export const SYMBOL = ticker('KO');
const BUILD = buildId('build-1');
const CASH = parseMoney('100000');
const SEED = 7;
const FIRST_DAY = '2026-01-05';
/** Half an hour into the twentieth session. */
const STARTS_AT = parseEpochMs('2026-02-03T10:00:00-05:00');

const VISIBILITY_MS = 180_000;
const RECEIVES_MAX = 3;

/** The market never changes, whoever looks at it. */
const MARKET: MarketFeed = tinyMarket({ seed: SEED, symbols: [SYMBOL], from: FIRST_DAY });

/** Time of one world: everything due at the broker has happened by the instant that it shows. */
export class WorldClock implements Clock {
  #now: EpochMs = STARTS_AT;
  onMove: (now: EpochMs) => void = () => undefined;

  now(): EpochMs {
    return this.#now;
  }

  moveTo(at: EpochMs): void {
    if (at > this.#now) this.#now = at;
    this.onMove(this.#now);
  }

  /** Nothing else is pending in this world, so that a sleeper's time has come at once. */
  sleepUntil(at: EpochMs): Promise<void> {
    this.moveTo(at);
    return Promise.resolve();
  }
}

/** Which process a call on the wire belongs to. */
const running = new AsyncLocalStorage<Incarnation>();
const wire = globalThis.fetch;

/** Puts every request of a process under its fate. @returns what takes it back */
export function interceptFetch(): () => void {
  globalThis.fetch = (input, init) => {
    const process = running.getStore();
    return process === undefined ? wire(input, init) : fetchOf(process, wire)(input, init);
  };
  return () => {
    globalThis.fetch = wire;
  };
}

/** A process with what it is made of, new from the ground up. */
export interface Process {
  readonly incarnation: Incarnation;
  readonly execute: ExecuteDependencies;
  readonly reconcile: ReconcileDependencies;
  /** Runs work of this process. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

export interface JourneyWorld {
  readonly account: AccountId;
  readonly clock: WorldClock;
  readonly simulator: BrokerSimulator;
  readonly tables: Tables;
  readonly lane: MemoryFifoQueue;
  readonly deadLetters: MemoryFifoQueue;
  /** @param clock what the process takes the time from; the world's own unless given */
  start(calls: OutsideCalls, clock?: Clock): Process;
  ledger(): BrokerLedger;
  close(): Promise<void>;
}

async function initialise(tables: Tables, clock: WorldClock, account: AccountId): Promise<void> {
  const now = clock.now();
  const policy = firstPolicy([SYMBOL], [STRATEGY], CASH);
  const by = 'tests';
  await initialiseAccount(tables, 'control', {
    accountId: account,
    live: false,
    document: writePolicy(policy),
    equity: CASH,
    opening: { at: now, positions: [] },
    by,
    now,
  });
  const [books, session] = [booksStore(tables, 'reconcile'), newYorkDate(now)];
  await books.open(account, [SYMBOL]);
  await books.beginSession(account, session, CASH);
  await safetyStore(tables, 'reconcile').recordPass(account, { startedAt: addMs(now, -1_000), session, build: BUILD });
}

/** The bars that the market had, up to the day before. Once for all worlds on the same tables. */
export async function saveMarket(tables: Tables): Promise<void> {
  const [from, to] = [calendarDate(FIRST_DAY), sessionBefore(newYorkDate(STARTS_AT)).date];
  const bars = MARKET.dailyBars(SYMBOL, from, to, STARTS_AT, 'raw');
  const column = (field: 'open' | 'high' | 'low' | 'close' | 'volume') => Float64Array.from(bars, (bar) => bar[field]);
  await marketStore(tables, new WorldClock()).saveBars([
    {
      ticker: SYMBOL,
      dates: bars.map(({ at }) => newYorkDate(at)),
      open: column('open'),
      high: column('high'),
      low: column('low'),
      close: column('close'),
      volume: column('volume'),
    },
  ]);
}

function assemble(
  world: Pick<JourneyWorld, 'account' | 'simulator'> & { readonly clock: Clock },
  own: Tables,
  { brokerDeadlineMs: deadlineMs = 10_000 }: WorldOptions,
) {
  const { account, clock, simulator } = world;
  const telemetry = recordedTelemetry();
  const { key, secret } = simulator;
  const endpoints = alpacaEndpoints({ paper: true, baseUrl: simulator.url, key, secret });
  const gateOf = (service: 'trading' | 'data') =>
    storedRequestGate({ tables: own, accountId: account, service, clock });
  const [trading, data] = [gateOf('trading'), gateOf('data')];
  const broker = alpacaBroker({ endpoints, telemetry, gate: trading, deadlineMs });
  const shared = { build: BUILD, dryRun: false, clock, broker, telemetry, marketStore: marketStore(own, clock) };
  const storesOf = (room: 'execute' | 'reconcile') => ({
    policies: policiesStore(own, room),
    safety: safetyStore(own, room),
    books: booksStore(own, room),
    orders: ordersStore(own, room, clock),
  });
  const execute: ExecuteDependencies = {
    ...shared,
    ...storesOf('execute'),
    exits: exitsStore(own, 'execute'),
    permits: trading,
    marketData: alpacaMarketData({ endpoints, telemetry, gate: data }),
    models: modelsStore(own, 'execute', clock),
    memory: new DayMemory(),
    deployed: {
      switches: NO_SWITCHES,
      liquidityCheck: true,
      fatFingerNotionalMax: null,
      fatFingerQuantityMax: null,
      fatFingerVolumeShareBpsMax: null,
      sliceVolumeShareBpsMax: null,
    },
  };
  const reconcile: ReconcileDependencies = {
    ...shared,
    ...storesOf('reconcile'),
    accountId: account,
    orphans: orphansStore(own, 'reconcile'),
    adjustments: adjustmentsStore(own, 'reconcile'),
    journal: journalStore(own),
    reconciliations: reconciliationsStore(own, 'reconcile'),
    memory: passMemory(),
  };
  return { execute, reconcile };
}

export interface WorldOptions {
  /** Of a call to the broker, in the machine's own time. */
  readonly brokerDeadlineMs?: number;
}

/** @param name of the account; no two worlds on the same tables may share one */
export async function openWorld(tables: Tables, name: string, options: WorldOptions = {}): Promise<JourneyWorld> {
  const clock = new WorldClock();
  const account = accountId(name);
  const simulator = await startBroker({
    port: 0,
    seed: SEED,
    clock,
    market: MARKET,
    accounts: [{ key: 'PKSIMULATED', secret: 'simulated-secret', cash: '100000' }],
    behaviour: { partialFillOneIn: 0, surprises: false },
  });
  clock.onMove = (now) => simulator.advanceTo(now);
  await initialise(tables, clock, account);
  const deadLetters = new MemoryFifoQueue({ name: 'dead', clock, visibilityTimeoutMs: VISIBILITY_MS });
  const lane = new MemoryFifoQueue({
    name: 'lane',
    clock,
    visibilityTimeoutMs: VISIBILITY_MS,
    deadLetter: { queue: deadLetters, receivesMax: RECEIVES_MAX },
  });
  return {
    account,
    clock,
    simulator,
    tables,
    lane,
    deadLetters,
    start(calls, own = clock) {
      const incarnation = new Incarnation(calls);
      const parts = assemble({ account, clock: own, simulator }, tablesOf(incarnation, tables), options);
      return { incarnation, ...parts, run: (work) => running.run(incarnation, work) };
    },
    ledger: () => simulator.ledger(),
    close: () => simulator.close(),
  };
}
