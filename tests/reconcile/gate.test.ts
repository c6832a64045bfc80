/** What opens the gate, what keeps it shut, and what stops the account. */
import { afterEach, describe, expect, it } from 'vitest';
import { strategyKey } from '#shared/adapters/stores/keys.ts';
import { parseMoney, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { buildId, ticker } from '#shared/core/kernel/identity.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { updateFromSnapshot } from '#shared/core/order/broker-snapshot.ts';
import { refusedByBroker } from '#shared/core/order/sending.ts';
import { addMs, calendarDate, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { ACCOUNT, BUILD, MOMENTUM } from './account.ts';
import { type Desk, type DeskOptions, MINUTE_MS, openDesk, RESTING, SYMBOLS } from './desk.ts';
import { expectAgreement, expectNothingInvented } from './expectations.ts';

const desks: Desk[] = [];
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close();
});

async function start(options: DeskOptions = {}, fresh = false): Promise<Desk> {
  const desk = await openDesk(options, fresh);
  desks.push(desk);
  return desk;
}

const SESSION = calendarDate('2026-01-06');

/** Why an entry would not pass now; null when the gate is open. */
async function shut(desk: Desk, build = BUILD): Promise<string | null> {
  const session = calendarDate(new Date(desk.now() - 5 * 3_600_000).toISOString().slice(0, 10));
  const reference = { now: desk.now(), session, build, policyVersion: 1, reconciliationAgeMsMax: 180_000 };
  return (await desk.room.safety.shutGate(ACCOUNT, 'entry', reference))?.code ?? null;
}

const broken = (desk: Desk, method: 'positions' | 'listActivities') => ({
  broker: {
    ...desk.broker,
    [method]: () => Promise.reject(new Fault('transient', 'broker-down', 'no answer')),
  },
});

describe('the gate', () => {
  it('is shut until a whole pass has been, for this session and this build', async () => {
    const desk = await start({}, true);
    expect(await shut(desk)).toBe('reconciliation-stale');
    await desk.reconcile();
    expect(await shut(desk)).toBeNull();
    expect(await shut(desk, buildId('build-2'))).toBe('reconciliation-other-build');
  });

  it('goes stale by itself when passes stop', async () => {
    const desk = await start();
    desk.pass(179_999);
    expect(await shut(desk)).toBeNull();
    desk.pass(1);
    expect(await shut(desk)).toBe('reconciliation-stale');
  });

  it('is not opened by a pass that could not read everything, which is journaled', async () => {
    const desk = await start();
    const before = await desk.room.reconciliations.mark(ACCOUNT);
    desk.pass(4 * MINUTE_MS);
    await expect(desk.reconcile(broken(desk, 'listActivities'))).rejects.toMatchObject({ code: 'broker-down' });
    expect(await shut(desk)).toBe('reconciliation-stale');
    const reports = await desk.room.journal.byAggregate(`reconciliation:${ACCOUNT}`);
    expect(reports.map(({ meta }) => meta.sequence)).toEqual([1, 2]);
    expect(reports.at(-1)?.data).toMatchObject({ complete: false, failure: 'broker-down' });
    expect(await desk.room.reconciliations.mark(ACCOUNT)).toMatchObject({ ordersSeenTo: before?.ordersSeenTo });
  });

  it('counts from the start of the pass, and never goes back', async () => {
    const desk = await start();
    desk.pass(MINUTE_MS);
    const startedAt = desk.now();
    await desk.reconcile();
    expect((await desk.room.safety.read(ACCOUNT)).account?.reconciledAt).toBe(startedAt);
    const older = { startedAt: addMs(startedAt, -1), session: SESSION, build: BUILD };
    await desk.room.safety.recordPass(ACCOUNT, older);
    expect((await desk.room.safety.read(ACCOUNT)).account?.reconciledAt).toBe(startedAt);
  });

  it('stays as it is on a day without a session', async () => {
    const desk = await start({ at: parseEpochMs('2026-01-10T10:00:00-05:00') }, true);
    await expect(desk.reconcile()).rejects.toThrow('no session');
    expect(desk.tables.items('journal')).toHaveLength(1);
  });

  it('is kept open for a while by the word of a person, whatever the passes find', async () => {
    const desk = await start();
    desk.pass(10 * MINUTE_MS);
    expect(await shut(desk)).toBe('reconciliation-stale');
    const word = { by: 'operator', reason: 'the activities are down, positions were compared by hand' };
    const until = addMs(desk.now(), 5 * MINUTE_MS);
    await desk.room.reconciliations.force(ACCOUNT, { ...word, until, now: desk.now(), session: SESSION, build: BUILD });
    expect(await shut(desk)).toBeNull();
    for (let minutes = 1; minutes < 5; minutes += 1) {
      desk.pass(MINUTE_MS);
      await expect(desk.reconcile(broken(desk, 'listActivities'))).rejects.toThrow('no answer');
    }
    expect(await shut(desk)).toBeNull();
    const reports = await desk.room.journal.byAggregate(`reconciliation:${ACCOUNT}`);
    expect(reports.find(({ type }) => type === 'reconciliation.forced.v1')?.data).toMatchObject({ by: 'operator' });
    expect(reports.at(-1)?.data).toMatchObject({ complete: false, failure: 'broker-down', forcedBy: 'operator' });
    desk.pass(4 * MINUTE_MS);
    await expect(desk.reconcile(broken(desk, 'listActivities'))).rejects.toThrow('no answer');
    expect(await shut(desk)).toBe('reconciliation-stale');
  });
});

