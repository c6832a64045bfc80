import { describe, expect, it } from 'vitest';
import { readCommand } from '#events/command.ts';
import { intentOf } from '#events/order-command.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { clientOrderIdOf, MANUAL, ticker } from '#shared/core/kernel/identity.ts';
import { decisionFor } from '#functions/control/request-intent.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { problemSchema, SCHEMAS } from '#functions/control/schemas.ts';
import { type Answered, type Ask, type ControlHouse, NOW, openHouse } from './control-house.ts';
import { asked, hold, PLAIN_ORDER } from './route-cases.ts';

const requested = (answer: Answered) => SCHEMAS.submitOrder.success.body.parse(answer.json());
const problem = (answer: Answered) => problemSchema.parse(answer.json());
const submit = (house: ControlHouse, ask: Ask = {}): Promise<Answered> =>
  house.ask('submitOrder', { body: PLAIN_ORDER, ...ask });
const keyed = (key: string): Ask => ({ headers: { 'idempotency-key': key } });

/** Commands that wait on a lane, oldest first. */
const commandsOn = (house: ControlHouse, lane: 'orders' | 'urgent') =>
  house.queues[lane].receive({ count: 10 }).map((message) => readCommand(JSON.parse(message.body)));

describe('a request for an order', () => {
  it('is written down and put on the lane, and shown as pending until its order is claimed', async () => {
    const house = await openHouse();
    const answer = await submit(house);
    const view = requested(answer);
    expect(answer.status).toBe(202);
    expect(view).toMatchObject({ state: 'pending_new', strategy_id: 'manual', repeated: false, dry_run: true });
    expect(answer.headers['location']).toBe(view.status_url);
    const [command, second] = commandsOn(house, 'orders');
    expect(second).toBeUndefined();
    expect(command).toMatchObject({
      type: 'submit-order.v1',
      data: { clientOrderId: view.client_order_id, quantity: '1' },
    });
    const shown = await house.ask('getOrder', { params: { client_order_id: view.client_order_id } });
    expect(SCHEMAS.getOrder.success.body.parse(shown.json())).toMatchObject({
      state: 'pending_new',
      qty: '1',
      purpose: 'manual',
    });
  });

  it('makes no order by itself', async () => {
    const house = await openHouse();
    await submit(house);
    expect((await house.dependencies.orders.listOpen(house.account)).orders).toEqual([]);
  });

  it('shows why the sender refused it, and keeps that on its row', async () => {
    const house = await openHouse();
    const ask = await asked(house);
    const [command] = commandsOn(house, 'orders');
    if (command?.type !== 'submit-order.v1') throw new Error('no command');
    const why = refusal('breaker-tripped', 'the circuit breaker is tripped');
    await house.dependencies.orders.refuse(intentOf(command.data, command.meta.correlationId), why, NOW);
    const kept = await house.dependencies.requests.ofOrder(clientOrderIdOf(command.data.clientOrderId));
    expect(kept).toMatchObject({ state: 'failed', failure: { code: 'breaker-tripped' } });
    const shown = SCHEMAS.getOrder.success.body.parse((await house.ask('getOrder', ask)).json());
    expect(shown).toMatchObject({ state: 'refused', reason: { code: 'breaker-tripped' } });
  });

  it('is refused at once where its sender would refuse it', async () => {
    const house = await openHouse();
    const cases: readonly (readonly [Ask['body'], number, string])[] = [
      [{ ...PLAIN_ORDER, symbol: 'NOPE' }, 422, 'instrument-unknown'],
      [{ ...PLAIN_ORDER, qty: '9000' }, 422, 'fat-finger-notional'],
      [{ ...PLAIN_ORDER, type: 'limit', limit_price: '150' }, 422, 'price-outside-collar'],
      [{ ...PLAIN_ORDER, type: 'limit', limit_price: '100.001' }, 422, 'price-off-tick'],
    ];
    for (const [body, status, code] of cases) {
      const answer = await submit(house, { body });
      expect([answer.status, problem(answer).code]).toEqual([status, code]);
    }
    expect(commandsOn(house, 'orders')).toEqual([]);
  });

  it('is refused while a gate is shut, the breaker before its row is made', async () => {
    const house = await openHouse();
    await house.ask('tripCircuitBreaker', { body: { reason: 'a test trips it' } });
    const answer = await house.ask('submitManualOrder', { body: PLAIN_ORDER });
    expect([answer.status, problem(answer).code]).toEqual([503, 'breaker-tripped']);
    const again = await openHouse();
    await again.ask('engageKillSwitch', { body: { reason: 'a test engages it' } });
    expect(problem(await submit(again)).code).toBe('kill-switch-engaged');
    expect([...commandsOn(house, 'orders'), ...commandsOn(again, 'orders')]).toEqual([]);
  });

  it('is kept to the strategies of the scopes', async () => {
    const house = await openHouse();
    const groups = ['trader', 'strategy:ma-crossover'];
    expect((await submit(house, { groups })).status).toBe(403);
    const own = { ...PLAIN_ORDER, strategy_id: 'ma-crossover' };
    expect((await submit(house, { groups, body: own })).status).toBe(202);
  });

  it('says what is missing, by field', async () => {
    const house = await openHouse();
    const cases: readonly (readonly [Record<string, unknown>, string])[] = [
      [{ qty: undefined }, 'qty'],
      [{ notional: '5' }, 'qty'],
      [{ type: 'limit' }, 'limit_price'],
      [{ type: 'stop' }, 'stop_price'],
      [{ limit_price: '1' }, 'limit_price'],
      [{ side: 'hold' }, 'side'],
      [{ qty: 0 }, 'qty'],
      [{ qty: 1e-12 }, 'qty'],
      [{ time_in_force: 'gtc' }, 'time_in_force'],
      [{ side: 'sell', position_intent: 'buy_to_open' }, 'position_intent'],
      [{ colour: 'red' }, 'colour'],
    ];
    for (const [change, field] of cases) {
      const answer = await submit(house, { body: { ...PLAIN_ORDER, ...change } });
      expect([change, answer.status, problem(answer).field]).toEqual([change, 400, field]);
    }
    const text = await submit(house, { rawBody: '{"symbol":' });
    expect([text.status, problem(text).code]).toEqual([400, 'malformed']);
    const large = await submit(house, { rawBody: `"${'x'.repeat(70_000)}"` });
    expect([large.status, problem(large).code]).toEqual([413, 'body-too-large']);
  });
});

