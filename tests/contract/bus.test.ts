import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type Fact, factMeta } from '#events/envelope.ts';
import { noSchedules } from './house-fixture.ts';
import { startAwsEndpoint } from '#infra/local/endpoint/aws-endpoint.ts';
import { openEventBridgeBus } from '#shared/adapters/eventbridge/bus.ts';
import { MemoryBus } from '#shared/adapters/memory/bus.ts';
import { memoryPacing } from '#shared/adapters/memory/pacing.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { Bus } from '#shared/ports/bus.ts';
import { describeBus, factOf, factsOf } from './bus.contract.ts';
import { type FaultyProxy, refusal, startFaultyProxy } from './faulty-proxy.ts';
import { type PutEntry, type PutEventsServer, startPutEventsServer } from './put-events-server.ts';

let server: PutEventsServer;
let proxy: FaultyProxy;

beforeAll(async () => {
  server = await startPutEventsServer();
  proxy = await startFaultyProxy(server.endpoint);
});

afterAll(async () => {
  await proxy.stop();
  await server.stop();
});

const open = (endpoint = proxy.endpoint): Bus =>
  openEventBridgeBus({
    busName: 'belay',
    pacing: memoryPacing(),
    client: { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } },
  });

const detail = z.strictObject({ meta: factMeta, data: z.unknown() });

function factOn(entry: PutEntry): Fact {
  const { meta, data } = detail.parse(JSON.parse(entry.Detail));
  expect(entry).toMatchObject({
    EventBusName: 'belay',
    Source: 'belay.execute',
    Time: Date.parse(meta.occurredAt) / 1000,
  });
  return { type: entry.DetailType, room: 'execute', meta, data };
}

describeBus('EventBridge', () => {
  server.refuse('');
  proxy.treat();
  return Promise.resolve({
    bus: open(),
    taken: () => server.taken.map(factOn),
    refuse: (eventIds) => server.refuse('ThrottlingException', ...eventIds),
  });
});

describeBus('memory', () => {
  let refused: readonly string[] = [];
  const bus = new MemoryBus((fact) => !refused.includes(fact.meta.eventId));
  return Promise.resolve({
    bus,
    taken: () => bus.taken,
    refuse: (eventIds) => {
      refused = eventIds;
    },
  });
});

describe('EventBridge: what can go wrong', () => {
  const sequencesOf = (facts: readonly Fact[]): number[] => facts.map((fact) => fact.meta.sequence);

  it('keeps a request to ten entries and 256 KiB', async () => {
    server.refuse('');
    proxy.treat();
    await open().publish(factsOf(21));
    expect(proxy.seen).toHaveLength(3);
    proxy.treat();
    const large = [1, 2, 3].map((sequence) => factOf(sequence, 'x'.repeat(100 * 1024)));
    expect(await open().publish(large)).toEqual([]);
    expect(proxy.seen).toHaveLength(2);
  });

  it('refuses a fact that no request can hold, and puts nothing on the bus', async () => {
    server.refuse('');
    const facts = [factOf(1), factOf(2, 'x'.repeat(256 * 1024))];
    await expect(open().publish(facts)).rejects.toMatchObject({ kind: 'permanent', code: 'bus-refused' });
    expect(server.taken).toEqual([]);
  });

  it('says it again when the answer is lost, so that it may be there twice and is there once at least', async () => {
    server.refuse('');
    proxy.treat('lose-answer', 'lose-request');
    expect(await open().publish(factsOf(1))).toEqual([]);
    expect(server.taken).toHaveLength(2);
  });

  it('goes on with the next request when one gets no answer, and gives back the facts of that one', async () => {
    server.refuse('');
    const broken = refusal('InternalFailure', {}, 500);
    proxy.treat(broken, broken, broken, broken, broken);
    expect(sequencesOf(await open().publish(factsOf(13)))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(server.taken).toHaveLength(3);
  });

  it('counts as not taken what the answer does not tell of', async () => {
    server.refuse('');
    const silent = { status: 200, body: { FailedEntryCount: 0, Entries: [] } };
    proxy.treat(silent, silent, silent, silent, silent);
    expect(sequencesOf(await open().publish(factsOf(2)))).toEqual([1, 2]);
  });

  it('is permanent when the bus will never take an entry, or denies the caller', async () => {
    server.refuse('MalformedDetail', factOf(2).meta.eventId);
    await expect(open().publish(factsOf(2))).rejects.toMatchObject({ kind: 'permanent', code: 'bus-refused' });
    proxy.treat(refusal('AccessDeniedException'));
    await expect(open().publish(factsOf(1))).rejects.toBeInstanceOf(Fault);
    expect(proxy.seen).toHaveLength(1);
  });

  it('is understood by the local house', async () => {
    const entries: unknown[] = [];
    const put = (entry: unknown): string => {
      entries.push(entry);
      return 'id';
    };
    const endpoint = await startAwsEndpoint({
      bus: { put },
      buses: ['belay'],
      schedules: noSchedules(),
      secret: () => null,
    });
    const [fact] = factsOf(1);
    expect(await open(endpoint.url).publish(factsOf(1))).toEqual([]);
    await endpoint.close();
    expect(entries).toMatchObject([
      { bus: 'belay', source: 'belay.execute', detailType: fact?.type, detail: { meta: fact?.meta, data: fact?.data } },
    ]);
  });
});