describe('a pass that runs out', () => {
  it('of time goes on where it stood, and counts from when it began', async () => {
    const desk = await start();
    desk.simulator.faults.set('hide-orders', { parameters: { ms: 90_000 } });
    const ids = [];
    for (const symbol of SYMBOLS) ids.push(await desk.place({ ...RESTING, ticker: symbol }));
    const second = [...ids].sort()[1];
    desk.pass(MINUTE_MS);
    const startedAt = desk.now();
    // Time for two look-ups: the first is always made.
    let left = 2;
    const report = await desk.reconcile({}, () => (left-- > 1 ? 55_000 : 0));
    expect(report).toMatchObject({ complete: false, failure: null });
    expect((await desk.room.reconciliations.mark(ACCOUNT))?.progress).toMatchObject({ startedAt, lookedUpTo: second });
    expect(await shut(desk)).toBeNull();
    desk.pass(20_000);
    const next = await desk.reconcile();
    expect(next).toMatchObject({ complete: true, startedAt });
    // Two were looked up before; the others each by the broker's id, which is hidden, and by ours.
    expect(next.requests).toBe(5 + 2 * 2);
    expect((await desk.room.reconciliations.mark(ACCOUNT))?.progress).toBeNull();
    expectAgreement(desk);
  });

  it('of requests leaves the rest to the next, and never asks for more than its share', async () => {
    const desk = await start();
    desk.simulator.faults.set('hide-orders', { parameters: { ms: 300_000 } });
    for (let index = 0; index < 130; index += 1) {
      await desk.place({ ...RESTING, ticker: SYMBOLS[index % 4] ?? ticker('KO') }, 'died-after-call');
    }
    desk.pass(MINUTE_MS);
    let passes = 0;
    for (let complete = false; !complete && passes < 9; passes += 1) {
      const report = await desk.reconcile();
      expect(report.requests).toBeLessThanOrEqual(100);
      complete = report.complete;
      desk.pass(10_000);
    }
    expect(passes).toBe(2);
    desk.pass(5 * MINUTE_MS);
    await desk.reconcile();
    expectAgreement(desk);
  });
});

describe('the account', () => {
  it('is stopped when its cash is further off than the policy lets pass', async () => {
    const desk = await start();
    const account = await desk.broker.account();
    const short = { ...account, cash: parseMoney('980000') };
    desk.pass(MINUTE_MS);
    await desk.reconcile({ broker: { ...desk.broker, account: () => Promise.resolve(short) } });
    expect((await desk.room.safety.read(ACCOUNT)).account?.breaker).toMatchObject({
      state: 'TRIPPED',
      cause: 'cash-drift',
    });
    expect(await shut(desk)).toBe('breaker-tripped');
  });

  it('is not stopped by fees within the tolerance', async () => {
    const desk = await start();
    const account = await desk.broker.account();
    const fee = { ...account, cash: parseMoney('990001') };
    desk.pass(MINUTE_MS);
    await desk.reconcile({ broker: { ...desk.broker, account: () => Promise.resolve(fee) } });
    expect(await shut(desk)).toBeNull();
  });

  it('is stopped by more quarantined symbols than the policy allows', async () => {
    const desk = await start({ reconciliation: { quarantinesMax: 1 } });
    const quarantine = { code: 'operator', message: 'for a test', at: desk.now() };
    for (const symbol of ['AAPL', 'F']) {
      await desk.room.books.quarantine(ACCOUNT, ticker(symbol), quarantine, 'test');
    }
    desk.pass(MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ complete: true, quarantined: ['AAPL', 'F'] });
    expect(await shut(desk)).toBe('breaker-tripped');
  });

  it('has its figures kept at the start of the session and at its end, and its journal computed again', async () => {
    const desk = await start();
    await desk.place();
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    expect(await desk.room.reconciliations.session(ACCOUNT, SESSION)).toMatchObject({
      start: { figures: { cash: parseMoney('1000000') } },
      end: null,
    });
    desk.pass(parseEpochMs('2026-01-06T16:20:00-05:00') - desk.now());
    expect(await desk.reconcile()).toMatchObject({ complete: true, violations: [] });
    const kept = await desk.room.reconciliations.session(ACCOUNT, SESSION);
    expect(kept?.end?.figures.positions).toEqual([{ ticker: 'KO', quantity: wholeQuantity(10) }]);
    const account = await desk.broker.account();
    expect(kept?.end?.figures).toMatchObject({ cash: account.cash, equity: account.equity });
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    const facts = await desk.room.journal.byAggregate(`reconciliation:${ACCOUNT}`);
    expect(facts.map(({ meta }) => meta.sequence)).toEqual(facts.map((_, index) => index + 1));
    const [price] = desk.simulator.ledger().executions.map((execution) => Number(execution.price));
    const slippage = String(Math.round(((price ?? 0) - 100) * 10 * 100) / 100);
    expect(facts.filter(({ type }) => type === 'session.closed.v1').map(({ data }) => data)).toMatchObject([
      { cashStart: '1000000', fees: '0', slippage, strategies: [{ strategyId: 'momentum', unvalued: 1, slippage }] },
    ]);
  });

  it('has a symbol stopped whose journal does not come to what its book holds', async () => {
    const desk = await start();
    await desk.place();
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    desk.pass(parseEpochMs('2026-01-06T16:20:00-05:00') - desk.now());
    const lying = {
      ...desk.room.journal,
      byDay: async (day: string) =>
        (await desk.room.journal.byDay(day)).map((fact) =>
          fact.type === 'position.booked.v1' ? { ...fact, data: { ...fact.data, realizedProfit: '1' } } : fact,
        ),
    };
    const report = await desk.reconcile({ journal: lying });
    expect(report.violations).toMatchObject([{ invariant: 3, ticker: 'KO' }]);
    expect((await desk.book('KO')).quarantine?.code).toBe('invariant-profit');
  });

  it('is only looked at in a dry run', async () => {
    const desk = await start();
    const id = await desk.place({}, 'answer-lost');
    desk.pass(MINUTE_MS);
    const report = await desk.reconcile({ dryRun: true });
    expect(report).toMatchObject({ complete: true, ordersSettled: 0, fillsBooked: 0 });
    expect(report.differences).toMatchObject([{ ticker: 'KO', broker: wholeQuantity(10) }]);
    expect((await desk.order(id)).state).toBe('unknown');
    expectNothingInvented(desk);
  });
});

