import { afterEach, describe, expect, it } from 'vitest';
import { parseEpochMs } from '#shared/core/kernel/instant.ts';
import {
  fifoResource,
  functionResource,
  laneResource,
  scheduleResource,
  startTestHouse,
  type TestHouse,
} from './house-under-test.ts';
import { ProgressKeeper } from './progress.ts';
import { RealTime } from './real-time.ts';
import type { Venue } from './venue.ts';

const RESOURCES = {
  Orders: fifoResource('orders'),
  Execute: functionResource('execute'),
  ExecuteOrders: laneResource('Execute', 'Orders'),
  Decide: functionResource('decide'),
  Morning: scheduleResource('Decide', 'decide', 'at(2024-03-08T09:35:00)'),
};

let house: TestHouse | null = null;
let realTime: RealTime | null = null;
afterEach(async () => {
  realTime?.stop();
  await house?.stop();
});

function live(started: TestHouse, venue: Venue): RealTime {
  const { house: parts, clock } = started;
  const start = { fingerprint: '', nowMs: clock.now(), fired: {}, open: [], streams: {}, days: 0 };
  realTime = new RealTime({
    clock,
    agenda: parts.agenda,
    runtime: parts.runtime,
    invoker: parts.invoker,
    lanes: parts.lanes,
    sources: [...parts.streams, parts.bus],
    timetable: parts.timetable,
    venue,
    progress: new ProgressKeeper(null, start),
  });
  return realTime;
}

describe('real time', () => {
  it('fires slots as the clock comes to them, works lanes side by side, and steps the venue', async () => {
    const seen: string[] = [];
    const load = { running: 0, max: 0 };
    let advanced = false;
    const started = await startTestHouse({
      stacks: { flow: { Resources: RESOURCES } },
      rooms: {
        decide: async () => {
          seen.push('decide');
          const { queues } = started.house;
          for (const group of ['a', 'b']) await queues.send('orders.fifo', group, { id: group, dedupId: group });
        },
        execute: async () => {
          load.running += 1;
          load.max = Math.max(load.max, load.running);
          // Each waits for the other: in discrete time the first would wait for ever.
          while (load.max < 2) {
            await new Promise((resolve) => {
              setTimeout(resolve, 1);
            });
          }
          load.running -= 1;
          seen.push('execute');
          if (seen.filter((name) => name === 'execute').length === 2) realTime?.stop();
        },
      },
      startAt: '2024-03-08T14:34:59.950Z',
    });
    house = started;
    const dueAt = parseEpochMs('2024-03-08T14:35:00Z');
    const venue: Venue = {
      nextDueAt: () => (advanced ? null : dueAt),
      advanceTo: (now) => {
        advanced = now >= dueAt;
      },
      streams: () => [],
    };
    await live(started, venue).runUntil(parseEpochMs('2024-03-08T14:40:00Z'));
    expect({ seen, max: load.max, advanced, failures: started.failures }).toEqual({
      seen: ['decide', 'execute', 'execute'],
      max: 2,
      advanced: true,
      failures: [],
    });
    expect(Date.now()).toBeGreaterThanOrEqual(dueAt);
  });

  it('ends with what broke a part of the house', async () => {
    const started = await startTestHouse({ stacks: { flow: { Resources: RESOURCES } }, rooms: {} });
    house = started;
    const venue: Venue = {
      nextDueAt: () => started.clock.now(),
      advanceTo: () => {
        throw new Error('the venue is gone');
      },
      streams: () => [],
    };
    await expect(live(started, venue).runUntil(parseEpochMs('2024-03-08T14:40:00Z'))).rejects.toThrow(
      'the venue is gone',
    );
  });
});
