/** Fills that come late, in parts, or are taken back. */
import { afterEach, describe, expect, it } from 'vitest';
import { parsePrice, parseQuantity, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import { type Desk, type DeskOptions, MINUTE_MS, openDesk, SYMBOLS } from './desk.ts';
import { expectAgreement, expectNothingInvented } from './expectations.ts';
import { type HeardStream, hearStream } from './stream.ts';

const desks: Desk[] = [];
const streams: HeardStream[] = [];
afterEach(async () => {
  for (const stream of streams.splice(0)) await stream.close();
  for (const desk of desks.splice(0)) await desk.close();
});

async function start(options: DeskOptions = {}): Promise<Desk> {
  const desk = await openDesk(options);
  desks.push(desk);
  return desk;
}

const HOUR_MS = 60 * MINUTE_MS;

async function hear(desk: Desk): Promise<HeardStream> {
  const stream = await hearStream(desk.simulator, desk.telemetry, desk.now);
  streams.push(stream);
  return stream;
}

/** Settles all that the stream has told, as listen does. */
async function settleHeard(desk: Desk, stream: HeardStream): Promise<void> {
  for (const update of await stream.heard()) await desk.room.orders.settle(update);
}

describe('fills', () => {
  it('of an hour without the stream are all booked by the next pass', async () => {
    const desk = await start();
    const placed = [];
    for (const symbol of SYMBOLS) placed.push(await desk.place({ ticker: symbol }, 'died-after-call'));
    desk.pass(HOUR_MS);
    expect(await desk.reconcile()).toMatchObject({ complete: true, fillsBooked: 4, differences: [] });
    for (const id of placed) expect((await desk.order(id)).state).toBe('filled');
    expectAgreement(desk);
  });

  it('whose activities are late are held as a gap, and booked when they come', async () => {
    const desk = await start();
    desk.simulator.faults.set('activity-lag', { parameters: { ms: 40 * MINUTE_MS } });
    const id = await desk.place();
    desk.pass(MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ complete: true, fillsBooked: 0, differences: [] });
    // The quantity is booked at once, at the price that was reserved, and is marked as not final.
    const order = await desk.order(id);
    expect(order).toMatchObject({ state: 'filled', filledQuantity: wholeQuantity(10), provisional: true });
    expect((await desk.book('KO')).gaps).toEqual([id]);
    // Long after the window has moved on, the gap is still asked for.
    for (let minutes = 0; minutes < 45; minutes += 9) {
      desk.pass(9 * MINUTE_MS);
      await desk.reconcile();
    }
    expect(await desk.order(id)).toMatchObject({ provisional: false, gapQuantity: 0n });
    expect((await desk.book('KO')).gaps).toEqual([]);
    expectAgreement(desk);
  });

  it('in parts are booked one by one, each once', async () => {
    const desk = await start({
      behaviour: { partialFillOneIn: 1, surprises: false },
      latency: {
        acknowledgeMs: 1,
        fillMs: 1,
        cancelMs: 1,
        requoteMs: 20_000,
        activityMs: 0,
      },
    });
    const id = await desk.place({ size: { kind: 'quantity', quantity: wholeQuantity(100) } });
    for (let passes = 0; passes < 12; passes += 1) {
      desk.pass(15_000);
      await desk.reconcile();
      expectNothingInvented(desk);
    }
    expect((await desk.order(id)).executions.length).toBeGreaterThan(1);
    expectAgreement(desk);
  });

  it('told by the stream and by the activities are one', async () => {
    const desk = await start();
    const stream = await hear(desk);
    const id = await desk.place();
    desk.pass(1_000);
    await settleHeard(desk, stream);
    expect((await desk.order(id)).executions).toHaveLength(1);
    desk.pass(MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ fillsBooked: 0, differences: [], violations: [] });
    const [execution] = (await desk.order(id)).executions;
    expect(execution?.ids).toHaveLength(2);
    expectAgreement(desk);
  });

  it('that a bust takes back after the order was filled are taken back here', async () => {
    const desk = await start();
    const id = await desk.place();
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    desk.simulator.bust(desk.simulator.ledger().executions[0]?.id ?? '');
    desk.pass(MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ complete: true, differences: [], violations: [] });
    expect(await desk.order(id)).toMatchObject({ state: 'filled', filledQuantity: 0n, executions: [] });
    expect((await desk.book('KO')).shares).toEqual([]);
    expectAgreement(desk);
  });

  it('that the stream has taken back already are not taken back twice', async () => {
    const desk = await start();
    const stream = await hear(desk);
    await desk.place();
    await desk.place();
    desk.pass(1_000);
    desk.simulator.bust(desk.simulator.ledger().executions[0]?.id ?? '');
    await settleHeard(desk, stream);
    for (let passes = 0; passes < 3; passes += 1) {
      desk.pass(MINUTE_MS);
      expect(await desk.reconcile()).toMatchObject({ differences: [], violations: [] });
    }
    expectAgreement(desk);
  });

  it('that the stream takes back after the activities have are not taken back twice', async () => {
    const desk = await start();
    const stream = await hear(desk);
    const id = await desk.place();
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    desk.simulator.bust(desk.simulator.ledger().executions[0]?.id ?? '');
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    await settleHeard(desk, stream);
    expect((await desk.order(id)).filledQuantity).toBe(0n);
    desk.pass(MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ differences: [], violations: [] });
    expectAgreement(desk);
  });

  it('that are corrected are booked at the price that stands', async () => {
    const desk = await start();
    const id = await desk.place();
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    desk.simulator.correct(desk.simulator.ledger().executions[0]?.id ?? '', { price: '12.34' });
    desk.pass(MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ complete: true, differences: [], violations: [] });
    expect((await desk.order(id)).executions).toMatchObject([{ price: parsePrice('12.34') }]);
    expectAgreement(desk);
  });

  it('of two that look the same give the stream time to say which was taken back', async () => {
    const desk = await start({ behaviour: { partialFillOneIn: 1, surprises: false } });
    const id = await desk.place({ size: { kind: 'quantity', quantity: wholeQuantity(40) } });
    for (let steps = 0; steps < 10; steps += 1) desk.pass(10_000);
    await desk.reconcile();
    const executions = desk.simulator.ledger().executions.filter(({ kind }) => kind === 'fill');
    desk.simulator.bust(executions.at(-1)?.id ?? '');
    for (let passes = 0; passes < 3; passes += 1) {
      desk.pass(MINUTE_MS);
      await desk.reconcile();
    }
    expect((await desk.order(id)).filledQuantity).toBeLessThan(wholeQuantity(40));
    expectAgreement(desk);
  });

  it('of a sale realize what the broker says they do', async () => {
    const desk = await start();
    await desk.place({ ticker: ticker('MSFT') });
    desk.pass(HOUR_MS);
    await desk.reconcile();
    const close = { ticker: ticker('MSFT'), side: 'sell', positionIntent: 'sell_to_close' } as const;
    await desk.place({ ...close, size: { kind: 'quantity', quantity: wholeQuantity(4) } });
    desk.pass(HOUR_MS);
    const report = await desk.reconcile();
    const ledger = desk.simulator.ledger();
    const [bought, sold] = ledger.executions;
    const profit = (Number(sold?.price) - Number(bought?.price)) * 4;
    expect(Number(report.figures?.realizedProfit) / 1e18).toBeCloseTo(profit, 9);
    expect(report.figures?.expectedCash).toBe(report.figures?.cash);
    expect((await desk.book('MSFT')).shares[0]?.quantity).toBe(parseQuantity('6'));
    expectAgreement(desk);
  });
});
