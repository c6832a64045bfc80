/** What the sender does when it must not send, must wait, or finds somebody else's order under its id. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aggregateOf } from '#events/fact.ts';
import { cancelOrder } from '#functions/execute/cancel-order.ts';
import { submitOrder } from '#functions/execute/submit-order.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { formatQuantity, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import {
  interceptFetch,
  type JourneyWorld,
  openWorld,
  type Process,
  saveMarket,
  SYMBOL,
  WorldClock,
} from './journey-world.ts';
import { entryIntent, exitIntent, liveThrough, OrderLife, rowsOf, SHARES } from './order-life.ts';
import { OutsideCalls, ProcessDied } from './outside-calls.ts';

const REASON = { code: 'operator', message: 'not wanted any more', context: {} };

let restore: () => void;
let world: JourneyWorld;
let worlds = 0;

beforeAll(() => {
  restore = interceptFetch();
});
afterAll(() => restore());
beforeEach(async () => {
  const tables = new MemoryTables({ clock: new WorldClock() });
  await saveMarket(tables);
  worlds += 1;
  world = await openWorld(tables, `sending-${worlds}`);
  return () => world.close();
});

const living = (): Process => world.start(new OutsideCalls([]));

const submit = (process: Process, intent: OrderIntent, holder = 'run-1', lastsMs = 30_000) =>
  process.run(() => submitOrder(process.execute, intent, { holder, until: addMs(world.clock.now(), lastsMs) }));

const row = async (id: ClientOrderId) => (await rowsOf(world, [id])).get(id);
const idOf = (intent: OrderIntent): ClientOrderId => clientOrderIdFor(intent.terms, intent.decision);
const factsOf = async (id: ClientOrderId) =>
  (await journalStore(world.tables).byAggregate(aggregateOf.order(id))).map(({ type }) => type);
const submits = (calls: OutsideCalls): number =>
  calls.made.filter(({ name }) => name === 'broker: POST /v2/orders').length;

/** Somebody else orders with the account's key. */
async function order(body: Readonly<Record<string, string>>): Promise<void> {
  const { key, secret, url } = world.simulator;
  const taken = await fetch(`${url}/v2/orders`, {
    method: 'POST',
    headers: { 'APCA-API-KEY-ID': key, 'APCA-API-SECRET-KEY': secret, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(taken.status).toBe(200);
}

/** Where among its calls a run claims the order, found by a twin in a world of its own. */
async function claimOf(intent: OrderIntent): Promise<number> {
  const probe = new OutsideCalls([]);
  const sacrificed = await openWorld(world.tables, `sending-claim-${worlds}`);
  const other = sacrificed.start(probe);
  const twin = { ...intent, terms: { ...intent.terms, accountId: sacrificed.account } };
  await other.run(() =>
    submitOrder(other.execute, twin, { holder: 'probe', until: addMs(sacrificed.clock.now(), 30_000) }),
  );
  await sacrificed.close();
  return probe.made.findIndex(({ name }) => name === 'tables: transact');
}

/** Brings an order to the moment between its last look and its call, where the sender dies. */
async function dieBeforeCall(intent: OrderIntent): Promise<void> {
  const probe = new OutsideCalls([]);
  const sacrificed = await openWorld(world.tables, `sending-probe-${worlds}`);
  const other = sacrificed.start(probe);
  const twin = entryIntent(sacrificed);
  await other.run(() =>
    submitOrder(other.execute, twin, { holder: 'probe', until: addMs(sacrificed.clock.now(), 30_000) }),
  );
  await sacrificed.close();
  const at = probe.made.findIndex(({ name }) => name === 'broker: POST /v2/orders');
  const doomed = world.start(new OutsideCalls([{ at, fate: 'die-before' }]));
  await expect(submit(doomed, intent, 'doomed')).rejects.toThrow(ProcessDied);
  expect((await row(idOf(intent)))?.state).toBe('sending');
}

describe('an order whose sender died before its call', () => {
  it('is not sent again once a kill switch is engaged, and keeps its reservation', async () => {
    const intent = entryIntent(world);
    await dieBeforeCall(intent);
    const change = {
      scope: { kind: 'account' },
      cancels: 'all',
      by: 'ops',
      reason: 'drill',
      now: world.clock.now(),
      correlationId: 'drill',
    } as const;
    await safetyStore(world.tables, 'control').engageKillSwitch(world.account, change);
    world.clock.moveTo(addMs(world.clock.now(), 180_000));
    expect(await submit(living(), intent, 'run-2')).toMatchObject({ kind: 'unknown' });
    expect(world.ledger().orders).toEqual([]);
    expect((await row(idOf(intent)))?.state).toBe('unknown');
    expect((await booksStore(world.tables, 'control').exposure(world.account))?.ordersOpen).toBe(1);
  });

  it('is not sent again once its decision is stale', async () => {
    const intent = entryIntent(world);
    await dieBeforeCall(intent);
    world.clock.moveTo(intent.validUntil);
    expect(await submit(living(), intent, 'run-2')).toMatchObject({ kind: 'unknown' });
    expect(world.ledger().orders).toEqual([]);
  });

  it('is left alone while its lease lasts, and found or sent again by the next after it', async () => {
    const intent = entryIntent(world);
    await dieBeforeCall(intent);
    await expect(submit(living(), intent, 'run-2')).rejects.toMatchObject({ kind: 'transient', code: 'order-leased' });
    expect(world.ledger().orders).toEqual([]);
    world.clock.moveTo(addMs(world.clock.now(), 46_000));
    expect(await submit(living(), intent, 'run-2')).toMatchObject({ kind: 'acknowledged' });
    expect((await row(idOf(intent)))?.attempt).toBe(2);
    expect(world.ledger().orders).toHaveLength(1);
  });
});

describe('a command that comes again', () => {
  it('changes nothing when it is the same', async () => {
    const intent = entryIntent(world);
    expect(await submit(living(), intent)).toMatchObject({ kind: 'acknowledged' });
    expect(await submit(living(), intent, 'run-2')).toMatchObject({ kind: 'done' });
    expect(world.ledger().orders).toHaveLength(1);
  });

  it('is refused and recorded when it has other terms', async () => {
    const intent = entryIntent(world);
    await submit(living(), intent);
    const other = {
      ...intent,
      terms: { ...intent.terms, size: { kind: 'quantity', quantity: wholeQuantity(11) } as const },
    };
    expect(idOf(other)).toBe(idOf(intent));
    const ended = await submit(living(), other, 'run-2');
    expect(ended).toMatchObject({ kind: 'refused', refusal: { code: 'idempotency-conflict' } });
    expect(world.ledger().orders).toHaveLength(1);
    expect((await factsOf(idOf(intent))).at(-1)).toBe('order.refused.v1');
    // The order's own life goes on behind the record.
    world.clock.moveTo(addMs(world.clock.now(), 1_000));
    await new OrderLife(world).untilSettled(idOf(intent));
    const settled = await row(idOf(intent));
    expect(settled?.state).toBe('filled');
    expect(await factsOf(idOf(intent))).toHaveLength(settled?.journalSequence ?? 0);
  });
});

describe('a command that two have', () => {
  it('is left to the row that one of them made, where the other finds its own order in the way', async () => {
    const intent = entryIntent(world);
    const calls = new OutsideCalls([]);
    const first = world.start(calls);
    const claimAt = await claimOf(intent);
    const dying = world.start(new OutsideCalls([{ at: claimAt, fate: 'die-after' }]));
    await expect(submit(dying, intent, 'dying')).rejects.toThrow(ProcessDied);
    expect((await row(idOf(intent)))?.state).toBe('claimed');
    // It had looked for the row before there was one.
    const { execute } = first;
    let looks = 0;
    const late = {
      ...execute,
      orders: {
        ...execute.orders,
        get: (id: ClientOrderId) => ((looks += 1) === 1 ? Promise.resolve(null) : execute.orders.get(id)),
      },
    };
    const lease = { holder: 'late', until: addMs(world.clock.now(), 30_000) };
    await expect(first.run(() => submitOrder(late, intent, lease))).rejects.toMatchObject({ code: 'order-leased' });
    expect(await factsOf(idOf(intent))).toEqual(['order.claimed.v1']);
    world.clock.moveTo(addMs(world.clock.now(), 46_000));
    expect(await submit(first, intent, 'again')).toMatchObject({ kind: 'acknowledged' });
    expect(world.ledger().orders).toHaveLength(1);
  });
});

describe('an id that is taken at the broker', () => {
  it('is not adopted when the order behind it differs: the symbol is quarantined, the reservation given back', async () => {
    const intent = entryIntent(world);
    await order({
      client_order_id: idOf(intent),
      symbol: SYMBOL,
      qty: '3',
      side: 'buy',
      type: 'limit',
      limit_price: '1',
      time_in_force: 'day',
    });
    const ended = await submit(living(), intent);
    expect(ended).toMatchObject({ kind: 'refused', refusal: { code: 'broker-duplicate-mismatch' } });
    expect((await row(idOf(intent)))?.state).toBe('rejected');
    const book = await booksStore(world.tables, 'control').get(world.account, SYMBOL);
    expect([book?.quarantine?.code, book?.openOrders]).toEqual(['broker-duplicate-mismatch', []]);
    expect((await booksStore(world.tables, 'control').exposure(world.account))?.committed).toBe(0n);
  });
});

describe('an exit whose order is refused when it is sent once more', () => {
  it('sends it no third time: it is looked for and stays reserved', async () => {
    const life = new OrderLife(world);
    await life.untilSettled(life.send(entryIntent(world)));
    await order({ symbol: SYMBOL, qty: formatQuantity(SHARES), side: 'sell', type: 'market', time_in_force: 'day' });
    const intent = exitIntent(world, SHARES);
    world.simulator.faults.set('drop-request', { count: 1, parameters: { route: 'submit-order' } });
    const calls = new OutsideCalls([]);
    const process = world.start(calls);
    for (const holder of ['run-x', 'run-y', 'run-z']) {
      expect(await submit(process, intent, holder)).toMatchObject({ kind: 'unknown' });
      expect(submits(calls)).toBe(2);
      world.clock.moveTo(addMs(world.clock.now(), 60_000));
    }
    expect(await row(idOf(intent))).toMatchObject({
      state: 'unknown',
      attempt: 2,
      ambiguity: { answer: { code: 'broker-position-intent' } },
      reserved: { quantity: SHARES },
    });
  });
});

describe('a broker that fails', () => {
  it('keeps entries waiting on the lane until they are too old, and refuses them with its own reason', async () => {
    world.simulator.faults.set('error-before', { parameters: { route: '*', status: 503, html: false } });
    const life = new OrderLife(world);
    const intent = entryIntent(world);
    const id = life.send(intent);
    await life.untilSettled(id);
    expect(world.ledger().orders).toEqual([]);
    expect(await row(id)).toBeUndefined();
    expect(await factsOf(id)).toEqual(['order.refused.v1']);
    expect(submits(life.calls)).toBe(0);
    const [fact] = await journalStore(world.tables).byAggregate(aggregateOf.order(id));
    expect(fact?.data).toMatchObject({ reason: { code: 'broker-circuit-open' } });
  });

  it('lets an exit through as soon as it answers again, its circuit open or not', async () => {
    const life = new OrderLife(world);
    const entry = life.send(entryIntent(world));
    await life.untilSettled(entry);
    const doomed = living();
    world.simulator.faults.set('error-before', { parameters: { route: 'submit-order', status: 503, html: false } });
    await expect(submit(doomed, exitIntent(world, SHARES), 'run-x', 17_000)).rejects.toMatchObject({
      kind: 'transient',
    });
    world.simulator.faults.clearAll();
    const exit = exitIntent(world, SHARES);
    world.clock.moveTo(addMs(world.clock.now(), 1_000));
    expect(await submit(living(), exit, 'run-y')).toMatchObject({ kind: 'acknowledged' });
    expect(world.ledger().orders.map(({ side }) => side)).toEqual(['buy', 'sell']);
  });
});

describe('a broker that throttles', () => {
  it('is waited for in process where it asks for little time, without another delivery', async () => {
    world.simulator.faults.set('throttle', { count: 1, parameters: { route: 'submit-order', retryAfterSeconds: 3 } });
    const before = world.clock.now();
    expect(await submit(living(), entryIntent(world))).toMatchObject({ kind: 'acknowledged' });
    expect(world.clock.now() - before).toBe(3_000);
    expect(world.ledger().orders).toHaveLength(1);
  });

  it('leaves the command to the lane where it asks for more than the run has', async () => {
    world.simulator.faults.set('throttle', { count: 1, parameters: { route: 'submit-order', retryAfterSeconds: 20 } });
    const intent = entryIntent(world);
    await expect(submit(living(), intent)).rejects.toMatchObject({ kind: 'transient' });
    expect((await row(idOf(intent)))?.state).toBe('claimed');
    expect(world.ledger().orders).toEqual([]);
  });
});

describe('a command that fails as often as its lane allows', () => {
  it('ends with a fact that says that its order never came to be', async () => {
    // The quote cannot be read, so that nothing is ever cleared.
    world.simulator.faults.set('error-before', { parameters: { route: 'get-latest', status: 503, html: false } });
    const life = new OrderLife(world);
    const id = life.send({ ...entryIntent(world), validUntil: addMs(world.clock.now(), 3_600_000) });
    await life.untilSettled(id);
    expect(life.deliveriesOf(id)).toBe(3);
    expect(await factsOf(id)).toEqual(['order.refused.v1']);
    const [fact] = await journalStore(world.tables).byAggregate(aggregateOf.order(id));
    expect(fact?.data).toMatchObject({ reason: { code: 'command-failed' } });
  });
});

describe('a generation', () => {
  it('is not claimed before the one before it has ended', async () => {
    const first = entryIntent(world);
    const second = { ...first, decision: { ...first.decision, generation: 1 } };
    await expect(submit(living(), second, 'run-2', 16_000)).rejects.toMatchObject({ code: 'generation-not-ended' });
    expect(await row(idOf(second))).toBeUndefined();
  });
});

describe('a cancel', () => {
  it('withdraws an order that was not sent, and reaches one that was', async () => {
    const intent = entryIntent(world);
    world.simulator.faults.set('throttle', { count: 1, parameters: { route: 'submit-order', retryAfterSeconds: 20 } });
    await expect(submit(living(), intent)).rejects.toMatchObject({ kind: 'transient' });
    world.clock.moveTo(addMs(world.clock.now(), 46_000));
    const process = living();
    const sender = { holder: 'canceler', until: addMs(world.clock.now(), 30_000) };
    const wish = { clientOrderId: idOf(intent), by: 'ops', reason: REASON };
    expect(await process.run(() => cancelOrder(process.execute, wish, sender))).toBe('withdrawn');
    expect(world.ledger().orders).toEqual([]);
    expect(await process.run(() => cancelOrder(process.execute, wish, sender))).toBe('nothing-to-cancel');
  });
});

describe('the shared budget', () => {
  it('is paid for by everything that a life asks of the broker, for less than half a write each', async () => {
    const { calls } = await liveThrough(world);
    const asked = calls.filter(({ name }) => name.startsWith('broker: ')).length;
    const paid = calls.filter(({ name }) => name === 'tables: write safety').length;
    expect(asked).toBeGreaterThan(10);
    expect(paid / asked).toBeLessThan(0.5);
  });
});
