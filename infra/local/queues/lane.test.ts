import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  fifoResource,
  functionResource,
  laneResource,
  startTestHouse,
  type TestHouse,
} from '#infra/local/run/house-under-test.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import type { Handler } from '#infra/local/lambda/invocation.ts';

const RESOURCES = {
  Dead: fifoResource('dead'),
  Orders: fifoResource('orders', 'Dead'),
  Execute: functionResource('execute'),
  Bury: functionResource('bury'),
  ExecuteOrders: laneResource('Execute', 'Orders'),
  BuryDead: laneResource('Bury', 'Dead'),
};

const queueEvent = z.object({
  Records: z.array(
    z.object({
      messageId: z.string(),
      body: z.string(),
      eventSourceARN: z.string(),
      attributes: z.looseObject({
        MessageGroupId: z.string(),
        SentTimestamp: z.string(),
        ApproximateReceiveCount: z.string(),
      }),
    }),
  ),
});
type QueueRecord = z.output<typeof queueEvent>['Records'][number];

const recordsOf = (event: unknown): readonly QueueRecord[] => queueEvent.safeParse(event).data?.Records ?? [];
const timeNow = (): string => new Date().toISOString().slice(11, 19);

let started: TestHouse | null = null;
async function start(execute: Handler, bury: Handler = () => undefined): Promise<TestHouse> {
  started = await startTestHouse({ stacks: { flow: { Resources: RESOURCES } }, rooms: { execute, bury } });
  return started;
}
afterEach(async () => {
  await started?.stop();
  started = null;
});

const send = (house: TestHouse, group: string, body: string): Promise<void> =>
  house.house.queues.send('orders.fifo', body, { id: group, dedupId: body });

describe('a lane in discrete time', () => {
  it('hands messages over one at a time, in the order in which they were sent, over all groups', async () => {
    const seen: string[] = [];
    let running = 0;
    const house = await start(async (event) => {
      running += 1;
      expect(running).toBe(1);
      await new Promise((resolve) => {
        setTimeout(resolve, 2);
      });
      running -= 1;
      seen.push(...recordsOf(event).map(({ body, attributes }) => `${attributes.MessageGroupId}:${body}`));
      return { batchItemFailures: [] };
    });
    for (const [group, body] of [
      ['a', '1'],
      ['a', '2'],
      ['b', '3'],
      ['a', '4'],
      ['c', '5'],
      ['b', '6'],
    ] as const) {
      await send(house, group, body);
    }
    await house.conductor.drain();
    expect(seen).toEqual(['a:1', 'a:2', 'b:3', 'a:4', 'c:5', 'b:6']);
    expect(house.failures).toEqual([]);
  });

  it('shows a message that failed again after its visibility timeout, and holds its group until then', async () => {
    const seen: string[] = [];
    const house = await start((event) => {
      const [record] = recordsOf(event);
      seen.push(`${timeNow()} ${record?.body} ${record?.attributes.ApproximateReceiveCount}`);
      const fails = record?.body === 'first' && record.attributes.ApproximateReceiveCount === '1';
      return { batchItemFailures: fails ? [{ itemIdentifier: record.messageId }] : [] };
    });
    await send(house, 'a', 'first');
    await send(house, 'a', 'second');
    await send(house, 'b', 'other');
    await house.runUntil('2024-03-08T13:00:00Z');
    expect(seen).toEqual(['12:00:00 first 1', '12:00:00 other 1', '12:03:00 first 2', '12:03:00 second 1']);
  });

  it('goes on while a function sleeps, and holds the group of its message until it has ended', async () => {
    const seen: string[] = [];
    const house = await start(async (event) => {
      const [record] = recordsOf(event);
      seen.push(`${timeNow()} ${record?.body} begins`);
      if (record?.body === 'sleepy') await systemClock.sleepUntil(epochMs(Date.now() + 2_000));
      seen.push(`${timeNow()} ${record?.body} ends`);
      return { batchItemFailures: [] };
    });
    await send(house, 'a', 'sleepy');
    await send(house, 'a', 'second');
    await send(house, 'b', 'other');
    await house.runUntil('2024-03-08T12:01:00Z');
    expect(seen).toEqual([
      '12:00:00 sleepy begins',
      '12:00:00 other begins',
      '12:00:00 other ends',
      '12:00:02 sleepy ends',
      '12:00:02 second begins',
      '12:00:02 second ends',
    ]);
    expect(house.failures).toEqual([]);
  });

  it('moves a message that keeps failing to the dead letters, whose function gets it', async () => {
    const buried: string[] = [];
    const house = await start(
      () => {
        throw new Error('cannot');
      },
      (event) => {
        buried.push(...recordsOf(event).map(({ body, eventSourceARN }) => `${timeNow()} ${body} ${eventSourceARN}`));
        return { batchItemFailures: [] };
      },
    );
    await send(house, 'a', 'poison');
    await house.runUntil('2024-03-08T13:00:00Z');
    expect(buried).toEqual(['12:06:00 poison arn:aws:sqs:us-east-1:000000000000:dead.fifo']);
    expect(house.failures).toHaveLength(2);
  });

  it.each<readonly [string, unknown]>([
    ['is none', 'done'],
    ['names a message that was not handed over', { batchItemFailures: [{ itemIdentifier: 'somebody else' }] }],
  ])('takes an answer that %s as a failure of the whole batch', async (_, answer) => {
    let count = 0;
    const house = await start(() => {
      count += 1;
      return answer;
    });
    await send(house, 'a', 'x');
    await house.runUntil('2024-03-08T12:04:00Z');
    expect(count).toBe(2);
  });

  it('stamps messages with the clock of the house', async () => {
    const stamps: string[] = [];
    const house = await start((event) => {
      stamps.push(...recordsOf(event).map(({ attributes }) => attributes.SentTimestamp));
    });
    await send(house, 'a', 'x');
    await house.conductor.drain();
    expect(stamps).toEqual([String(Date.parse('2024-03-08T12:00:00Z'))]);
  });
});
