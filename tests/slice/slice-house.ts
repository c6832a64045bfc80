/**
 * The room that works slices, over tables and lanes in memory, on a clock that only a test moves. Orders are what a test
 * makes of the commands that reach the lanes.
 */
import { readCommand } from '#events/command.ts';
import type { AnyCommand } from '#events/catalogue.ts';
import { sliceStores } from '#functions/slice/wiring.ts';
import { type SliceDependencies, type Worked, workPlans } from '#functions/slice/work-plans.ts';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { MemoryFifoQueue } from '#shared/adapters/memory/fifo-queue.ts';
import { memoryLanes } from '#shared/adapters/memory/lanes.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { MemoryWakes } from '#shared/adapters/memory/wakes.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { initialiseAccount } from '#shared/adapters/stores/initialise.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { slicePlansStore } from '#shared/adapters/stores/slice-plans-store.ts';
import { parseMoney, parsePrice, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { accountId, buildId, MANUAL, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, calendarDate, type EpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { makePlan, parentIdOf, type SlicePlan } from '#shared/core/order/slice-plan.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';

export const NOW: EpochMs = parseEpochMs('2026-03-09T14:00:00Z');
const SESSION = calendarDate('2026-03-09');
export const INTERVAL_MS = 300_000;
const SYMBOL = ticker('AAPL');
const BUILD = buildId('build-1');
const EQUITY = parseMoney('100000');
export const TARGET = 'arn:aws:lambda:us-east-1:000000000000:function:slice';

export const planFor = (account: string, shares: number, count: number): SlicePlan => {
  const startAt = NOW;
  const made = makePlan(
    {
      parentId: parentIdOf(['test', account, shares, count]),
      terms: {
        accountId: accountId(account),
        strategyId: MANUAL,
        ticker: SYMBOL,
        side: 'buy',
        type: 'market',
        timeInForce: 'day',
        positionIntent: 'buy_to_open',
        size: { kind: 'quantity', quantity: wholeQuantity(shares) },
        limitPrice: null,
        stopPrice: null,
      },
      purpose: 'manual',
      arrivalPrice: parsePrice('100'),
      wishHash: 'wish',
      by: 'ada',
      startAt,
      intervalMs: INTERVAL_MS,
      count,
    },
    {
      step: wholeQuantity(1),
      quantityMin: wholeQuantity(1),
      sliceMax: null,
      closeAt: addMs(startAt, 6 * 3_600_000),
      cooldownMs: 0,
    },
  );
  if (!made.ok) throw new Error(made.error.message);
  return made.value;
};

/** An account whose gates are open and which trades one symbol. */
async function openAccount(tables: Tables, account: string): Promise<void> {
  const id = accountId(account);
  await initialiseAccount(tables, 'control', {
    accountId: id,
    live: false,
    document: writePolicy(firstPolicy([SYMBOL], [strategyId('ma-crossover')], EQUITY)),
    equity: EQUITY,
    by: 'tests',
    now: NOW,
    opening: { at: NOW, positions: [] },
  });
  const books = booksStore(tables, 'reconcile');
  await books.open(id, [SYMBOL]);
  await books.beginSession(id, SESSION, EQUITY);
  const pass = { startedAt: addMs(NOW, -30_000), session: SESSION, build: BUILD };
  await safetyStore(tables, 'reconcile').recordPass(id, pass);
}

const queue = (name: string, clock: ManualClock): MemoryFifoQueue =>
  new MemoryFifoQueue({ name, clock, visibilityTimeoutMs: 180_000 });

export class SliceHouse {
  readonly clock = new ManualClock(NOW);
  readonly tables = new MemoryTables({ clock: this.clock });
  readonly queues = { orders: queue('orders', this.clock), urgent: queue('urgent', this.clock) };
  readonly wakes = new MemoryWakes();
  readonly account = accountId('slice-1');
  readonly telemetry = recordedTelemetry();
  readonly plans = slicePlansStore(this.tables, 'control');
  readonly safety = safetyStore(this.tables, 'control');

  async open(): Promise<this> {
    await openAccount(this.tables, this.account);
    return this;
  }

  dependencies(tables: Tables = this.tables): SliceDependencies {
    return {
      accountId: this.account,
      build: BUILD,
      clock: this.clock,
      ...sliceStores(tables, this.clock),
      lanes: memoryLanes({ queues: this.queues }),
      wakes: this.wakes,
      telemetry: this.telemetry,
    };
  }

  /** Makes a plan of so many shares and slices. */
  async plan(shares = 10, count = 2): Promise<SlicePlan> {
    return (await this.plans.make(planFor(this.account, shares, count), this.clock.now())).plan;
  }

  wake(dependencies: SliceDependencies = this.dependencies()): Promise<Worked> {
    return workPlans(dependencies, TARGET);
  }

  async wakeAt(ms: number): Promise<Worked> {
    this.clock.moveTo(addMs(NOW, ms));
    return await this.wake();
  }

  async read(plan: SlicePlan): Promise<SlicePlan> {
    const found = await this.plans.get(this.account, plan.parentId);
    if (found === null) throw new Error('the plan is gone');
    return found;
  }

  /** Takes what waits on a lane. */
  taken(lane: 'orders' | 'urgent'): readonly AnyCommand[] {
    return this.queues[lane].receive({ count: 10 }).map(({ body, receiptHandle }) => {
      this.queues[lane].delete(receiptHandle);
      return readCommand(JSON.parse(body));
    });
  }
}

export const openHouse = (): Promise<SliceHouse> => new SliceHouse().open();
