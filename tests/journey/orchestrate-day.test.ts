/** The order of orchestrate's day, as its real workflow over real stores and a real wire keeps it. */
import { describe, expect, it } from 'vitest';
import type { AnyFact } from '#events/catalogue.ts';
import { aggregateOf } from '#events/fact.ts';
import {
  type OrchestrateDependencies,
  orchestrateRun,
  type RunOutcome,
} from '#functions/orchestrate/orchestrate-run.ts';
import { MemoryFifoQueue } from '#shared/adapters/memory/fifo-queue.ts';
import { memoryLanes } from '#shared/adapters/memory/lanes.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { runsStore } from '#shared/adapters/stores/runs-store.ts';
import { addMs, calendarDate } from '#shared/core/kernel/instant.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { sessionBefore, sessionsBetween } from '#shared/core/market/session-calendar.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import { runIdOf } from '#shared/core/portfolio/run-id.ts';
import type { Signal } from '#shared/core/signal/types.ts';
import { STRATEGY, SYMBOL } from '#tests/journey/journey-world.ts';
import { SafetyWorld } from '#tests/safety/safety-world.ts';

/** Calls by their start; those of one step were on their way at the same time. */
class Steps {
  readonly made: string[][] = [];
  #open = 0;

  /** @returns the port itself, every call of which is written down */
  watch<T extends object>(name: string, port: T): T {
    return new Proxy(port, {
      get: (target, key): unknown => {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== 'function') return member;
        return (...given: unknown[]): unknown => {
          const first = name === 'safety' ? ` ${String(given[1])}` : '';
          return this.#during(`${name}.${String(key)}${first}`, () => Reflect.apply(member, target, given));
        };
      },
    });
  }

  async #during(call: string, perform: () => unknown): Promise<unknown> {
    if (this.#open === 0) this.made.push([]);
    this.made.at(-1)?.push(call);
    this.#open += 1;
    try {
      return await perform();
    } finally {
      this.#open -= 1;
    }
  }
}

interface Day {
  readonly world: SafetyWorld;
  readonly run: OrchestrateDependencies;
  readonly steps: Steps;
  readonly orders: MemoryFifoQueue;
  decide(): Promise<RunOutcome>;
  /** What the journal says of the run, in sequence. */
  facts(): Promise<readonly AnyFact[]>;
}

async function onDay(name: string, work: (day: Day) => Promise<void>): Promise<void> {
  const world = await SafetyWorld.open(name);
  const { execute, journey } = world;
  const { clock, account, tables } = journey;
  const queue = (lane: string) => new MemoryFifoQueue({ name: lane, clock, visibilityTimeoutMs: 180_000 });
  const [orders, urgent] = [queue('orders'), queue('urgent')];
  const steps = new Steps();
  const journal = journalStore(tables);
  const run: OrchestrateDependencies = {
    accountId: account,
    build: execute.build,
    clock,
    telemetry: execute.telemetry,
    safety: steps.watch('safety', execute.safety),
    policies: steps.watch('policies', execute.policies),
    books: steps.watch('books', execute.books),
    broker: steps.watch('broker', execute.broker),
    marketData: steps.watch('marketData', execute.marketData),
    marketStore: steps.watch('marketStore', execute.marketStore),
    models: execute.models,
    orders: steps.watch('orders', execute.orders),
    runs: steps.watch('runs', runsStore(tables)),
    journal: steps.watch('journal', journal),
    lanes: steps.watch('lanes', memoryLanes({ queues: { orders, urgent } })),
  };
  const session = sessionBefore(newYorkDate(clock.now())).date;
  await execute.marketStore.saveBars([quietBars(session)]);
  await execute.marketStore.saveSignals(session, [entry(session)]);
  try {
    await work({
      world,
      run,
      steps,
      orders,
      decide: () => orchestrateRun(run, clock.now(), 'run-1'),
      facts: async () => await journal.byAggregate(aggregateOf.run(runIdOf(account, clock.now()))),
    });
  } finally {
    await world.close();
  }
}