describe('a request whose command is not known to be on its lane', () => {
  it('is answered as not done, and sent by whoever asks again', async () => {
    const house = await openHouse();
    const { lanes } = house.dependencies;
    const lost = (): Promise<never> => Promise.reject(new Fault('uncertain', 'sqs-timeout', 'no answer'));
    house.dependencies = { ...house.dependencies, lanes: { ...lanes, send: lost } };
    const first = await submit(house);
    expect([first.status, problem(first).code]).toEqual([503, 'command-not-queued']);
    expect((await submit(house)).status).toBe(503);
    house.dependencies = { ...house.dependencies, lanes };
    const again = requested(await submit(house));
    expect(again).toMatchObject({ repeated: true, state: 'pending_new' });
    expect(commandsOn(house, 'orders')).toHaveLength(1);
  });
});

describe('a repeated request', () => {
  it('without a key is answered again, with a warning that says how to place a twin', async () => {
    const house = await openHouse();
    const first = requested(await submit(house));
    const second = requested(await submit(house));
    expect(second.client_order_id).toBe(first.client_order_id);
    expect([first.repeated, second.repeated]).toEqual([false, true]);
    expect(second.warnings.join()).toContain('Idempotency-Key');
    expect(commandsOn(house, 'orders')).toHaveLength(1);
  });

  it('is a new decision on another day, and with other fields', async () => {
    const house = await openHouse();
    const first = requested(await submit(house));
    const other = requested(await submit(house, { body: { ...PLAIN_ORDER, qty: 2 } }));
    expect(other.client_order_id).not.toBe(first.client_order_id);
    const wish = {
      strategyId: MANUAL,
      symbol: ticker('AAPL'),
      side: 'buy',
      type: 'market',
      timeInForce: 'day',
      qty: '1',
      notional: null,
      limitPrice: null,
      stopPrice: null,
      positionIntent: null,
      purpose: null,
    } as const;
    const scope = { accountId: house.account, idempotencyKey: null, basis: null };
    const days = [NOW, addMs(NOW, 3_600_000), addMs(NOW, 86_400_000)].map((now) =>
      decisionFor(wish, { ...scope, now }),
    );
    expect(days[1]).toBe(days[0]);
    expect(days[2]).not.toBe(days[0]);
  });

  it('under one key is one order, and another body under it is a conflict', async () => {
    const house = await openHouse();
    const first = requested(await submit(house, keyed('k-1')));
    const again = requested(await submit(house, keyed('k-1')));
    expect(again).toMatchObject({ client_order_id: first.client_order_id, repeated: true, warnings: [] });
    const other = await submit(house, { ...keyed('k-1'), body: { ...PLAIN_ORDER, symbol: 'MSFT' } });
    expect([other.status, problem(other).code]).toEqual([409, 'idempotency-conflict']);
    expect(commandsOn(house, 'orders')).toHaveLength(1);
  });

  it('under another key is a wanted twin', async () => {
    const house = await openHouse();
    const first = requested(await submit(house, keyed('k-1')));
    const twin = requested(await submit(house, keyed('k-2')));
    expect(twin.client_order_id).not.toBe(first.client_order_id);
    expect(twin.repeated).toBe(false);
  });
});

