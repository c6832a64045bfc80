import { afterEach, describe, expect, it } from 'vitest';
import { epochMs } from '#shared/core/kernel/instant.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import type { Handler } from '#infra/local/lambda/invocation.ts';
import {
  functionResource,
  noRetries,
  queueResource,
  scheduleResource,
  startTestHouse,
  tableResource,
  type TestHouse,
  type TestHouseOptions,
} from './house-under-test.ts';

let started: TestHouse | null = null;

async function start(
  resources: Readonly<Record<string, unknown>>,
  rooms: TestHouseOptions['rooms'],
  more: Partial<TestHouseOptions> = {},
): Promise<TestHouse> {
  started = await startTestHouse({ stacks: { flow: { Resources: resources } }, rooms, ...more });
  return started;
}

afterEach(async () => {
  await started?.stop();
  started = null;
});

const timeOf = (instantMs: number): string => new Date(instantMs).toISOString().slice(11, 19);
const timeNow = (): string => timeOf(Date.now());

const EVERY_MINUTE = scheduleResource('Guard', 'pass', 'cron(* 9-16 ? * MON-FRI *)');
const MORNING = scheduleResource('Decide', 'decide', 'cron(35 9 ? * MON-FRI *)');

describe('schedules in discrete time', () => {
  it('fires slots at their instants, with the slot in the input, and skips the time between', async () => {
    const seen: unknown[] = [];
    const { runUntil } = await start(
      { Decide: functionResource('decide'), Morning: MORNING },
      { decide: (event) => seen.push([event, new Date().toISOString()]) },
    );
    await runUntil('2024-03-11T22:00:00Z');
    expect(seen).toEqual([
      [{ slot: '2024-03-08T14:35:00Z', kind: 'decide' }, '2024-03-08T14:35:00.000Z'],
      [{ slot: '2024-03-11T13:35:00Z', kind: 'decide' }, '2024-03-11T13:35:00.000Z'],
    ]);
    expect(new Date().toISOString()).toBe('2024-03-11T22:00:00.000Z');
  });

  it('keeps of a guard the first and last slot, open and close, and the one before a step', async () => {
    const seen: string[] = [];
    const { runUntil } = await start(
      { Guard: functionResource('guard'), Decide: functionResource('decide'), Minute: EVERY_MINUTE, Morning: MORNING },
      { guard: () => seen.push(`guard ${timeNow()}`), decide: () => seen.push(`decide ${timeNow()}`) },
    );
    await runUntil('2024-03-08T23:00:00Z');
    expect(seen).toEqual([
      'guard 14:00:00',
      'guard 14:30:00',
      'guard 14:35:00',
      'decide 14:35:00',
      'guard 21:00:00',
      'guard 21:59:00',
    ]);
  });

  it('fires every slot of a guard when it is told to', async () => {
    let count = 0;
    const guard: Handler = () => {
      count += 1;
    };
    const { runUntil } = await start(
      { Guard: functionResource('guard'), Minute: EVERY_MINUTE },
      { guard },
      { everySlot: true },
    );
    await runUntil('2024-03-08T23:00:00Z');
    expect(count).toBe(8 * 60);
  });

  it('tries an asynchronous invocation again as its function is configured, and keeps what failed for good', async () => {
    const seen: string[] = [];
    const { house, failures, runUntil } = await start(
      {
        Failed: queueResource('failed'),
        Flaky: functionResource('flaky'),
        FlakyAsync: {
          Type: 'AWS::Lambda::EventInvokeConfig',
          Properties: {
            FunctionName: { Ref: 'Flaky' },
            Qualifier: '$LATEST',
            MaximumRetryAttempts: 1,
            DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Failed', 'Arn'] } } },
          },
        },
        Once: scheduleResource('Flaky', 'x', 'at(2024-03-08T09:00:00)'),
      },
      {
        flaky: () => {
          seen.push(timeNow());
          throw new TypeError('no bars');
        },
      },
    );
    await runUntil('2024-03-08T20:00:00Z');
    expect(seen).toEqual(['14:00:00', '14:01:00']);
    expect(failures.map(({ errorType, errorMessage }) => `${errorType}: ${errorMessage}`)).toEqual([
      'TypeError: no bars',
      'TypeError: no bars',
    ]);
    const [kept] = await house.queues.receive('failed', { count: 10 });
    expect(JSON.parse(kept?.Body ?? 'null')).toMatchObject({
      requestPayload: { slot: '2024-03-08T14:00:00Z', kind: 'x' },
      requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 2 },
    });
  });
});

const pause = (durationMs: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });

function sleepFor(durationMs: number, seen: string[]): Handler {
  return async () => {
    await systemClock.sleepUntil(epochMs(Date.now() + durationMs));
    seen.push(timeNow());
  };
}