/** Half a percent up and down again, which is a normal regime. */
function quietBars(until: Signal['asOf'], from = '2025-10-01'): BarColumns {
  const dates = sessionsBetween(calendarDate(from), until).map(({ date }) => date);
  const close = Float64Array.from(dates, (_, index) => (index % 2 === 0 ? 70 : 70.35));
  const around = (by: number) => close.map((price) => price + by);
  const volume = close.map(() => 1_000_000);
  return { ticker: SYMBOL, dates, open: close, high: around(0.5), low: around(-0.5), close, volume };
}

const entry = (asOf: Signal['asOf']): Signal => ({
  strategyId: STRATEGY,
  ticker: SYMBOL,
  kind: 'entry',
  side: 'buy',
  confidence: 0.5,
  reason: { code: 'crossed-up', text: 'crossed', numbers: {} },
  price: 70,
  atr: 1,
  modelVersion: null,
  asOf,
});

const refusalsIn = (facts: readonly AnyFact[]) =>
  facts.flatMap((fact) => (fact.type === 'signal.rejected.v1' ? [[fact.data.stage, fact.data.reason.code]] : []));

describe("orchestrate's day", () => {
  it('asks the gates, the account, what rests and the signals in this order, and sends what it has committed', async () => {
    await onDay('day-open', async ({ decide, steps, facts, orders }) => {
      expect(await decide()).toMatchObject({ kind: 'completed', commands: 1 });
      expect(steps.made.map((step) => step.sort())).toEqual([
        ['runs.start'],
        ['policies.active'],
        // Kill switch, breaker, arming and reconciliation are one read for each class of order.
        ['broker.calendar', `safety.shutGate entry`, `safety.shutGate reducing`],
        // The loss of the day.
        ['books.ofAccount', 'broker.account'],
        // Stale orders.
        ['orders.listOpen'],
        ['marketStore.loadSignals', 'runs.pendingSignals'],
        // Regime and correlation from the bars, size and risk from quotes.
        ['broker.instruments', 'marketData.latestQuotes', 'marketStore.loadBars'],
        // Decided: what an earlier generation of its order has bought.
        ['orders.get'],
        ['runs.commit'],
        ['journal.append'],
        ['lanes.send'],
        ['journal.append'],
        ['runs.complete'],
      ]);
      expect((await facts()).map(({ type }) => type)).toEqual([
        'run.committed.v1',
        'intent.created.v1',
        'run.completed.v1',
      ]);
      expect(orders.receive().map(({ body }) => body)).toEqual([expect.stringContaining('submit-order.v1')]);
    });
  });

  const change = { scope: { kind: 'account' }, by: 'tests', reason: 'a drill', correlationId: 'drill' } as const;
  const kill = async ({ world }: Day): Promise<void> => {
    const now = world.journey.clock.now();
    await world.execute.safety.engageKillSwitch(world.journey.account, { ...change, cancels: 'all', now });
  };
  const staleReconciliation = async ({ world: { journey } }: Day): Promise<void> => {
    journey.clock.moveTo(addMs(journey.clock.now(), 200_000));
    await Promise.resolve();
  };
  /** Too few bars for a volatility: without the gates the regime would refuse. */
  const forgetBars = ({ world }: Day): Promise<void> =>
    world.execute.marketStore.saveBars([quietBars(calendarDate('2026-01-05'), '2025-12-30')]);

  it.each([
    ['nothing but the bars is missing', 'regime', 'volatility-missing', []],
    ['the kill switch is engaged', 'safety', 'kill-switch-engaged', [kill]],
    ['no pass of reconciliation is fresh', 'safety', 'reconciliation-stale', [staleReconciliation]],
    ['both gates are shut', 'safety', 'kill-switch-engaged', [staleReconciliation, kill]],
  ] as const)('refuses an entry at the first gate that is shut when %s', async (_, stage, code, shut) => {
    await onDay(`day-${code}-${shut.length}`, async (day) => {
      await forgetBars(day);
      for (const gate of shut) await gate(day);
      expect(await day.decide()).toMatchObject({ kind: 'completed', commands: 0 });
      expect(refusalsIn(await day.facts())).toEqual([[stage, code]]);
      expect(day.orders.receive()).toEqual([]);
      // The reason is kept, and the signal with it: the next session decides on it again.
      const kept = await day.run.runs.pendingSignals(day.world.journey.account);
      expect(kept.map(({ state, blockedBy }) => [state, blockedBy?.code])).toEqual([['pending', code]]);
    });
  });
});
