/**
 * One world: the production code of its functions over adapters in memory, a broker, and a scheduler that owns time,
 * order, chance and failure. Nothing in it waits for anything outside of it.
 */
import type { BrokerLedger } from '#infra/local/alpaca/embedding.ts';
import type { MarketFeed } from '#infra/local/alpaca/market-feed.ts';
import { PAPER_LATENCY } from '#infra/local/alpaca/embedding.ts';
import { MemoryBus } from '#shared/adapters/memory/bus.ts';
import { MemoryFifoQueue } from '#shared/adapters/memory/fifo-queue.ts';
import { memoryLanes } from '#shared/adapters/memory/lanes.ts';
import { MemoryTableStream } from '#shared/adapters/memory/table-stream.ts';
import { MemoryTables, type TableChange } from '#shared/adapters/memory/tables.ts';
import { globalSafetyKey } from '#shared/adapters/stores/keys.ts';
import type { AccountId, BuildId } from '#shared/core/kernel/identity.ts';
import { accountId, buildId } from '#shared/core/kernel/identity.ts';
import { addMs, type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import type { Lanes } from '#shared/ports/lanes.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { Alterations } from './alterations.ts';
import { BrokerSide, type WireInit, type WireResponse } from './broker-side.ts';
import { Chance } from './chance.ts';
import { pairOf, STATE_PAIRS } from './coverage.ts';
import { Faults } from './faults.ts';
import { afterCommit, Sends, type Violation } from './invariants.ts';
import { type Day, dayOf, type MarketSource } from './market.ts';
import { Observed } from './observed.ts';
import { orderStreamOf } from './order-news.ts';
import { busOf, lanesOf, tablesOf, wakesOf, wireOf } from './outside.ts';
import type { Plan } from './plan.ts';
import type { Ground } from './rooms.ts';
import { Scheduler } from './scheduler.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { strategyOf } from './strategies.ts';
import { Trace } from './trace.ts';

export const ACCOUNT: AccountId = accountId('paper-1');
/** Ids of orders that somebody places at the broker directly begin so. */
export const BY_HAND = 'by-hand-';
const RECEIVES_MAX = 3;
export const VISIBILITY_MS = 180_000;
/** Ports of processes begin here: a request's address tells whose it is. */
const FIRST_PORT = 10_000;

const SILENT: Telemetry = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  count: () => undefined,
  measure: () => undefined,
  measureFor: () => undefined,
};

export interface WorldOptions {
  readonly alterations: Alterations;
  readonly markets: MarketSource;
  /** Keeps each line of the trace. */
  readonly keepTrace: boolean;
}

export class World {
  readonly plan: Plan;
  readonly trace: Trace;
  readonly chance: Chance;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly tables: MemoryTables;
  readonly stream = new MemoryTableStream('journal', 3);
  readonly bus: MemoryBus;
  readonly queues: Readonly<Record<'orders' | 'urgent' | 'dead', MemoryFifoQueue>>;
  readonly day: Day;
  readonly market: MarketFeed;
  readonly side: BrokerSide;
  readonly seen = new Observed();
  readonly ground: Ground;
  /** Client order ids of all submits that reached the broker, in their order, and when they did. */
  readonly submits: { readonly id: string; readonly at: number }[] = [];
  /** Bodies of all messages that were put on a lane, with the instant at which they were. */
  readonly sent: { readonly body: string; readonly at: number }[] = [];
  readonly #alterations: Alterations;
  readonly #sends = new Sends();
  readonly #processes: SimulatedProcess[] = [];
  readonly #onStream: (() => void)[] = [];
  readonly #onLane: (() => void)[] = [];
  readonly #wakes: ((at: EpochMs) => void)[] = [];
  /** Ids of orders that were placed at the broker past the house. */
  readonly byHand = new Set<string>();
  #violation: Violation | null = null;
  #deploys = 1;

