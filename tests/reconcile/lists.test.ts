/** Lists of the broker that tie, tear, lag and hide. */
import { afterEach, describe, expect, it } from 'vitest';
import { wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import { updateFromSnapshot } from '#shared/core/order/broker-snapshot.ts';
import { isOpen } from '#shared/core/order/order.ts';
import { type Desk, type DeskOptions, MINUTE_MS, openDesk, RESTING, SYMBOLS } from './desk.ts';
import { expectAgreement, expectNothingInvented } from './expectations.ts';
import { ordersOf } from './ledger-check.ts';

const desks: Desk[] = [];
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close();
});

async function start(options: DeskOptions = {}): Promise<Desk> {
  const desk = await openDesk(options);
  desks.push(desk);
  return desk;
}

const symbolOf = (index: number) => SYMBOLS[index % SYMBOLS.length] ?? ticker('KO');

describe('lists of the broker', () => {
  it('are read whole when a thousand open orders share one millisecond', async () => {
    const desk = await start();
    await desk.seedResting(Array.from({ length: 1_000 }, (_, index) => ({ ticker: symbolOf(index) })));
    desk.pass(MINUTE_MS);
    const report = await desk.reconcile();
    expect(report).toMatchObject({ complete: true, ordersSettled: 0, missing: [], differences: [] });
    // Two lists of a thousand, each of a page of 500 and its followers, and three requests more.
    expect(report.requests).toBeLessThanOrEqual(12);
    expect(ordersOf(desk).filter(isOpen)).toHaveLength(1_000);
    expectAgreement(desk);
  }, 240_000);

  it('end no order that a torn page lacks', async () => {
    const desk = await start();
    for (let index = 0; index < 20; index += 1) await desk.place({ ...RESTING, ticker: symbolOf(index) });
    desk.simulator.faults.set('torn-pages');
    for (let passes = 0; passes < 3; passes += 1) {
      desk.pass(MINUTE_MS);
      expect(await desk.reconcile()).toMatchObject({ complete: true, missing: [] });
      expect(ordersOf(desk).filter(isOpen)).toHaveLength(20);
    }
    expectAgreement(desk);
  });

  it('do not lose a foreign order to a torn page for longer than two passes', async () => {
    const desk = await start({ reconciliation: { foreignOrders: 'ignore' } });
    for (let index = 0; index < 6; index += 1) await desk.place({ ...RESTING, ticker: ticker('AAPL') });
    await desk.foreign('POST', '/v2/orders', {
      symbol: 'KO',
      qty: 3,
      side: 'buy',
      type: 'market',
      time_in_force: 'day',
    });
    desk.simulator.faults.set('torn-pages');
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    expect((await desk.book('KO')).shares).toMatchObject([{ strategyId: 'manual', quantity: wholeQuantity(3) }]);
    expectAgreement(desk);
  });

  it('that hide an order for a while end nothing, and its fill is booked when it shows', async () => {
    const desk = await start();
    desk.simulator.faults.set('hide-orders', { parameters: { ms: 150_000 } });
    desk.simulator.faults.set('hide-lookup', { parameters: { ms: 150_000 } });
    const id = await desk.place({}, 'answer-lost');
    desk.pass(MINUTE_MS);
    // The activities tell of a fill of an order that nobody can read: the pass is not whole.
    await expect(desk.reconcile()).rejects.toMatchObject({ code: 'order-unreadable' });
    expect((await desk.order(id)).state).toBe('unknown');
    desk.pass(2 * MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ complete: true });
    expect((await desk.order(id)).state).toBe('filled');
    expectAgreement(desk);
  });

  it('that hide a working order end nothing', async () => {
    const desk = await start();
    desk.simulator.faults.set('hide-orders', { parameters: { ms: 150_000 } });
    desk.simulator.faults.set('hide-lookup', { parameters: { ms: 150_000 } });
    const id = await desk.place(RESTING);
    for (let passes = 0; passes < 2; passes += 1) {
      desk.pass(MINUTE_MS);
      expect(await desk.reconcile()).toMatchObject({ complete: true, missing: [id] });
      expect((await desk.order(id)).state).toBe('acknowledged');
    }
    desk.pass(MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ complete: true, missing: [] });
    expectAgreement(desk);
  });

  it('that tell of a while ago quarantine what differs, and the next pass proves it right', async () => {
    const desk = await start();
    desk.pass(MINUTE_MS);
    const id = await desk.place();
    desk.pass(1_000);
    // The stream told of the fill; the lists, ten seconds old, know nothing of it.
    const wire = await desk.broker.findByClientId(id);
    if (wire === null) throw new Error('the broker has no such order');
    await desk.room.orders.settle(updateFromSnapshot(wire, 'stream', desk.now()));
    desk.simulator.faults.set('stale-lists', { parameters: { ms: 10_000 } });
    expect((await desk.reconcile()).differences).toMatchObject([{ ticker: 'KO', ours: wholeQuantity(10), broker: 0n }]);
    expect(await desk.order(id)).toMatchObject({ state: 'filled', filledQuantity: wholeQuantity(10) });
    expect((await desk.book('KO')).quarantine?.code).toBe('position-mismatch');
    expectNothingInvented(desk);
    desk.simulator.faults.clearAll();
    desk.pass(MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ complete: true, differences: [], quarantined: [] });
    expectAgreement(desk);
  });

  it('of activities whose pages lose what shares a millisecond are read again from its beginning', async () => {
    const desk = await start();
    desk.simulator.faults.set('activity-page-loss');
    for (let index = 0; index < 130; index += 1) {
      await desk.place({ ticker: symbolOf(index), size: { kind: 'quantity', quantity: wholeQuantity(1) } });
      if (index % 40 === 39) desk.pass(1);
    }
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    expectAgreement(desk);
  });
});