describe('an order of unknown fate', () => {
  it('is watched to the close, looked for once more, and only then given up', async () => {
    const desk = await start();
    const id = await desk.place(RESTING, 'died-before-call');
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    expect((await desk.order(id)).state).toBe('unknown');
    desk.pass(5 * MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ missing: [id], unknownLong: [id] });
    desk.pass(parseEpochMs('2026-01-06T16:14:59-05:00') - desk.now());
    await desk.reconcile();
    expect((await desk.order(id)).state).toBe('unknown');
    desk.pass(1_000);
    await desk.reconcile();
    expect((await desk.order(id)).state).toBe('abandoned');
    const cash = await desk.tables.get('safety', strategyKey(ACCOUNT, MOMENTUM));
    expect(cash?.['cashAvailable']).toEqual({ N: '10000000' });
  });

  it('that turns up after it was given up is reserved, stopped and canceled', async () => {
    const desk = await start();
    const id = await desk.place(RESTING, 'died-before-call');
    desk.pass(parseEpochMs('2026-01-06T16:16:00-05:00') - desk.now());
    await desk.reconcile();
    expect((await desk.order(id)).state).toBe('unknown');
    await desk.reconcile();
    expect((await desk.order(id)).state).toBe('abandoned');
    await desk.foreign('POST', '/v2/orders', {
      symbol: 'KO',
      qty: '10',
      side: 'buy',
      type: 'limit',
      limit_price: '1',
      time_in_force: 'day',
      client_order_id: id,
      position_intent: 'buy_to_open',
    });
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    expect(await desk.order(id)).toMatchObject({ resurrected: true });
    expect((await desk.book('KO')).quarantine?.code).toBe('resurrected');
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    expect((await desk.order(id)).state).toBe('canceled');
    expectAgreement(desk);
  });

  it('that works at the broker though it had ended here is canceled, whichever room heard of it first', async () => {
    const desk = await start();
    const id = await desk.place(RESTING, 'died-before-call');
    const refused = refusal('broker-refused', 'the answer that the sender believed', {});
    await desk.room.orders.step(id, (row) => refusedByBroker(row, refused, desk.now()));
    expect((await desk.order(id)).state).toBe('rejected');
    await desk.foreign('POST', '/v2/orders', {
      symbol: 'KO',
      qty: '10',
      side: 'buy',
      type: 'limit',
      limit_price: '1',
      time_in_force: 'day',
      client_order_id: id,
      position_intent: 'buy_to_open',
    });
    const found = await desk.room.broker.findByClientId(id);
    if (found === null) throw new Error('the broker does not have the order');
    await desk.room.orders.settle(updateFromSnapshot(found, 'webhook', desk.now()));
    expect(await desk.order(id)).toMatchObject({ resurrected: true, state: 'acknowledged' });
    for (let passes = 0; passes < 2; passes += 1) {
      desk.pass(MINUTE_MS);
      await desk.reconcile();
    }
    expect((await desk.order(id)).state).toBe('canceled');
    expectAgreement(desk);
  });
});
