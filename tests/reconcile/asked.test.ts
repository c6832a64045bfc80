/** Passes and backfills that people ask for. */
import { afterEach, describe, expect, it } from 'vitest';
import { wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { MANUAL, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { reconcilePass } from '#functions/reconcile/reconcile-pass.ts';
import { ACCOUNT } from './account.ts';
import { type Desk, type DeskOptions, MINUTE_MS, openDesk } from './desk.ts';
import { expectAgreement, expectNothingInvented } from './expectations.ts';

const desks: Desk[] = [];
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close();
});

async function start(options: DeskOptions = {}): Promise<Desk> {
  const desk = await openDesk(options);
  desks.push(desk);
  return desk;
}

const WHY = { by: 'operator', reason: 'the broker says that it lost some lines' };
const KO = ticker('KO');

const ask = (desk: Desk, requestId: string, backfill: { after: number; until: number } | null = null) =>
  desk.room.reconciliations.ask(ACCOUNT, {
    requestId,
    backfill:
      backfill === null ? null : { after: addMs(desk.now(), backfill.after), until: addMs(desk.now(), backfill.until) },
    ...WHY,
    now: desk.now(),
  });

const askedOf = async (desk: Desk) =>
  (await desk.room.reconciliations.mark(ACCOUNT))?.asked.map(({ requestId }) => requestId);
const factsOf = (desk: Desk) => desk.room.journal.byAggregate(`reconciliation:${ACCOUNT}`);

/** Somebody buys at the broker; its line reaches the activities only 40 minutes later. */
async function buyUntold(desk: Desk, orders = 1): Promise<void> {
  desk.simulator.faults.set('activity-lag', { parameters: { ms: 40 * MINUTE_MS } });
  const body = { symbol: 'KO', qty: '1', side: 'buy', type: 'market', time_in_force: 'day' };
  for (let index = 0; index < orders; index += 1) await desk.foreign('POST', '/v2/orders', body);
}

/** A person has stopped the symbol, so that no difference of it is followed up. */
const stopByHand = (desk: Desk) =>
  desk.room.books.quarantine(ACCOUNT, KO, { code: 'operator', message: 'by hand', at: desk.now() }, 'test');

describe('a pass that a person asks for', () => {
  it('is said in the journal, which wakes it, and is answered by the next whole pass', async () => {
    const desk = await start();
    await ask(desk, 'request-1');
    await ask(desk, 'request-1');
    const said = (await factsOf(desk)).filter(({ type }) => type === 'reconciliation.requested.v1');
    expect(said.map(({ data }) => data)).toMatchObject([
      { requestId: 'request-1', backfill: null, by: 'operator', reason: { message: WHY.reason } },
    ]);
    expect(await desk.reconcile()).toMatchObject({ complete: true, answers: ['request-1'] });
    expect(await askedOf(desk)).toEqual([]);
    expect((await factsOf(desk)).at(-1)?.data).toMatchObject({ answers: ['request-1'] });
  });

  it('stays asked for when the pass is not whole', async () => {
    const desk = await start();
    await ask(desk, 'request-1');
    desk.simulator.faults.set('error-before', { parameters: { route: '*', status: 403 } });
    await expect(desk.reconcile()).rejects.toThrow('403');
    expect(await askedOf(desk)).toEqual(['request-1']);
    desk.simulator.faults.clearAll();
    expect((await desk.reconcile()).answers).toEqual(['request-1']);
  });

  it('is made on a day without a session, and opens no gate and closes no session', async () => {
    const desk = await start();
    await desk.place();
    desk.pass(MINUTE_MS);
    desk.pass(parseEpochMs('2026-01-10T11:00:00-05:00') - desk.now());
    const before = await desk.room.safety.read(ACCOUNT);
    expect(await reconcilePass(desk.room, () => 55_000)).toEqual({ kind: 'no-session' });
    await ask(desk, 'saturday');
    const report = await desk.reconcile();
    expect(report).toMatchObject({ complete: true, session: '2026-01-09', answers: ['saturday'], violations: [] });
    expect((await desk.room.safety.read(ACCOUNT)).account?.reconciledAt).toBe(before.account?.reconciledAt);
    expect((await factsOf(desk)).filter(({ type }) => type === 'session.closed.v1')).toEqual([]);
    expect(await reconcilePass(desk.room, () => 55_000)).toEqual({ kind: 'no-session' });
  });
});