describe('positions', () => {
  it('are closed by an order for what is held, by the urgent lane', async () => {
    const house = await openHouse();
    await hold(house, '10');
    const answer = await house.ask('closePosition', { params: { symbol: 'AAPL' } });
    expect(answer.status).toBe(202);
    expect(commandsOn(house, 'urgent')).toMatchObject([
      { data: { side: 'sell', quantity: '10', positionIntent: 'sell_to_close', purpose: 'exit' } },
    ]);
  });

  it('are not closed where nothing is held', async () => {
    const house = await openHouse();
    expect((await house.ask('closePosition', { params: { symbol: 'AAPL' } })).status).toBe(404);
  });

  it.each([
    ['15', 'buy', '5', 'orders'],
    ['4', 'sell', '6', 'urgent'],
    ['0', 'sell', '10', 'urgent'],
  ] as const)('are brought from 10 to %s by a %s of %s', async (target, side, qty, lane) => {
    const house = await openHouse();
    await hold(house, '10');
    const answer = await house.ask('adjustPosition', { params: { symbol: 'AAPL' }, body: { target_qty: target } });
    expect([answer.status, answer.text]).toEqual([202, answer.text]);
    expect(commandsOn(house, lane)).toMatchObject([{ data: { side, quantity: qty } }]);
  });

  it('that are where they should be need no order', async () => {
    const house = await openHouse();
    await hold(house, '10');
    const answer = await house.ask('adjustPosition', { params: { symbol: 'AAPL' }, body: { target_qty: 10 } });
    expect(answer.json()).toMatchObject({ held_qty: '10', target_qty: '10', order: null });
  });

  it('are flattened even while the kill switch is engaged', async () => {
    const house = await openHouse();
    await hold(house, '10');
    await house.ask('engageKillSwitch', { body: { reason: 'everything must go' } });
    const answer = await house.ask('flattenAll', { body: { reason: 'everything must go' } });
    expect(SCHEMAS.flattenAll.success.body.parse(answer.json())).toMatchObject({
      orders: [{ qty: '10' }],
      refused: [],
    });
    expect(commandsOn(house, 'urgent')).toMatchObject([{ data: { purpose: 'flatten', side: 'sell' } }]);
  });
});
