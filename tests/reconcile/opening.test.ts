/** Accounts that are not empty when their books are opened. */
import { afterEach, describe, expect, it } from 'vitest';
import { readOpening } from '#cli/opening-positions.ts';
import { wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { MANUAL, ticker } from '#shared/core/kernel/identity.ts';
import type { Books } from '#shared/ports/books.ts';
import { ACCOUNT } from './account.ts';
import { type Desk, type DeskOptions, MINUTE_MS, openDesk } from './desk.ts';
import { expectAgreement } from './expectations.ts';
import { ordersOf } from './ledger-check.ts';

const desks: Desk[] = [];
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close();
});

async function start(options: DeskOptions): Promise<Desk> {
  const desk = await openDesk({ reconciliation: { foreignOrders: 'ignore' }, ...options }, true);
  desks.push(desk);
  return desk;
}

const OWN_MARK = `belay-${'0123456789abcdefghjkmnpqrstvwxyz'.slice(0, 32)}`;

const order = (symbol: string, side: string, qty: string, more: object = {}) => ({
  symbol,
  side,
  qty,
  type: 'market',
  time_in_force: 'day',
  ...more,
});

type Before = NonNullable<DeskOptions['beforeInit']>;

const holdsSome: Before = async ({ foreign, pass }) => {
  await foreign('POST', '/v2/orders', order('KO', 'buy', '12'));
  await foreign('POST', '/v2/orders', order('F', 'sell', '7'));
  await foreign('POST', '/v2/orders', order('MSFT', 'buy', '0.5'));
  pass(MINUTE_MS);
};

const factsOf = async (desk: Desk, symbol: string) =>
  (await desk.room.journal.byAggregate(`book:${ACCOUNT}:${symbol}`)).map(({ type }) => type);

describe('an account that holds positions', () => {
  it('has them recorded on "manual" by the first pass, with who and why', async () => {
    const desk = await start({ beforeInit: holdsSome });
    const report = await desk.reconcile();
    expect(report).toMatchObject({ complete: true, differences: [], quarantined: [], fillsBooked: 0 });
    expect(report.figures?.expectedCash).toBe(report.figures?.cash);
    const held = await Promise.all(['F', 'KO', 'MSFT'].map(async (symbol) => (await desk.book(symbol)).shares));
    expect(held).toMatchObject([
      [{ strategyId: MANUAL, quantity: -wholeQuantity(7) }],
      [{ strategyId: MANUAL, quantity: wholeQuantity(12) }],
      [{ strategyId: MANUAL, quantity: wholeQuantity(1) / 2n }],
    ]);
    expect(await factsOf(desk, 'KO')).toEqual(['position.adjusted.v1', 'position.booked.v1', 'position.opened.v1']);
    const [adjusted] = await desk.room.journal.byAggregate(`book:${ACCOUNT}:KO`);
    expect(adjusted?.data).toMatchObject({ by: 'test', reason: { message: 'held when the books were opened' } });
    expect((await desk.room.reconciliations.mark(ACCOUNT))?.opening).toEqual([]);
    desk.pass(MINUTE_MS);
    const next = await desk.reconcile();
    expect(next.figures?.expectedCash).toBe((await desk.broker.account()).cash);
    expectAgreement(desk);
  });

  it('has what was traded between its initialisation and the first pass booked once', async () => {
    const desk = await start({ beforeInit: holdsSome });
    desk.pass(1);
    await desk.foreign('POST', '/v2/orders', order('KO', 'buy', '3'));
    desk.pass(3 * 24 * 60 * MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ complete: true, differences: [], fillsBooked: 1 });
    expect((await desk.book('KO')).shares).toMatchObject([{ quantity: wholeQuantity(15) }]);
    expectAgreement(desk);
  });

  it('has them recorded once, also where the first passes fail half-way', async () => {
    const desk = await start({ beforeInit: holdsSome });
    desk.pass(1);
    await desk.foreign('POST', '/v2/orders', order('KO', 'buy', '3'));
    desk.pass(MINUTE_MS);
    const down = () => Promise.reject(new Fault('transient', 'tables-down', 'no answer'));
    // The fill is booked on top of the opening, and then neither the books nor the mark can be written.
    const failing = { ...desk.room.reconciliations, mark: () => desk.room.reconciliations.mark(ACCOUNT), record: down };
    const { books: known } = desk.room;
    const books: Books = {
      get: (...given) => known.get(...given),
      all: (account) => known.all(account),
      exposure: (account) => known.exposure(account),
      ofAccount: (account) => known.ofAccount(account),
      open: (...given) => known.open(...given),
      beginSession: down,
      quarantine: (...given) => known.quarantine(...given),
      liftQuarantine: (...given) => known.liftQuarantine(...given),
    };
    await expect(desk.reconcile({ books, reconciliations: failing })).rejects.toThrow('no answer');
    expect((await desk.book('KO')).shares).toMatchObject([{ quantity: wholeQuantity(15) }]);
    expect((await desk.room.reconciliations.mark(ACCOUNT))?.opening).toHaveLength(3);
    expect(await desk.reconcile()).toMatchObject({ complete: true, differences: [], quarantined: [] });
    expect((await desk.book('KO')).shares).toMatchObject([{ quantity: wholeQuantity(15) }]);
    expectAgreement(desk);
  });

  it('has what an earlier house ordered counted once: in the opening, and after it as an execution', async () => {
    const desk = await start({
      beforeInit: async ({ foreign, pass }) => {
        await foreign('POST', '/v2/orders', order('KO', 'buy', '5', { client_order_id: OWN_MARK }));
        const resting = { client_order_id: `${OWN_MARK.slice(0, -1)}0`, type: 'limit', limit_price: '1' };
        await foreign('POST', '/v2/orders', order('AAPL', 'buy', '4', resting));
        pass(MINUTE_MS);
      },
    });
    expect(await desk.reconcile()).toMatchObject({ complete: true, differences: [], fillsBooked: 0 });
    expect(ordersOf(desk)).toEqual([]);
    expect((await desk.book('KO')).shares).toMatchObject([{ strategyId: MANUAL, quantity: wholeQuantity(5) }]);
    expect((await desk.book('KO')).quarantine).toBeNull();
    expect((await desk.book('AAPL')).quarantine?.code).toBe('own-orphan');
    expectAgreement(desk);
  });

  it('refuses to be opened while somebody trades it', async () => {
    const desk = await start({});
    const traded = {
      positions: async () => {
        await desk.foreign('POST', '/v2/orders', order('KO', 'buy', '1'));
        desk.pass(1_000);
        return await desk.broker.positions();
      },
    };
    await expect(readOpening(traded, { now: desk.now })).rejects.toMatchObject({ code: 'account-is-traded' });
    expect((await readOpening(desk.broker, { now: desk.now })).positions).toMatchObject([{ ticker: ticker('KO') }]);
  });
});