describe('functions', () => {
  it('sees exactly the environment that its template gives it, also while others run', async () => {
    const seen: Record<string, unknown> = {};
    const look =
      (room: string): Handler =>
      async () => {
        const before = process.env['TABLE_ORDERS'];
        await pause(5);
        const { BELAY_LOCAL, HOME, TABLE_ORDERS } = process.env;
        seen[room] = { before, TABLE_ORDERS, HOME, BELAY_LOCAL, hasPath: 'PATH' in process.env };
      };
    const { house } = await start(
      {},
      { one: look('one'), two: look('two') },
      {
        stacks: {
          state: {
            Resources: { Orders: tableResource('dev-orders') },
            Outputs: { Orders: { Value: { Ref: 'Orders' }, Export: { Name: 'state:orders' } } },
          },
          flow: {
            Resources: {
              One: functionResource('one', { environment: { TABLE_ORDERS: { 'Fn::ImportValue': 'state:orders' } } }),
              Two: functionResource('two'),
            },
          },
        },
      },
    );
    await Promise.all([house.runtime.invoke('one', {}).outcome, house.runtime.invoke('two', {}).outcome]);
    const bare = { before: undefined, TABLE_ORDERS: undefined, HOME: undefined, BELAY_LOCAL: '1', hasPath: false };
    expect(seen).toEqual({ one: { ...bare, before: 'dev-orders', TABLE_ORDERS: 'dev-orders' }, two: bare });
    expect('PATH' in process.env).toBe(true);
  });

  it('refuses to start when a function would be told an address that is not of this machine', async () => {
    const resources = {
      Execute: functionResource('execute', { environment: { ALPACA_BASE_URL: 'https://api.alpaca.markets' } }),
    };
    await expect(start(resources, {})).rejects.toThrow(
      'execute: its variable ALPACA_BASE_URL leads to api.alpaca.markets',
    );
    const { house } = await start(resources, {}, { changes: { ALPACA_BASE_URL: 'http://127.0.0.1:9' } });
    expect(house.runtime.plan('execute').environment).toEqual({ ALPACA_BASE_URL: 'http://127.0.0.1:9' });
  });

  it('sends what functions write to the log', async () => {
    const { house, logs } = await start(
      { Talker: functionResource('talker') },
      { talker: () => process.stdout.write('{"level":"INFO"}\n') },
    );
    await house.runtime.invoke('talker', {}).outcome;
    expect(logs).toEqual([{ functionName: 'talker', text: '{"level":"INFO"}\n' }]);
  });

  it('lets a sleeper wake at its instant while other slots go on', async () => {
    const [woke, ticks]: [string[], string[]] = [[], []];
    const { runUntil, failures } = await start(
      {
        Listen: functionResource('listen', { timeoutSeconds: 180 }),
        Tick: functionResource('tick'),
        A: scheduleResource('Listen', 'x', 'at(2024-03-08T09:00:00)'),
        B: scheduleResource('Tick', 'x', 'at(2024-03-08T09:01:00)'),
      },
      { listen: sleepFor(150_000, woke), tick: () => ticks.push(timeNow()) },
    );
    await runUntil('2024-03-08T14:10:00Z');
    expect({ woke, ticks, failures }).toEqual({ woke: ['14:02:30'], ticks: ['14:01:00'], failures: [] });
  });

  it('cuts an invocation off when its timeout has passed on the clock of the house', async () => {
    const { runUntil, failures } = await start(
      {
        Listen: functionResource('listen', { timeoutSeconds: 60 }),
        ListenAsync: noRetries('Listen'),
        A: scheduleResource('Listen', 'x', 'at(2024-03-08T09:00:00)'),
      },
      { listen: sleepFor(150_000, []) },
    );
    await runUntil('2024-03-08T14:10:00Z');
    expect(failures.map(({ errorType, atMs }) => `${errorType} ${timeOf(atMs)}`)).toEqual([
      'Sandbox.Timedout 14:01:00',
    ]);
  });

  it('cuts an invocation off that hangs while the clock stands', async () => {
    const { runUntil, failures } = await start(
      {
        Hang: functionResource('hang', { timeoutSeconds: 1 }),
        HangAsync: noRetries('Hang'),
        A: scheduleResource('Hang', 'x', 'at(2024-03-08T09:00:00)'),
      },
      { hang: () => pause(60_000) },
    );
    await runUntil('2024-03-08T14:10:00Z');
    expect(failures.map(({ errorType, atMs }) => `${errorType} ${timeOf(atMs)}`)).toEqual([
      'Sandbox.Timedout 14:00:00',
    ]);
  });
});
