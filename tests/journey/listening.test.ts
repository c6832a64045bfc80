/** The listener at the broker's own stream: a real socket, one slot at a time, and whatever goes wrong on the wire. */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ListenDependencies, type Listened, holdStream } from '#functions/listen/hold-stream.ts';
import { submitOrder } from '#functions/execute/submit-order.ts';
import { alpacaEndpoints } from '#shared/adapters/alpaca/endpoints.ts';
import { alpacaOrderStream } from '#shared/adapters/alpaca/order-stream.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { orphansStore } from '#shared/adapters/stores/orphans-store.ts';
import { reconciliationsStore } from '#shared/adapters/stores/reconciliations-store.ts';
import { addMs, type EpochMs } from '#shared/core/kernel/instant.ts';
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { type RecordedTelemetry, recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';
import {
  interceptFetch,
  type JourneyWorld,
  openWorld,
  type Process,
  saveMarket,
  SYMBOL,
  WorldClock,
} from './journey-world.ts';
import { entryIntent, rowsOf } from './order-life.ts';
import { OutsideCalls } from './outside-calls.ts';

const SLOT_MS = 180_000;

/** Short pauses pass at once; the slot lasts until it is told to end. */
class SlotClock implements Clock {
  readonly #world: WorldClock;
  #end: (() => void) | null = null;
  /** Resolves once the slot is waited for: the stream is open, and what went before is read. */
  readonly holding: Promise<void>;
  #held: () => void = () => undefined;

  constructor(world: WorldClock) {
    this.#world = world;
    this.holding = new Promise((resolve) => {
      this.#held = resolve;
    });
  }

  now(): EpochMs {
    return this.#world.now();
  }

  sleepUntil(at: EpochMs, signal?: AbortSignal): Promise<void> {
    if (at - this.now() <= 5_000) return this.#world.sleepUntil(at);
    this.#held();
    return new Promise((resolve, reject) => {
      this.#end = resolve;
      signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    });
  }

  end(): void {
    this.#end?.();
  }
}

interface Slot {
  readonly clock: SlotClock;
  readonly telemetry: RecordedTelemetry;
  readonly listened: Promise<Listened>;
  /** Ends the slot, and says what came of it. */
  end(): Promise<Listened>;
}

let restore: () => void;
let tables: MemoryTables;
let world: JourneyWorld;
let sender: Process;
let intent: OrderIntent;
let worlds = 0;

beforeAll(() => {
  restore = interceptFetch();
});
afterAll(() => restore());
beforeEach(async () => {
  tables = new MemoryTables({ clock: new WorldClock() });
  await saveMarket(tables);
  worlds += 1;
  world = await openWorld(tables, `listening-${worlds}`);
  sender = world.start(new OutsideCalls([]));
  intent = entryIntent(world);
  return () => world.close();
});

function openSlot(changes: Partial<ListenDependencies> = {}): Slot {
  const clock = new SlotClock(world.clock);
  const telemetry = recordedTelemetry();
  const { key, secret, url } = world.simulator;
  const endpoints = alpacaEndpoints({ paper: true, baseUrl: url, key, secret });
  const listened = holdStream(
    {
      accountId: world.account,
      clock,
      telemetry,
      stream: alpacaOrderStream({ endpoints, telemetry, now: () => world.clock.now() }),
      broker: sender.execute.broker,
      orders: ordersStore(tables, 'listen', world.clock),
      orphans: orphansStore(tables, 'listen'),
      reconciliations: reconciliationsStore(tables, 'listen'),
      ...changes,
    },
    SLOT_MS,
  );
  return {
    clock,
    telemetry,
    listened,
    async end() {
      clock.end();
      return await listened;
    },
  };
}

/** @param until when the run of the sender is over */
async function buy(until = addMs(world.clock.now(), 30_000)): Promise<ClientOrderId> {
  const lease = { holder: 'sender', until };
  await sender.run(() => submitOrder(sender.execute, intent, lease));
  return clientOrderIdFor(intent.terms, intent.decision);
}

const pass = (durationMs: number): void => world.clock.moveTo(addMs(world.clock.now(), durationMs));
const stateOf = async (id: ClientOrderId) => (await rowsOf(world, [id])).get(id)?.state;
const asked = async () =>
  ((await reconciliationsStore(tables, 'control').mark(world.account))?.asked ?? []).map(({ requestId }) =>
    requestId.split(':').slice(0, 2).join(' '),
  );

/** Looks again and again, as the socket needs turns of the loop, and no certain number of them. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await turnOfTheLoop();
}

const placeForeign = async (): Promise<void> => {
  const { key, secret, url } = world.simulator;
  const answer = await fetch(`${url}/v2/orders`, {
    method: 'POST',
    headers: { 'APCA-API-KEY-ID': key, 'APCA-API-SECRET-KEY': secret, 'content-type': 'application/json' },
    body: JSON.stringify({ symbol: SYMBOL, qty: '1', side: 'buy', type: 'market', time_in_force: 'day' }),
  });
  expect(answer.status).toBe(200);
};

describe('a slot of the stream', () => {
  it('brings a fill into the books as it is told, and asks for nothing', async () => {
    const slot = openSlot();
    await slot.clock.holding;
    const id = await buy();
    pass(1_000);
    await until(async () => (await stateOf(id)) === 'filled');
    expect(await slot.end()).toMatchObject({ endedBy: 'slot', openings: 1, backfilled: 0 });
    expect(await asked()).toEqual([]);
  });

  it('reads what was told while nobody listened', async () => {
    const id = await buy();
    pass(1_000);
    expect(await stateOf(id)).toBe('acknowledged');
    const slot = openSlot();
    await slot.clock.holding;
    // The broker's own object of it: all filled, its execution still to come from the activities.
    expect(await stateOf(id)).toBe('filled');
    expect(await slot.end()).toMatchObject({ backfilled: 1, updates: 0 });
    expect(await asked()).toEqual(['listen gap']);
  });

  it('finds an order that was sent again since by the first time that it was', async () => {
    world.simulator.faults.set('drop-answer', { count: 1, parameters: { route: 'submit-order' } });
    world.simulator.faults.set('hide-lookup', { parameters: { ms: 3_600_000 } });
    const early = addMs(world.clock.now(), 15_500);
    await expect(buy(early)).rejects.toMatchObject({ kind: 'transient' });
    pass(60_000);
    const id = await buy();
    expect((await rowsOf(world, [id])).get(id)).toMatchObject({ state: 'unknown', attempt: 2 });
    const slot = openSlot();
    await slot.clock.holding;
    expect(await stateOf(id)).toBe('filled');
    expect(await slot.end()).toMatchObject({ backfilled: 1 });
  });

  it('opens a connection again that was cut, and reads what was lost with it', async () => {
    const slot = openSlot();
    await slot.clock.holding;
    const id = await buy();
    world.simulator.faults.set('stream-disconnect', { count: 1, parameters: { event: 'fill' } });
    pass(1_000);
    await until(async () => (await stateOf(id)) === 'filled');
    await until(() => Promise.resolve(world.simulator.streams().some(({ kind, open }) => kind === 'orders' && open)));
    expect(await slot.end()).toMatchObject({ endedBy: 'slot', openings: 2 });
  });

  it('tries again while the stream cannot be opened, and fails when it never can', async () => {
    world.simulator.faults.set('stream-down', {});
    await expect(openSlot().listened).rejects.toMatchObject({ kind: 'transient' });
    expect(await asked()).toEqual([]);
  });

  it('goes on listening though what went before cannot be read', async () => {
    const id = await buy();
    world.simulator.faults.set('error-before', { parameters: { route: 'list-orders', status: 503, html: false } });
    const broken = openSlot();
    await broken.clock.holding;
    pass(1_000);
    await until(async () => (await stateOf(id)) === 'filled');
    expect(await broken.end()).toMatchObject({ endedBy: 'slot', backfilled: 0 });
  });

  it('keeps news of an order that is not in the table, and asks for a pass', async () => {
    const slot = openSlot();
    await slot.clock.holding;
    await placeForeign();
    pass(1_000);
    await until(async () => (await orphansStore(tables, 'control').all(world.account)).length > 0);
    await slot.end();
    expect(await asked()).toEqual(['listen orphan']);
  });

  it('takes the same news twice for one, from the slot before and from its own', async () => {
    const [before, after] = [openSlot(), openSlot()];
    await Promise.all([before.clock.holding, after.clock.holding]);
    const id = await buy();
    pass(1_000);
    await until(async () => (await stateOf(id)) === 'filled');
    const [first, second] = [await before.end(), await after.end()];
    expect(first.updates).toBe(second.updates);
    const row = (await rowsOf(world, [id])).get(id);
    expect(row?.executions).toHaveLength(1);
    expect(world.ledger().orders).toHaveLength(1);
  });

  it('asks for a pass when a fill was taken back', async () => {
    const slot = openSlot();
    await slot.clock.holding;
    world.simulator.faults.set('bust-after-fill', {});
    const id = await buy();
    pass(1_000);
    await until(async () => (await asked()).length > 0);
    await slot.end();
    expect(await asked()).toEqual(['listen restated']);
    expect((await rowsOf(world, [id])).get(id)?.filledQuantity).toBe(0n);
  });
});
