/** Orders that turn up when nobody expects them any more. */
import { afterEach, describe, expect, it } from 'vitest';
import { parsePrice, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { updateFromSnapshot } from '#shared/core/order/broker-snapshot.ts';
import type { OrderTerms } from '#shared/core/order/order.ts';
import { type Desk, type DeskOptions, MINUTE_MS, openDesk, RESTING } from './desk.ts';
import { expectAgreement } from './expectations.ts';

const desks: Desk[] = [];
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close();
});

async function start(options: DeskOptions = {}): Promise<Desk> {
  const desk = await openDesk(options);
  desks.push(desk);
  return desk;
}

/** Neither lists nor look-ups show the order for so many minutes. */
function hide(desk: Desk, minutes: number): void {
  desk.simulator.faults.set('hide-orders', { parameters: { ms: minutes * MINUTE_MS } });
  desk.simulator.faults.set('hide-lookup', { parameters: { ms: minutes * MINUTE_MS } });
}

const statusAtBroker = (desk: Desk) => desk.simulator.ledger().orders.at(-1)?.status;

describe('an order that adds risk and turns up when its decision is long over', () => {
  it('is canceled, with an alarm, and its reservation is released with its end', async () => {
    const desk = await start();
    hide(desk, 10);
    const id = await desk.place(RESTING, 'answer-lost');
    desk.pass(9 * MINUTE_MS);
    await desk.reconcile();
    expect(await desk.order(id)).toMatchObject({ state: 'unknown', cancelRequested: null });
    desk.pass(2 * MINUTE_MS);
    await desk.reconcile();
    expect(await desk.order(id)).toMatchObject({ state: 'pending_cancel', cancelRequested: { by: 'reconcile' } });
    expect(desk.telemetry.counts).toContain('OrderAlarms');
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    expect(await desk.order(id)).toMatchObject({ state: 'canceled', reserved: { quantity: 0n, money: 0n } });
    expect(statusAtBroker(desk)).toBe('canceled');
    expectAgreement(desk);
  });

  it('is canceled as well when the stream told of it first', async () => {
    const desk = await start();
    hide(desk, 10);
    const id = await desk.place(RESTING, 'answer-lost');
    desk.pass(9 * MINUTE_MS);
    await desk.reconcile();
    desk.pass(2 * MINUTE_MS);
    const found = await desk.broker.findByClientId(id);
    if (found === null) throw new Error('the broker has no such order');
    await desk.room.orders.settle(updateFromSnapshot(found, 'stream', desk.now()));
    expect((await desk.order(id)).state).toBe('acknowledged');
    await desk.reconcile();
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    expect((await desk.order(id)).state).toBe('canceled');
    expectAgreement(desk);
  });

  it('is asked for again while the broker does not cancel it', async () => {
    const desk = await start();
    hide(desk, 10);
    const id = await desk.place(RESTING, 'answer-lost');
    desk.pass(11 * MINUTE_MS);
    desk.simulator.faults.set('error-before', { parameters: { route: 'cancel-order', status: 503 } });
    await desk.reconcile();
    expect(statusAtBroker(desk)).toBe('new');
    desk.simulator.faults.clearAll();
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    expect((await desk.order(id)).state).toBe('canceled');
    expectAgreement(desk);
  });
});

describe('an order that is left to work', () => {
  it('turned up while its decision held', async () => {
    const desk = await start();
    hide(desk, 3);
    const id = await desk.place(RESTING, 'answer-lost');
    for (let passes = 0; passes < 10; passes += 1) {
      desk.pass(MINUTE_MS);
      await desk.reconcile();
    }
    expect(await desk.order(id)).toMatchObject({ state: 'acknowledged', cancelRequested: null });
    expectAgreement(desk);
  });

  it('closes a position: it takes risk off whenever it turns up', async () => {
    const desk = await start();
    await desk.place();
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    hide(desk, 10);
    const close: Partial<OrderTerms> = {
      side: 'sell',
      positionIntent: 'sell_to_close',
      type: 'limit',
      limitPrice: parsePrice('900'),
      size: { kind: 'quantity', quantity: wholeQuantity(10) },
    };
    const id = await desk.place(close, 'answer-lost');
    for (let passes = 0; passes < 4; passes += 1) {
      desk.pass(4 * MINUTE_MS);
      await desk.reconcile();
    }
    expect(await desk.order(id)).toMatchObject({ state: 'acknowledged', cancelRequested: null });
    expectAgreement(desk);
  });
});
