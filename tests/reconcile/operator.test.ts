/** What people do about differences and orphans, asked through the API and carried out by the next pass. */
import { RATE_LIMITS } from '#functions/control/limits.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { answerRequest } from '#functions/control/answer-request.ts';
import type { ControlDependencies } from '#functions/control/operation.ts';
import { ROUTES } from '#functions/control/routes.ts';
import { controlStores } from '#functions/control/wiring.ts';
import { memoryLanes } from '#shared/adapters/memory/lanes.ts';
import { MemoryFifoQueue } from '#shared/adapters/memory/fifo-queue.ts';
import { tinyMarket } from '#infra/local/alpaca/tiny-market.ts';
import { grantOf } from '#shared/core/access/permissions.ts';
import { parsePrice, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate, parseEpochMs } from '#shared/core/kernel/instant.ts';
import type { OrderTerms } from '#shared/core/order/order.ts';
import { ACCOUNT, BUILD, MOMENTUM } from './account.ts';
import { type Desk, type DeskOptions, MINUTE_MS, openDesk } from './desk.ts';
import { expectAgreement } from './expectations.ts';
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

const WHY = 'a person has looked at it';

function controlOver(desk: Desk): ControlDependencies {
  const { clock } = desk;
  const queue = (name: string) => new MemoryFifoQueue({ name, clock, visibilityTimeoutMs: 180_000 });
  return {
    accountId: ACCOUNT,
    environment: 'paper',
    dryRun: false,
    build: BUILD,
    rateLimits: RATE_LIMITS,
    inactiveAfterMs: 86_400_000,
    deployed: {
      switches: { tradingDisabled: false, safeMode: false, strategiesDisabled: [] },
      liquidityCheck: true,
      fatFingerNotionalMax: null,
      fatFingerQuantityMax: null,
      fatFingerVolumeShareBpsMax: null,
      sliceVolumeShareBpsMax: null,
    },
    clock,
    ...controlStores(desk.tables, clock),
    broker: desk.broker,
    marketData: { latestQuotes: () => Promise.resolve(new Map()) },
    lanes: memoryLanes({ queues: { orders: queue('orders'), urgent: queue('urgent') } }),
    internal: { secrets: () => Promise.resolve([]), role: 'trader', toleranceMs: 300_000 },
    performance: { daysMax: 90, keptMs: 0 },
    telemetry: desk.telemetry,
  };
}

/** Asks the API as an operator; its status and body. */
async function ask(
  desk: Desk,
  id: 'adoptOrphan' | 'cancelOrphan' | 'dismissOrphan' | 'restatePosition' | 'getOrphans' | 'giveUpOrder',
  parameters: Readonly<Record<string, string>>,
  body?: object,
) {
  const { method, path } = ROUTES[id];
  const answer = await answerRequest(controlOver(desk), {
    route: `${method} ${path}`,
    line: { method, path, query: '' },
    parameters,
    query: {},
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
    subject: 'ada',
    grant: grantOf(['operator']),
    requestId: 'request-1',
    receivedAt: desk.now(),
  });
  const said: unknown = JSON.parse(answer.body);
  return { status: answer.status, body: said };
}

const FAR = { qty: '5', side: 'buy', type: 'limit', time_in_force: 'day' };

/** Somebody else's orders, seen by a pass. */
async function orphans(desk: Desk): Promise<Readonly<Record<string, string>>> {
  for (const [symbol, limit] of [
    ['AAPL', '1'],
    ['F', '0.5'],
    ['MSFT', '1'],
  ]) {
    await desk.foreign('POST', '/v2/orders', { ...FAR, symbol, limit_price: limit });
  }
  desk.pass(MINUTE_MS);
  await desk.reconcile();
  return Object.fromEntries(desk.simulator.ledger().orders.map(({ symbol, id }) => [symbol, id]));
}

