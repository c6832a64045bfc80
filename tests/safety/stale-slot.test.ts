/** A slot decides once, in its own minute: a late schedule decides nothing. */
import { describe, expect, it } from 'vitest';
import { type OrchestrateDependencies, orchestrateRun } from '#functions/orchestrate/orchestrate-run.ts';
import { MemoryFifoQueue } from '#shared/adapters/memory/fifo-queue.ts';
import { memoryLanes } from '#shared/adapters/memory/lanes.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { runsStore } from '#shared/adapters/stores/runs-store.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { SafetyWorld } from './safety-world.ts';

const AGE_MS_MAX = 60_000;

async function inWorld<T>(name: string, work: (world: SafetyWorld, run: OrchestrateDependencies) => Promise<T>) {
  const world = await SafetyWorld.open(name);
  const { execute, journey } = world;
  const queue = (lane: string) =>
    new MemoryFifoQueue({ name: lane, clock: execute.clock, visibilityTimeoutMs: 180_000 });
  try {
    return await work(world, {
      ...execute,
      accountId: journey.account,
      runs: runsStore(journey.tables),
      journal: journalStore(journey.tables),
      lanes: memoryLanes({ queues: { orders: queue('orders'), urgent: queue('urgent') } }),
    });
  } finally {
    await world.close();
  }
}

describe('a slot', () => {
  it.each([
    ['a second too old', -AGE_MS_MAX - 1_000],
    ['of the future', 1_000],
  ])('is refused when it is %s', async (_, ms) => {
    await inWorld(`slot-${ms < 0 ? 'old' : 'ahead'}`, async ({ journey }, run) => {
      const slot = addMs(journey.clock.now(), ms);
      expect(await orchestrateRun(run, slot, 'run-1')).toMatchObject({
        kind: 'refused',
        refusal: { code: 'run-slot-stale' },
      });
      expect(journey.ledger().orders).toEqual([]);
    });
  });

  it('decides in its own minute, once', async () => {
    await inWorld('slot-fresh', async ({ journey }, run) => {
      const slot = journey.clock.now();
      expect(await orchestrateRun(run, slot, 'run-1')).toMatchObject({ kind: 'completed' });
      journey.clock.moveTo(addMs(slot, AGE_MS_MAX * 3));
      expect(await orchestrateRun(run, slot, 'run-2')).toMatchObject({ kind: 'completed' });
    });
  });
});
