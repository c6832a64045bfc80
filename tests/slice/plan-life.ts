/**
 * A plan's whole life in a world with a real broker over HTTP, the real sender and the real reconciler: the room that
 * works plans comes and goes, its wakes come as a test will have it, and a process that dies is followed by another.
 */
import { readCommand } from '#events/command.ts';
import { answerCommand } from '#functions/execute/answer-command.ts';
import { reconcilePass } from '#functions/reconcile/reconcile-pass.ts';
import { sliceStores } from '#functions/slice/wiring.ts';
import { type SliceDependencies, workPlans } from '#functions/slice/work-plans.ts';
import { MemoryWakes } from '#shared/adapters/memory/wakes.ts';
import { slicePlansStore } from '#shared/adapters/stores/slice-plans-store.ts';
import { formatPrice, parsePrice, proratePrice, roundPrice, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { buildId } from '#shared/core/kernel/identity.ts';
import { addMs, type EpochMs } from '#shared/core/kernel/instant.ts';
import { makePlan, parentIdOf, type SlicePlan } from '#shared/core/order/slice-plan.ts';
import { type JourneyWorld, type Process, STRATEGY, SYMBOL } from '#tests/journey/journey-world.ts';
import {
  type CrashPlan,
  Incarnation,
  type OutsideCall,
  OutsideCalls,
  ProcessDied,
  tablesOf,
} from '#tests/journey/outside-calls.ts';
import { recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';

/** As the world's own processes are built. */
const BUILD = buildId('build-1');
const TARGET = 'arn:aws:lambda:us-east-1:000000000000:function:slice';
export const SHARES = 10;
const INTERVAL_MS = 120_000;
const STEP_MS = 30_000;
/** Steps after the plan's time, in which what it left is brought to its end. */
const STEPS_AFTER = 12;
const FUNCTION_MS = 30_000;
const PASS_MS = 55_000;

export type WakeMode = 'on-time' | 'late' | 'twice' | 'never';

export interface PlanLifeOptions {
  readonly plans?: readonly CrashPlan[];
  readonly wakes?: WakeMode;
  /** How many functions each wake starts side by side. */
  readonly together?: number;
  /** Limit of every slice; `rests` is 3 % below the market. */
  readonly limitPrice?: string;
  /** Commands stay on the lane before this step. */
  readonly deliversFrom?: number;
  /** Slices; three unless said otherwise. */
  readonly count?: number;
  /** Called at each step of the clock, before anybody is woken. */
  readonly at?: (step: number, plan: SlicePlan) => Promise<void>;
}

export interface PlanLife {
  readonly plan: SlicePlan;
  readonly calls: readonly OutsideCall[];
  readonly processes: number;
}

export function planOf(world: JourneyWorld, count: number, limitPrice: string | null): SlicePlan {
  const made = makePlan(
    {
      parentId: parentIdOf(['life', world.account]),
      terms: {
        accountId: world.account,
        strategyId: STRATEGY,
        ticker: SYMBOL,
        side: 'buy',
        type: limitPrice === null ? 'market' : 'limit',
        timeInForce: 'day',
        positionIntent: 'buy_to_open',
        size: { kind: 'quantity', quantity: wholeQuantity(SHARES) },
        limitPrice: limitPrice === null ? null : parsePrice(limitPrice),
        stopPrice: null,
      },
      purpose: 'entry',
      arrivalPrice: parsePrice('100'),
      wishHash: 'wish',
      by: 'ada',
      startAt: world.clock.now(),
      intervalMs: INTERVAL_MS,
      count,
    },
    {
      step: wholeQuantity(1),
      quantityMin: wholeQuantity(1),
      sliceMax: null,
      closeAt: addMs(world.clock.now(), 6 * 3_600_000),
      cooldownMs: 60_000,
    },
  );
  if (!made.ok) throw new Error(made.error.message);
  return made.value;
}

class Life {
  readonly calls: OutsideCalls;
  readonly #world: JourneyWorld;
  readonly #wakes = new MemoryWakes();
  readonly #others: Process;
  readonly #mode: WakeMode;
  readonly #together: number;
  processes = 0;

  constructor(world: JourneyWorld, options: PlanLifeOptions) {
    this.#world = world;
    this.#mode = options.wakes ?? 'on-time';
    this.#together = options.together ?? 1;
    this.calls = new OutsideCalls(options.plans ?? []);
    this.#others = world.start(new OutsideCalls([]));
  }

  #process(): { readonly incarnation: Incarnation; readonly slice: SliceDependencies } {
    this.processes += 1;
    const incarnation = new Incarnation(this.calls);
    const { account, clock, tables, lane } = this.#world;
    const lost = (): Error => new Fault('uncertain', 'answer-lost', 'the answer was lost');
    const call = <T>(name: string, perform: () => Promise<T>): Promise<T> =>
      incarnation.call({ name, writes: true }, perform, lost);
    return {
      incarnation,
      slice: {
        accountId: account,
        build: BUILD,
        clock,
        ...sliceStores(tablesOf(incarnation, tables), clock),
        lanes: {
          send: (messages) =>
            call('lanes: send', () => {
              for (const { group, dedupId, body } of messages) lane.send({ group, dedupId, body });
              return Promise.resolve();
            }),
        },
        wakes: {
          make: (wakes) => call('wakes: make', () => this.#wakes.make(wakes)),
          drop: (names) => call('wakes: drop', () => this.#wakes.drop(names)),
        },
        telemetry: recordedTelemetry(),
      },
    };
  }

  /** One invocation; a process that dies or whose call failed says nothing. */
  async wake(): Promise<void> {
    const running = Array.from({ length: this.#together }, async () => {
      const { incarnation, slice } = this.#process();
      try {
        await workPlans(slice, TARGET);
      } catch (thrown) {
        if (thrown instanceof ProcessDied || incarnation.isDead) return;
        if (!(thrown instanceof Fault) || thrown.kind === 'permanent') throw thrown;
      }
    });
    await Promise.all(running);
  }

  /** Who is woken at this instant: by the schedules of the slices as the mode has it, and each minute by the sweep. */
  async wakeDue(now: EpochMs, step: number): Promise<void> {
    const due = this.#wakes.fire(this.#mode === 'late' ? addMs(now, -STEP_MS) : now);
    const times = { 'on-time': 1, late: 1, twice: 2, never: 0 }[this.#mode] * due.length;
    for (let time = 0; time < times; time += 1) await this.wake();
    if (step % 2 === 0) await this.wake();
  }

  /** False when there was nothing on the lane. */
  async deliver(): Promise<boolean> {
    const { lane, clock } = this.#world;
    let delivered = false;
    for (let [message] = lane.receive(); message !== undefined; [message] = lane.receive()) {
      const { body, messageId, receiptHandle } = message;
      const sender = { holder: messageId, until: addMs(clock.now(), FUNCTION_MS) };
      await this.#others.run(() => answerCommand(this.#others.execute, readCommand(JSON.parse(body)), sender));
      lane.delete(receiptHandle);
      delivered = true;
    }
    return delivered;
  }

  /** Three hundredths below the market, on a tick. */
  async restingPrice(): Promise<string> {
    const { marketData } = this.#others.execute;
    const quotes = await this.#others.run(() => marketData.latestQuotes([SYMBOL]));
    const bid = quotes.get(SYMBOL)?.bid ?? null;
    if (bid === null) throw new Error('nobody quotes');
    return formatPrice(roundPrice(proratePrice(bid, 97n, 100n, 'floor'), parsePrice('0.01'), 'floor'));
  }

  async pass(): Promise<void> {
    await this.#others.run(() => reconcilePass(this.#others.reconcile, () => PASS_MS));
  }
}

/** Makes a plan and lets it live until it has ended, or its time is long over. */
export async function leadPlan(world: JourneyWorld, options: PlanLifeOptions = {}): Promise<PlanLife> {
  const life = new Life(world, options);
  const store = slicePlansStore(world.tables, 'control');
  const count = options.count ?? 3;
  const limitPrice = options.limitPrice === 'rests' ? await life.restingPrice() : (options.limitPrice ?? null);
  const { plan } = await store.make(planOf(world, count, limitPrice), world.clock.now());
  const steps = (count * INTERVAL_MS) / STEP_MS + STEPS_AFTER;
  let current = plan;
  for (let step = 0; step < steps && current.end === null; step += 1) {
    await options.at?.(step, current);
    await life.wakeDue(world.clock.now(), step);
    const delivered = step >= (options.deliversFrom ?? 0) && (await life.deliver());
    // News comes at once, or within the minute: an entry rests from when the fill before it was told.
    if (delivered || step % 2 === 0 || options.limitPrice === 'rests') await life.pass();
    current = (await store.get(world.account, plan.parentId)) ?? current;
    world.clock.moveTo(addMs(world.clock.now(), STEP_MS));
  }
  return { plan: current, calls: life.calls.made, processes: life.processes };
}
