/** Orders at the broker that have no row here: somebody else's, and our own that were lost. */
import { afterEach, describe, expect, it } from 'vitest';
import { orderKey } from '#shared/adapters/stores/keys.ts';
import { parseQuantity, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { brokerOrderId, type ClientOrderId, MANUAL, ticker } from '#shared/core/kernel/identity.ts';
import { ACCOUNT, MOMENTUM } from './account.ts';
import { type Desk, type DeskOptions, MINUTE_MS, openDesk, RESTING } from './desk.ts';
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

const MARKET = { symbol: 'KO', qty: '5', side: 'buy', type: 'market', time_in_force: 'day' };
const FAR = { ...MARKET, type: 'limit', limit_price: '1' };

async function foreignOrder(desk: Desk, changes: object = {}): Promise<string> {
  const body = await desk.foreign('POST', '/v2/orders', { ...MARKET, ...changes });
  if (typeof body !== 'object' || body === null || !('id' in body) || typeof body.id !== 'string') {
    throw new Error('the broker took no order');
  }
  return body.id;
}

/** Loses the row of an order, as a table that was restored from a backup does. */
async function loseRow(desk: Desk, id: ClientOrderId): Promise<void> {
  await desk.tables.write({ kind: 'delete', table: 'orders', key: orderKey(id), conditions: [] });
}

describe('orders of others', () => {
  it('have their executions booked on "manual", and their symbol stopped until a person looks', async () => {
    const desk = await start();
    await foreignOrder(desk);
    desk.pass(MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ complete: true, orphans: 1, fillsBooked: 1, differences: [] });
    expect(await desk.book('KO')).toMatchObject({
      shares: [{ strategyId: MANUAL, quantity: wholeQuantity(5) }],
      quarantine: { code: 'foreign-order' },
    });
    expect(ordersOf(desk)).toEqual([]);
    expectAgreement(desk);
  });

  it('are booked once, however often they are read, and by whomever', async () => {
    const desk = await start({ reconciliation: { foreignOrders: 'ignore' } });
    await foreignOrder(desk);
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    const forgetful = { memory: { knows: () => false, learn: () => undefined } };
    for (let passes = 0; passes < 2; passes += 1) {
      desk.pass(MINUTE_MS);
      expect(await desk.reconcile(forgetful)).toMatchObject({ fillsBooked: 0, differences: [] });
    }
    expect((await desk.book('KO')).quarantine).toBeNull();
    expectAgreement(desk);
  });

  it('that fill in parts and are busted are followed execution by execution', async () => {
    const desk = await start({
      reconciliation: { foreignOrders: 'ignore' },
      behaviour: { partialFillOneIn: 1, surprises: false },
    });
    await foreignOrder(desk, { qty: '50' });
    for (let passes = 0; passes < 5; passes += 1) {
      desk.pass(20_000);
      await desk.reconcile();
      expectNothingInvented(desk);
    }
    desk.simulator.bust(desk.simulator.ledger().executions[0]?.id ?? '');
    for (let passes = 0; passes < 3; passes += 1) {
      desk.pass(MINUTE_MS);
      await desk.reconcile();
    }
    expectAgreement(desk);
  });

  it('that sell what a strategy holds stop the symbol under every policy', async () => {
    const desk = await start({ reconciliation: { foreignOrders: 'ignore' } });
    await desk.place();
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    await desk.foreign('DELETE', '/v2/positions/KO');
    desk.pass(MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ complete: true, differences: [] });
    const book = await desk.book('KO');
    expect(book.quarantine?.code).toBe('external-conflict');
    expect(book.shares.map(({ strategyId, quantity }) => [strategyId, quantity])).toEqual([
      [MANUAL, parseQuantity('-10')],
      [MOMENTUM, wholeQuantity(10)],
    ]);
    expectAgreement(desk);
  });

  it('are taken into the table when the policy claims them, and followed like ours', async () => {
    const desk = await start({ reconciliation: { foreignOrders: 'claim' } });
    const id = await foreignOrder(desk, FAR);
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    expect(ordersOf(desk)).toMatchObject([
      { brokerOrderId: id, state: 'acknowledged', intent: { purpose: 'manual', terms: { strategyId: MANUAL } } },
    ]);
    expect((await desk.book('KO')).openOrders).toHaveLength(1);
    await desk.foreign('DELETE', `/v2/orders/${id}`);
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    expect(ordersOf(desk)).toMatchObject([{ state: 'canceled' }]);
    expectAgreement(desk);
  });

  it('that a person adopts, cancels or dismisses are dealt with by the next pass', async () => {
    const desk = await start({ reconciliation: { foreignOrders: 'quarantine' } });
    const [adopted, canceled, dismissed] = [
      await foreignOrder(desk, { ...FAR, symbol: 'AAPL' }),
      await foreignOrder(desk, { ...FAR, symbol: 'F', limit_price: '0.5' }),
      await foreignOrder(desk, { ...FAR, symbol: 'MSFT' }),
    ];
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    const decide = async (id: string, decision: 'adopt' | 'cancel' | 'dismiss') => {
      const said = { by: 'operator', reason: 'seen', now: desk.now() };
      await desk.room.reconciliations.decide(ACCOUNT, { brokerOrderId: brokerOrderId(id), decision, ...said });
    };
    await decide(adopted, 'adopt');
    await decide(canceled, 'cancel');
    await decide(dismissed, 'dismiss');
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    expect((await desk.room.reconciliations.mark(ACCOUNT))?.decisions).toEqual([]);
    expect(ordersOf(desk).map((order) => order.brokerOrderId)).toEqual([adopted]);
    desk.pass(MINUTE_MS);
    const statuses = new Map(desk.simulator.ledger().orders.map(({ id, status }) => [id, status]));
    expect([canceled, dismissed].map((id) => statuses.get(id))).toEqual(['canceled', 'new']);
    // Dismissed: its symbol, once a person has lifted it, is not stopped again by the same order.
    const lift = { by: 'operator', reason: 'seen', now: desk.now(), correlationId: 'lift' };
    await desk.room.books.liftQuarantine(ACCOUNT, ticker('MSFT'), lift);
    await desk.foreign('DELETE', `/v2/orders/${dismissed}`);
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    expect((await desk.book('MSFT')).quarantine).toBeNull();
    expectAgreement(desk);
  });
});