describe('a backfill that a person asks for', () => {
  it('reads the executions of its span again and books what is missing', async () => {
    const desk = await start({ reconciliation: { foreignOrders: 'ignore' } });
    await stopByHand(desk);
    await buyUntold(desk);
    for (let passes = 0; passes < 6; passes += 1) {
      desk.pass(8 * MINUTE_MS);
      await desk.reconcile();
    }
    // The lines came when the window of the passes had moved on.
    expect((await desk.book('KO')).shares).toEqual([]);
    await ask(desk, 'request-1', { after: -49 * MINUTE_MS, until: 0 });
    expect(await desk.reconcile()).toMatchObject({ answers: ['request-1'], fillsBooked: 1, differences: [] });
    expect((await desk.book('KO')).shares).toMatchObject([{ strategyId: MANUAL, quantity: wholeQuantity(1) }]);
    await ask(desk, 'request-2', { after: -60 * MINUTE_MS, until: 0 });
    expect(await desk.reconcile()).toMatchObject({ answers: ['request-2'], fillsBooked: 0 });
    expectAgreement(desk);
  });

  it('that is more than a pass may read goes on in the next, from where it stood', async () => {
    const desk = await start({
      reconciliation: { foreignOrders: 'ignore' },
      behaviour: { partialFillOneIn: 0, executionQuantityMax: '1', surprises: false },
    });
    await stopByHand(desk);
    desk.simulator.faults.set('activity-lag', { parameters: { ms: 40 * MINUTE_MS } });
    // Twelve orders of 200 executions each; each a millisecond after the other.
    for (let order = 0; order < 12; order += 1) {
      const body = { symbol: 'KO', qty: '200', side: 'buy', type: 'market', time_in_force: 'day' };
      await desk.foreign('POST', '/v2/orders', body);
      desk.pass(1);
    }
    desk.pass(45 * MINUTE_MS);
    await ask(desk, 'request-1', { after: -50 * MINUTE_MS, until: 0 });
    const first = await desk.reconcile();
    expect(first).toMatchObject({ complete: true, answers: [] });
    const left = (await desk.room.reconciliations.mark(ACCOUNT))?.asked[0]?.backfill?.after ?? 0;
    expect(left).toBeGreaterThan(addMs(desk.now(), -50 * MINUTE_MS));
    desk.pass(MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ complete: true, answers: ['request-1'], differences: [] });
    expect((await desk.book('KO')).shares).toMatchObject([{ quantity: wholeQuantity(2_400) }]);
    expectAgreement(desk);
  });

  it('is not carried out in a dry run', async () => {
    const desk = await start();
    await stopByHand(desk);
    await buyUntold(desk);
    desk.pass(45 * MINUTE_MS);
    await ask(desk, 'request-1', { after: -50 * MINUTE_MS, until: 0 });
    expect(await desk.reconcile({ dryRun: true })).toMatchObject({ complete: true, fillsBooked: 0, answers: [] });
    expect(await askedOf(desk)).toEqual(['request-1']);
    expectNothingInvented(desk);
  });
});

describe('an execution of somebody else that is told late', () => {
  it('is looked for where the difference was found, and lifts the quarantine that it had set', async () => {
    const desk = await start({ reconciliation: { foreignOrders: 'ignore' } });
    await buyUntold(desk);
    desk.pass(MINUTE_MS);
    expect((await desk.reconcile()).differences).toMatchObject([{ ticker: 'KO' }]);
    expect((await desk.book('KO')).quarantine?.code).toBe('position-mismatch');
    for (let passes = 0; passes < 6; passes += 1) {
      desk.pass(8 * MINUTE_MS);
      await desk.reconcile();
    }
    expect(await desk.book('KO')).toMatchObject({ quarantine: null, shares: [{ strategyId: MANUAL }] });
    expectAgreement(desk);
  });

  it('does not lift what waits for a person', async () => {
    const desk = await start({ reconciliation: { foreignOrders: 'ignore' } });
    await buyUntold(desk);
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    const grave = { code: 'invariant-quantity', message: 'a person must look', at: desk.now() };
    expect(await desk.room.books.quarantine(ACCOUNT, KO, grave, 'test')).toBe(true);
    const light = { ...grave, code: 'position-mismatch' };
    expect(await desk.room.books.quarantine(ACCOUNT, KO, light, 'test')).toBe(false);
    desk.simulator.faults.clearAll();
    await ask(desk, 'request-1', { after: -10 * MINUTE_MS, until: 0 });
    desk.pass(45 * MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ differences: [], fillsBooked: 1 });
    expect((await desk.book('KO')).quarantine?.code).toBe('invariant-quantity');
    expectAgreement(desk);
  });
});