  constructor(plan: Plan, options: WorldOptions) {
    this.plan = plan;
    this.#alterations = options.alterations;
    this.trace = new Trace(options.keepTrace);
    this.chance = new Chance(`world:${plan.seed}`);
    this.day = dayOf(plan.day);
    this.scheduler = new Scheduler(addMs(this.day.startsAt, plan.beginsMs), this.chance.fork('order'));
    this.faults = new Faults({
      switches: plan.faults,
      chance: this.chance.fork('faults'),
      lets: (strike) => plan.strikes === null || plan.strikes.has(strike),
      onStrike: (strike) => this.trace.strike(this.scheduler.now, strike),
    });
    const now = { now: () => this.scheduler.now };
    this.tables = new MemoryTables({
      clock: now,
      lagCommits: plan.lagCommits,
      disturb: ({ operation }) => this.#disturb(operation),
      onCommit: (changes) => this.#committed(changes),
    });
    this.bus = new MemoryBus((fact) => !this.faults.strikes('bus-refuses', fact.type.split('.')[0] ?? ''));
    const queue = (name: string, deadLetter?: MemoryFifoQueue): MemoryFifoQueue =>
      new MemoryFifoQueue({
        name,
        clock: now,
        visibilityTimeoutMs: VISIBILITY_MS,
        ...(deadLetter === undefined ? {} : { deadLetter: { queue: deadLetter, receivesMax: RECEIVES_MAX } }),
      });
    const dead = queue('dead');
    this.queues = { dead, orders: queue('orders', dead), urgent: queue('urgent', dead) };
    this.market = options.markets(plan.day, plan.marketSeed);
    this.side = this.#openBroker();
    this.ground = this.#groundOf();
  }

  get violation(): Violation | null {
    return this.#violation;
  }

  /** The first one counts: what follows may follow from it. */
  violate(violation: Violation | null): void {
    if (violation === null || this.#violation !== null) return;
    this.#violation = violation;
    this.say(`VIOLATION of ${violation.invariant}: ${violation.what}`);
  }

  say(text: string): void {
    this.trace.say(this.scheduler.now, text);
  }

  whenJournaled(wake: () => void): void {
    this.#onStream.push(wake);
  }

  whenSent(wake: () => void): void {
    this.#onLane.push(wake);
  }

  /** Whoever is to be woken at an instant is told of it. */
  whenWoken(wake: (at: EpochMs) => void): void {
    this.#wakes.push(wake);
  }

  ledger(): BrokerLedger {
    return this.side.broker.ledger();
  }

  /** Takes the global safety item away, as a table that was restored without it. */
  loseSwitch(): void {
    this.seen.global = null;
    this.tables.write({ kind: 'delete', table: 'safety', key: globalSafetyKey, conditions: [] }).catch(() => undefined);
  }

  /** Another build from now on. */
  deploy(): void {
    this.#deploys += 1;
  }

  get build(): BuildId {
    return buildId(`build-${this.#deploys}`);
  }

  start(room: string): SimulatedProcess {
    const process = new SimulatedProcess(this.#processes.length, room, {
      scheduler: this.scheduler,
      faults: this.faults,
      chance: this.chance.fork(`process:${this.#processes.length}`),
      say: (text) => this.say(text),
      onDeath: () => {
        this.trace.tally.crashes += 1;
      },
    });
    this.#processes.push(process);
    return process;
  }