describe('an order of ours without a row', () => {
  it('is adopted with the decision that the journal remembers, and its symbol is stopped', async () => {
    const desk = await start();
    const id = await desk.place({ ...RESTING, ticker: ticker('AAPL') });
    const before = await desk.order(id);
    await loseRow(desk, id);
    desk.pass(MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ complete: true, orphans: 1, violations: [] });
    expect(await desk.order(id)).toMatchObject({
      state: 'acknowledged',
      brokerOrderId: before.brokerOrderId,
      intent: { terms: before.intent.terms, decision: before.intent.decision },
    });
    expect((await desk.book('AAPL')).quarantine?.code).toBe('own-orphan');
    const facts = await desk.room.journal.byAggregate(`order:${id}`);
    expect(facts.map(({ meta }) => meta.sequence)).toEqual(facts.map((_, index) => index + 1));
    expect(facts.map(({ type }) => type)).toContain('order.adopted.v1');
    expectAgreement(desk);
  });

  it('is adopted on "manual" where the journal knows nothing of it', async () => {
    const desk = await start();
    const unknown = `belay-${'0123456789abcdefghjkmnpqrstvwxyz'.slice(0, 32)}`;
    await foreignOrder(desk, { client_order_id: unknown });
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    expect(ordersOf(desk)).toMatchObject([
      { clientOrderId: unknown, state: 'filled', intent: { terms: { strategyId: MANUAL } } },
    ]);
    const facts = await desk.room.journal.byAggregate(`order:${unknown}`);
    const named = facts.flatMap(({ data }) => ('clientOrderId' in data ? [data.clientOrderId] : []));
    expect(named).toEqual(facts.map(() => unknown));
    expect((await desk.book('KO')).quarantine?.code).toBe('own-orphan');
    expectAgreement(desk);
  });
});
