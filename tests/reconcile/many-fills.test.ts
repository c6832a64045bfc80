/** Orders with more executions than one transaction takes in, and passes that die or run out among them. */
import { afterEach, describe, expect, it } from 'vitest';
import { wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { MANUAL, ticker } from '#shared/core/kernel/identity.ts';
import type { Orders } from '#shared/ports/orders.ts';
import { shareOf } from '#shared/core/portfolio/book.ts';
import { MOMENTUM } from './account.ts';
import { type Desk, type DeskOptions, MINUTE_MS, openDesk, RESTING, SYMBOLS } from './desk.ts';
import { expectAgreement, expectNothingInvented } from './expectations.ts';

const desks: Desk[] = [];
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close();
});

/** Each execution is of one unit; all of an order are in one millisecond. */
async function start(options: DeskOptions = {}): Promise<Desk> {
  const desk = await openDesk({
    behaviour: { partialFillOneIn: 0, executionQuantityMax: '1', surprises: false },
    ...options,
  });
  desks.push(desk);
  return desk;
}

const units = (count: number) => ({ size: { kind: 'quantity', quantity: wholeQuantity(count) } }) as const;

/** The tables fail from the n-th write of an order's news on. */
function dyingAfter(desk: Desk, writes: number): Orders {
  let left = writes;
  return {
    ...desk.room.orders,
    settleAll: (...given) => {
      if (left === 0) return Promise.reject(new Fault('transient', 'tables-down', 'the process is gone'));
      left -= 1;
      return desk.room.orders.settleAll(...given);
    },
  };
}

/** How often the journal says that the book of KO moved. */
const moves = async (desk: Desk): Promise<number> =>
  (await desk.room.journal.byAggregate('book:paper-1:KO')).filter(({ type }) => type === 'position.booked.v1').length;

describe('an order with 450 executions', () => {
  it('is booked in three steps, and each of its executions once', async () => {
    const desk = await start();
    const id = await desk.place(units(450), 'died-after-call');
    desk.pass(MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ complete: true, fillsBooked: 450, differences: [] });
    expect((await desk.order(id)).executions).toHaveLength(450);
    expect(await moves(desk)).toBe(3);
    expectAgreement(desk);
  });

  it.each([0, 1, 2])('goes on after a crash behind step %i, with its gap open until the last', async (steps) => {
    const desk = await start();
    const id = await desk.place(units(450), 'died-after-call');
    desk.pass(MINUTE_MS);
    await expect(desk.reconcile({ orders: dyingAfter(desk, steps) })).rejects.toMatchObject({ code: 'tables-down' });
    expectNothingInvented(desk);
    const half = await desk.order(id);
    expect(half.executions).toHaveLength(200 * steps);
    // The position follows the quantity at once; what it cost is marked as not final.
    if (steps > 0) {
      expect(half).toMatchObject({ filledQuantity: wholeQuantity(450), provisional: true });
      expect(half.gapQuantity).toBe(wholeQuantity(450 - 200 * steps));
      expect((await desk.book('KO')).gaps).toEqual([id]);
      expect(shareOf(await desk.book('KO'), MOMENTUM).quantity).toBe(wholeQuantity(450));
    }
    // Long after the window has moved on.
    desk.pass(40 * MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ complete: true, fillsBooked: 450 - 200 * steps, violations: [] });
    expect(await desk.order(id)).toMatchObject({ provisional: false, gapQuantity: 0n });
    expect(await moves(desk)).toBe(3);
    expectAgreement(desk);
  });

  it('whose corrections fall on the border of a step is restated each as one', async () => {
    const desk = await start();
    const id = await desk.place(units(199), 'died-after-call');
    desk.pass(MINUTE_MS);
    const [first, second] = desk.simulator.ledger().executions;
    desk.simulator.correct(first?.id ?? '', { price: '12.34' });
    desk.pass(1);
    desk.simulator.correct(second?.id ?? '', { price: '23.45' });
    for (let passes = 0; passes < 3; passes += 1) {
      desk.pass(MINUTE_MS);
      expect(await desk.reconcile()).toMatchObject({ complete: true, violations: [] });
    }
    expect((await desk.order(id)).filledQuantity).toBe(wholeQuantity(199));
    expectAgreement(desk);
  });

  it('of somebody else is booked whole on "manual"', async () => {
    const desk = await start({ reconciliation: { foreignOrders: 'ignore' } });
    const body = { symbol: 'KO', qty: '450', side: 'buy', type: 'market', time_in_force: 'day' };
    await desk.foreign('POST', '/v2/orders', body);
    desk.pass(MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ complete: true, differences: [] });
    expect((await desk.book('KO')).shares).toMatchObject([{ strategyId: MANUAL, quantity: wholeQuantity(450) }]);
    expect(await moves(desk)).toBe(1);
    expectAgreement(desk);
  });
});

describe('a pass that runs out of time while it settles', () => {
  it('keeps what it has settled, and the next goes on and counts from when the first began', async () => {
    const desk = await start();
    for (const symbol of SYMBOLS) await desk.place({ ticker: symbol }, 'died-after-call');
    desk.pass(MINUTE_MS);
    const startedAt = desk.now();
    let left = 2;
    const first = await desk.reconcile({}, () => (left-- > 1 ? 55_000 : 0));
    expect(first).toMatchObject({ complete: false, failure: null, ordersSettled: 2 });
    expect((await desk.room.reconciliations.mark(desk.room.accountId))?.progress).toMatchObject({
      startedAt,
      lookedUpTo: null,
    });
    expect((await desk.room.safety.read(desk.room.accountId)).account?.reconciledAt).toBeLessThan(startedAt);
    desk.pass(20_000);
    expect(await desk.reconcile()).toMatchObject({ complete: true, startedAt, ordersSettled: 2, differences: [] });
    expectAgreement(desk);
  });

  it('comes further with each, whatever little time each has', async () => {
    const desk = await start();
    for (let index = 0; index < 12; index += 1) {
      await desk.place({ ...RESTING, ticker: SYMBOLS[index % 4] ?? ticker('KO') }, 'died-after-call');
    }
    desk.pass(MINUTE_MS);
    let passes = 0;
    for (let complete = false; !complete && passes < 30; passes += 1) {
      // The warm process is gone each time: nothing is remembered but by the tables.
      const forgetful = { memory: { knows: () => false, learn: () => undefined } };
      ({ complete } = await desk.reconcile(forgetful, () => 0));
      desk.pass(1_000);
    }
    expect(passes).toBe(13);
    expectAgreement(desk);
  });
});
