/** One-off wakes: over the scheduler's API as the local house answers it, and in memory. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AwsEndpoint, startAwsEndpoint } from '#infra/local/endpoint/aws-endpoint.ts';
import { OneOffSchedules } from '#infra/local/schedules/one-off-schedules.ts';
import { Agenda } from '#infra/local/time/agenda.ts';
import { MemoryWakes } from '#shared/adapters/memory/wakes.ts';
import { openSchedulerWakes } from '#shared/adapters/scheduler/wakes.ts';
import { memoryPacing } from '#shared/adapters/memory/pacing.ts';
import { addMs, type EpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import type { Wake, Wakes } from '#shared/ports/wakes.ts';
import { type FaultyProxy, refusal, startFaultyProxy } from './faulty-proxy.ts';

const START = parseEpochMs('2026-03-09T14:00:00Z');
const TARGET = 'arn:aws:lambda:us-east-1:000000000000:function:slice';
const GROUP = 'wakes';

interface Woken {
  readonly functionName: string;
  readonly event: unknown;
}

let agenda: Agenda;
let woken: Woken[];
let schedules: OneOffSchedules;
let endpoint: AwsEndpoint;
let proxy: FaultyProxy;

beforeEach(async () => {
  agenda = new Agenda();
  woken = [];
  const invoke = (functionName: string, event: unknown): Promise<void> => {
    woken.push({ functionName, event });
    return Promise.resolve();
  };
  schedules = new OneOffSchedules({ agenda, invoker: { invoke }, groups: [GROUP], functions: [{ name: 'slice' }] });
  endpoint = await startAwsEndpoint({ bus: { put: () => 'id' }, buses: [], schedules, secret: () => null });
  proxy = await startFaultyProxy(endpoint.url);
});
afterEach(async () => {
  await proxy.stop();
  await endpoint.close();
});

const overScheduler = (groupName = GROUP): Wakes =>
  openSchedulerWakes({
    groupName,
    roleArn: 'arn:aws:iam::000000000000:role/wakes',
    pacing: memoryPacing(),
    client: { endpoint: proxy.endpoint, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } },
  });

const wake = (name: string, ms: number): Wake => ({ name, at: addMs(START, ms), target: TARGET });

/** Lets the house's time come to an instant; the slots that fired. */
async function slotsUntil(at: EpochMs): Promise<readonly unknown[]> {
  while (await agenda.step(at));
  return woken.map(({ event }) => event);
}

let memory: MemoryWakes;
const firedInMemory = (at: EpochMs): Promise<readonly unknown[]> =>
  Promise.resolve(
    memory.fire(at).map((fired) => ({ slot: new Date(fired.at).toISOString().replace('.000', ''), kind: 'wake' })),
  );

describe.each([
  ['the scheduler', (): Wakes => overScheduler(), slotsUntil],
  [
    'memory',
    (): Wakes => {
      memory = new MemoryWakes();
      return memory;
    },
    firedInMemory,
  ],
])('wakes over %s', (_, open, firedUntil) => {
  it('come once each at their time, with nothing but their slot', async () => {
    const wakes = open();
    await wakes.make([wake('b', 60_000), wake('a', 0)]);
    await wakes.make([wake('a', 0), wake('c', 120_000)]);
    expect(await firedUntil(addMs(START, 60_000))).toEqual([
      { slot: '2026-03-09T14:00:00Z', kind: 'wake' },
      { slot: '2026-03-09T14:01:00Z', kind: 'wake' },
    ]);
  });

  it('can be taken back, also when they are not there', async () => {
    const wakes = open();
    await wakes.make([wake('a', 0), wake('b', 60_000)]);
    await wakes.drop(['a', 'never-made']);
    await wakes.drop(['a']);
    expect(await firedUntil(addMs(START, 60_000))).toEqual([{ slot: '2026-03-09T14:01:00Z', kind: 'wake' }]);
  });

  it('keep the time that they were first made for', async () => {
    const wakes = open();
    await wakes.make([wake('a', 60_000)]);
    await wakes.make([wake('a', 0)]);
    expect(await firedUntil(START)).toEqual([]);
  });

  it('are refused under a name that no schedule may have', async () => {
    await expect(open().make([wake('not a name', 0)])).rejects.toMatchObject({ kind: 'permanent' });
  });
});

describe('the scheduler', () => {
  it('is asked for a whole second, never before the time', async () => {
    await overScheduler().make([wake('a', 1), wake('b', 999), wake('c', 1000)]);
    expect(proxy.seen.map(({ body }) => /at\(([^)]*)\)/.exec(body)?.[1])).toEqual(
      Array.from({ length: 3 }, () => '2026-03-09T14:00:01'),
    );
    expect(JSON.parse(proxy.seen[0]?.body ?? '')).toMatchObject({
      GroupName: GROUP,
      ActionAfterCompletion: 'DELETE',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: TARGET, RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 } },
    });
  });

  it('is asked again when its answer is lost, which makes one wake', async () => {
    proxy.treat('lose-answer', 'lose-request');
    await overScheduler().make([wake('a', 0)]);
    expect(schedules.size).toBe(1);
    expect(proxy.seen.length).toBeGreaterThan(1);
    proxy.treat('lose-answer');
    await overScheduler().drop(['a']);
    expect(schedules.size).toBe(0);
  });

  it('is waited for when it is throttled, and given up on when it refuses', async () => {
    proxy.treat(refusal('ThrottlingException', {}, 429));
    await overScheduler().make([wake('a', 0)]);
    expect(schedules.size).toBe(1);
    await expect(overScheduler('nowhere').make([wake('b', 0)])).rejects.toMatchObject({
      kind: 'permanent',
      code: 'scheduler-refused',
    });
    await expect(overScheduler().make([{ ...wake('c', 0), target: `${TARGET}-other` }])).rejects.toMatchObject({
      kind: 'permanent',
    });
    proxy.treat(...Array.from({ length: 8 }, () => 'lose-request' as const));
    await expect(overScheduler().make([wake('d', 0)])).rejects.toMatchObject({ kind: 'uncertain' });
  });
});