  /** The wire of all processes: the port tells whose request it is. */
  readonly fetch = (url: URL, init: WireInit): Promise<WireResponse> => {
    const process = this.#processes[Number(url.port) - FIRST_PORT];
    if (process === undefined) throw new Error(`nobody in this world asks at ${url.href}`);
    const wire = wireOf(process, this.side.carry);
    return (this.#alterations.wire?.(wire) ?? wire)(url, init);
  };

  /** The lanes themselves, below all that may befall a call to them. */
  #lanes(): Lanes {
    const { orders, urgent } = this.queues;
    const lanes = memoryLanes({ queues: { orders, urgent } });
    return {
      waiting: (lane) => lanes.waiting(lane),
      send: async (messages) => {
        for (const message of messages) {
          this.sent.push({ body: message.body, at: this.scheduler.now });
          const dedupId = this.#alterations.dedupId?.(message.dedupId, message.body, this.scheduler.now);
          await lanes.send([dedupId === undefined ? message : { ...message, dedupId }]);
        }
        for (const wake of this.#onLane) wake();
      },
    };
  }

  #openBroker(): BrokerSide {
    const { plan } = this;
    const side = new BrokerSide(this.scheduler, {
      seed: plan.seed,
      market: this.market,
      accounts: [{ key: 'PKSIMULATED', secret: 'simulated-secret', cash: '100000' }],
      latency: PAPER_LATENCY,
      behaviour: { partialFillOneIn: plan.partialFillOneIn, surprises: false },
    });
    side.onSubmit = (id) => {
      this.say(`the broker is sent ${id}`);
      this.submits.push({ id, at: this.scheduler.now });
      // What a person places by hand goes through no gate of ours.
      if (this.byHand.has(id)) return;
      if (plan.dryRun) this.violate({ invariant: 2, what: `${id} is sent in a dry run` });
      this.violate(this.#sends.send(this.seen, id));
    };
    return side;
  }

  #groundOf(): Ground {
    const lanes = this.#lanes();
    const { scheduler, faults, side } = this;
    return {
      account: ACCOUNT,
      dryRun: this.plan.dryRun,
      build: () => this.build,
      alterations: this.#alterations,
      telemetry: SILENT,
      tablesOf: (process) => tablesOf(process, this.tables),
      lanesOf: (process) => lanesOf(process, lanes),
      busOf: (process) => busOf(process, this.bus),
      wakesOf: (process) => wakesOf(process, { make: (at) => this.#wakes.forEach((hear) => hear(at)) }),
      streamOf: (process) =>
        orderStreamOf({ scheduler, faults, side, chance: this.chance.fork(process.name) }, process),
      addressOf: (process) => `http://127.0.0.1:${FIRST_PORT + process.id}`,
      strategyOf: (entry) => strategyOf(entry.strategyId, this.plan.seed),
      pairs: {
        versionOf: (id, version) => this.seen.versionOf(id, version),
        saw: (state, event) => {
          const pair = pairOf(state, event);
          if (STATE_PAIRS.has(pair)) this.trace.tally.statePairs.add(pair);
        },
      },
    };
  }

  #disturb(operation: string): 'conflict' | 'throttle' | null {
    if (operation === 'transact' && this.faults.strikes('conflict', 'tables: transact')) return 'conflict';
    return this.faults.strikes('throttle', `tables: ${operation}`) ? 'throttle' : null;
  }

  #committed(changes: readonly TableChange[]): void {
    const sequencesBefore = new Map<string, number>();
    for (const { table, key } of changes) {
      if (table === 'journal') sequencesBefore.set(key.pk, this.seen.sequences.get(key.pk) ?? 0);
    }
    const commit = this.seen.take(changes);
    for (const { after, before } of commit.orders) {
      this.say(`${after.clientOrderId}: ${before?.state ?? 'none'} -> ${after.state}`);
    }
    for (const { type } of commit.facts) this.say(`fact ${type}`);
    const { seen } = this;
    const ledger = (): BrokerLedger => this.ledger();
    this.violate(
      afterCommit({
        seen,
        commit,
        sends: this.#sends,
        sequencesBefore,
        exposureLimit: seen.exposureLimit,
        ledger,
        denied: this.side.denied,
      }),
    );
    this.stream.append(changes);
    if (commit.facts.length > 0) for (const wake of this.#onStream) wake();
  }

  /** Sets the broker's faults, or takes them all away. */
  setBrokerFaults(on: boolean): void {
    const { faults } = this.side.broker;
    faults.clearAll();
    if (on) for (const { name, setting } of this.plan.brokerFaults) faults.set(name, setting);
  }

  /** Counts what struck at the broker. */
  countBrokerFaults(): void {
    for (const { name, strikes } of this.side.broker.faults.active()) {
      const { faults } = this.trace.tally;
      if (strikes > 0) faults.set(`broker: ${name}`, (faults.get(`broker: ${name}`) ?? 0) + strikes);
    }
  }

  /** When the storm begins; all times of the plan count from there. */
  get beginsAt(): EpochMs {
    return addMs(this.day.opensAt, this.plan.beginsMs);
  }

  get now() {
    return epochMs(this.scheduler.now);
  }
}