describe('an operator', () => {
  it('adopts, cancels and dismisses orphans, each with who and why, carried out by the next pass', async () => {
    const desk = await start({ reconciliation: { foreignOrders: 'quarantine' } });
    const ids = await orphans(desk);
    const listed = await ask(desk, 'getOrphans', {});
    expect(JSON.stringify(listed.body)).toContain(ids['F']);
    for (const [id, symbol] of [
      ['adoptOrphan', 'AAPL'],
      ['cancelOrphan', 'F'],
      ['dismissOrphan', 'MSFT'],
    ] as const) {
      const asked = await ask(desk, id, { broker_order_id: ids[symbol] ?? '' }, { reason: WHY });
      expect(asked.status).toBe(202);
    }
    const said = await desk.room.journal.byAggregate(`reconciliation:${ACCOUNT}`);
    expect(said.filter(({ type }) => type === 'orphan.decided.v1').map(({ data }) => data)).toMatchObject(
      ['adopt', 'cancel', 'dismiss'].map((decision) => ({ decision, by: 'ada', reason: { message: WHY } })),
    );
    desk.pass(MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ complete: true });
    expect(ordersOf(desk)).toMatchObject([{ brokerOrderId: ids['AAPL'], state: 'acknowledged' }]);
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    const statuses = new Map(desk.simulator.ledger().orders.map(({ symbol, status }) => [symbol, status]));
    expect([statuses.get('AAPL'), statuses.get('F'), statuses.get('MSFT')]).toEqual(['new', 'canceled', 'new']);
    expectAgreement(desk);
  });

  it('is told that there is no such orphan', async () => {
    const desk = await start();
    expect(await ask(desk, 'cancelOrphan', { broker_order_id: 'nobody' }, { reason: WHY })).toMatchObject({
      status: 404,
      body: { code: 'orphan-not-found' },
    });
  });

  it('restates a position after a split, and the pass that agrees lets the symbol trade again', async () => {
    const split = { ticker: ticker('KO'), date: calendarDate('2026-01-07'), to: 4, from: 1 };
    const desk = await start({ market: tinyMarket({ seed: 7, splits: [split] }) });
    await desk.place();
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    desk.pass(parseEpochMs('2026-01-07T09:31:00-05:00') - desk.now());
    await desk.reconcile();
    expect((await desk.book('KO')).quarantine?.code).toBe('split');
    const [share] = (await desk.book('KO')).shares;
    const cost = String(Number(share?.cost) / 1e18);
    const restated = { strategy_id: MOMENTUM, qty: '40', cost, reason: 'four for one' };
    expect(await ask(desk, 'restatePosition', { symbol: 'KO' }, { ...restated, cost: `-${cost}` })).toMatchObject({
      status: 400,
      body: { field: 'cost' },
    });
    expect(await ask(desk, 'restatePosition', { symbol: 'KO' }, { ...restated, strategy_id: 'nobody' })).toMatchObject({
      status: 404,
      body: { code: 'strategy-not-found' },
    });
    expect(await ask(desk, 'restatePosition', { symbol: 'KO' }, restated)).toMatchObject({
      status: 200,
      body: { restated: true },
    });
    desk.pass(MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ differences: [], quarantined: [], violations: [] });
    const facts = await desk.room.journal.byAggregate(`book:${ACCOUNT}:KO`);
    expect(facts.find(({ type }) => type === 'position.adjusted.v1')?.data).toMatchObject({
      before: '10',
      after: '40',
      by: 'ada',
      reason: { message: 'four for one' },
    });
    expect((await desk.book('KO')).shares).toMatchObject([{ quantity: wholeQuantity(40) }]);
    expectAgreement(desk);
  });

  it('gives up a stop that never arrived: what no watch would ever end', async () => {
    const desk = await start();
    await desk.place();
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    const stop: Partial<OrderTerms> = {
      side: 'sell',
      positionIntent: 'sell_to_close',
      type: 'stop',
      stopPrice: parsePrice('1'),
      timeInForce: 'gtc',
    };
    const id = await desk.place(stop, 'died-before-call');
    expect(await ask(desk, 'giveUpOrder', { client_order_id: id }, { reason: WHY })).toMatchObject({
      status: 409,
      body: { code: 'order-not-unknown' },
    });
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    desk.pass(7 * 24 * 60 * MINUTE_MS);
    await desk.reconcile();
    expect((await desk.order(id)).state).toBe('unknown');
    expect((await ask(desk, 'giveUpOrder', { client_order_id: id }, { reason: WHY })).status).toBe(202);
    desk.pass(MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ complete: true });
    expect(await desk.order(id)).toMatchObject({ state: 'abandoned', reserved: { quantity: 0n } });
    expect((await desk.room.reconciliations.mark(ACCOUNT))?.givenUp).toEqual([]);
    const said = await desk.room.journal.byAggregate(`reconciliation:${ACCOUNT}`);
    expect(said.find(({ type }) => type === 'order.give-up-asked.v1')?.data).toMatchObject({ by: 'ada' });
    const ended = await desk.room.journal.byAggregate(`order:${id}`);
    expect(ended.find(({ type }) => type === 'order.abandoned.v1')?.data).toMatchObject({
      reason: { code: 'given-up-by-operator' },
    });
    expectAgreement(desk);
  });
});
