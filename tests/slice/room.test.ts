import { beforeEach, describe, expect, it } from 'vitest';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { intentOf } from '#events/order-command.ts';
import { formatQuantity, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import { INTERVAL_MS, NOW, openHouse, type SliceHouse, TARGET } from './slice-house.ts';

let house: SliceHouse;
beforeEach(async () => {
  house = await openHouse();
});

describe('the room that works slices', () => {
  it('writes a slice down, sends its command, and makes a wake for each slice to come', async () => {
    const plan = await house.plan(10, 2);
    expect(await house.wake()).toEqual({ open: 1, ended: 0 });
    const after = await house.read(plan);
    expect(after.slices[0]).toMatchObject({ state: 'working', asked: wholeQuantity(5), counted: wholeQuantity(5) });
    expect(after.wakesMade).toBe(true);
    expect(house.wakes.pending().map(({ at, target }) => [at - NOW, target])).toEqual([
      [INTERVAL_MS, TARGET],
      [2 * INTERVAL_MS, TARGET],
    ]);
    const [command, second] = house.taken('orders');
    expect(second).toBeUndefined();
    if (command?.type !== 'submit-order.v1') throw new Error('no command');
    const intent = intentOf(command.data, command.meta.correlationId);
    expect(intent).toEqual(after.working);
    expect(intent).toMatchObject({
      decision: { decisionId: plan.parentId, generation: 0, slice: 0 },
      validUntil: addMs(NOW, INTERVAL_MS),
      policyVersion: 1,
      runId: null,
    });
    expect(command.data.clientOrderId).toBe(clientOrderIdFor(intent.terms, intent.decision));
  });

  it('sends the same command when it is woken again, which its lane knows for the same', async () => {
    await house.plan();
    for (let time = 0; time < 3; time += 1) await house.wake();
    expect(house.taken('orders')).toHaveLength(1);
  });

  it('closes the id of a slice whose time is over, so that its order can never be claimed, and makes up for it', async () => {
    const plan = await house.plan(10, 2);
    await house.wake();
    await house.wakeAt(INTERVAL_MS);
    const after = await house.read(plan);
    expect(after.slices[0]).toMatchObject({ state: 'refused', counted: 0n, reason: { code: 'decision-stale' } });
    expect(after.slices[1]).toMatchObject({ state: 'working', asked: wholeQuantity(10) });
    const { working } = after;
    if (working === null) throw new Error('no slice is at work');
    const late = { ...working, decision: { ...working.decision, slice: 0 } };
    const orders = ordersStore(house.tables, 'execute', house.clock);
    expect(await orders.refuse(late, refusal('quote-stale', 'late'), house.clock.now())).toBe(false);
  });

  it('ends a plan that nobody woke while there was time', async () => {
    const plan = await house.plan(10, 2);
    expect(await house.wakeAt(3 * INTERVAL_MS)).toEqual({ open: 0, ended: 1 });
    const after = await house.read(plan);
    expect(after.end?.kind).toBe('expired');
    expect(after.slices.map(({ state, asked }) => [state, formatQuantity(asked)])).toEqual([
      ['missed', '0'],
      ['missed', '0'],
    ]);
    expect(house.taken('orders')).toEqual([]);
    expect(await house.wake()).toEqual({ open: 0, ended: 0 });
  });

  it('stops before it sends anything while the safety facts say no', async () => {
    const plan = await house.plan();
    const change = { scope: { kind: 'global' }, by: 'ada', reason: 'a test', correlationId: 'k', now: NOW } as const;
    await house.safety.engageKillSwitch(house.account, { ...change, cancels: 'all' });
    expect(await house.wake()).toEqual({ open: 0, ended: 1 });
    expect((await house.read(plan)).end).toMatchObject({ kind: 'stopped', reason: { code: 'kill-switch-engaged' } });
    expect([...house.taken('orders'), ...house.taken('urgent')]).toEqual([]);
  });

  it('takes its wakes back when a plan ends early', async () => {
    const plan = await house.plan(10, 4);
    await house.wake();
    const [command] = house.taken('orders');
    if (command?.type !== 'submit-order.v1') throw new Error('no command');
    const intent = intentOf(command.data, command.meta.correlationId);
    const orders = ordersStore(house.tables, 'execute', house.clock);
    await orders.refuse(intent, refusal('strategy-disabled', 'a person disabled it'), NOW);
    expect(house.wakes.pending()).toHaveLength(4);
    await house.wake();
    expect((await house.read(plan)).end).toMatchObject({ kind: 'stopped', reason: { code: 'strategy-disabled' } });
    expect(house.wakes.pending()).toEqual([]);
  });

  it('goes on by the sweep when no wake could be made, and tries again to make them', async () => {
    const plan = await house.plan(10, 2);
    const down = new Fault('transient', 'scheduler-unreachable', 'no connection');
    const wakes = { make: () => Promise.reject(down), drop: () => Promise.reject(down) };
    await expect(house.wake({ ...house.dependencies(), wakes })).rejects.toBe(down);
    expect((await house.read(plan)).slices[0]?.state).toBe('working');
    expect(house.taken('orders')).toHaveLength(1);
    await house.wake();
    expect(house.wakes.pending()).toHaveLength(2);
  });

  it('lets one plan that cannot be worked keep no other from its turn', async () => {
    const plans = [await house.plan(10, 2), await house.plan(20, 2)];
    const fault = new Fault('uncertain', 'lanes-answer-lost', 'no answer');
    const { lanes } = house.dependencies();
    let sent = 0;
    const failing = {
      send: (...messages: Parameters<typeof lanes.send>) => {
        sent += 1;
        return sent === 1 ? Promise.reject(fault) : lanes.send(...messages);
      },
    };
    await expect(house.wake({ ...house.dependencies(), lanes: failing })).rejects.toBe(fault);
    for (const plan of plans) expect((await house.read(plan)).slices[0]?.state).toBe('working');
    expect(house.taken('orders')).toHaveLength(1);
    await house.wake();
    expect(house.taken('orders')).toHaveLength(1);
  });
});
