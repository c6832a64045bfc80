import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readCommand } from '#events/command.ts';
import { aggregateOf } from '#events/fact.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { decisionId, ticker } from '#shared/core/kernel/identity.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import type { SlicePlan } from '#shared/core/order/slice-plan.ts';
import { decideSlice } from '#shared/core/order/slice-step.ts';
import { problemSchema, SCHEMAS } from '#functions/control/schemas.ts';
import { type Answered, type Ask, type ControlHouse, NOW, openHouse } from './control-house.ts';
import { planFor } from '#tests/slice/slice-house.ts';
import { hold, sliced, SLICED_ORDER } from './route-cases.ts';

const ask = (house: ControlHouse, body: object = {}, more: Ask = {}): Promise<Answered> =>
  house.ask('sliceOrder', { ...more, body: { ...SLICED_ORDER, ...body } });
const answered = (answer: Answered) => SCHEMAS.sliceOrder.success.body.parse(answer.json());
const planView = (answer: Answered) => SCHEMAS.getSlices.success.body.parse(answer.json());
const problem = (answer: Answered) => problemSchema.parse(answer.json());
const keyed = (key: string): Ask => ({ headers: { 'idempotency-key': key } });

const planOf = async (house: ControlHouse, parentId: string): Promise<SlicePlan> => {
  const plan = await house.dependencies.plans.get(house.account, decisionId(parentId));
  if (plan === null) throw new Error('there is no plan');
  return plan;
};

/** Decides the first slice, as the room that works slices does. */
async function atWork(house: ControlHouse, parentId: string): Promise<SlicePlan> {
  const plan = await planOf(house, parentId);
  const change = decideSlice(plan, 0, {
    now: NOW,
    policyVersion: 1,
    decisionAgeMsMax: 60_000,
    basis: { position: ZERO_QUANTITY, openQuantity: ZERO_QUANTITY },
  });
  const saved = await house.dependencies.plans.save(plan, change, NOW);
  if (saved === null) throw new Error('the plan moved');
  return saved;
}

const commandsOn = (house: ControlHouse, lane: 'orders' | 'urgent') =>
  house.queues[lane].receive({ count: 10 }).map((message) => readCommand(JSON.parse(message.body)));

describe('a parent order in slices', () => {
  it('is written down, and nothing of it is sent by control', async () => {
    const house = await openHouse();
    const answer = await ask(house);
    const { plan, repeated } = answered(answer);
    expect([answer.status, repeated]).toEqual([202, false]);
    expect(answer.headers['location']).toBe(plan.status_url);
    expect(plan).toMatchObject({
      state: 'working',
      strategy_id: 'manual',
      type: 'market',
      position_intent: 'buy_to_open',
      qty: '100',
      left_qty: '100',
      interval_seconds: 300,
      // 1 % of ten million shares a day.
      slice_qty_max: '100000',
    });
    expect(plan.slices.map(({ planned_qty, state }) => [planned_qty, state])).toEqual(
      Array.from({ length: 10 }, () => ['10', 'pending']),
    );
    expect([...commandsOn(house, 'orders'), ...commandsOn(house, 'urgent')]).toEqual([]);
    const facts = await house.dependencies.journal.byAggregate(aggregateOf.slicePlan(plan.parent_order_id));
    expect(facts).toMatchObject([{ type: 'slice-plan.created.v1', room: 'control', data: { by: 'ada', slices: 10 } }]);
    expect(planView(await house.ask('getSlices', { params: { parent_id: plan.parent_order_id } }))).toEqual(plan);
  });

  it('is shown without being written when it is a preview, whatever was asked before', async () => {
    const house = await openHouse();
    const preview = answered(await ask(house, { preview: true }));
    expect(preview.plan.state).toBe('preview');
    const params = { parent_id: preview.plan.parent_order_id };
    expect((await house.ask('getSlices', { params })).status).toBe(404);
    expect(await house.dependencies.plans.open(house.account)).toEqual([]);
    const made = answered(await ask(house));
    expect(made.plan).toEqual({ ...preview.plan, state: 'working' });
    expect(answered(await ask(house, { preview: true })).plan.state).toBe('preview');
  });

  it('is answered again when it is asked for again, and is another under another key', async () => {
    const house = await openHouse();
    const first = answered(await ask(house));
    const again = answered(await ask(house));
    expect(again).toMatchObject({ repeated: true, plan: first.plan });
    expect(again.warnings[0]).toMatch(/Idempotency-Key/);
    const other = answered(await ask(house, {}, keyed('twin')));
    expect(other.plan.parent_order_id).not.toBe(first.plan.parent_order_id);
    expect(answered(await ask(house, {}, keyed('twin')))).toMatchObject({ repeated: true, warnings: [] });
    const conflict = await ask(house, { qty: '90' }, keyed('twin'));
    expect([conflict.status, problem(conflict).code]).toEqual([409, 'idempotency-conflict']);
    expect(await house.dependencies.plans.open(house.account)).toHaveLength(2);
  });

  it('is made once when it is asked for twice at the same time', async () => {
    const house = await openHouse();
    const both = await Promise.all([ask(house), ask(house)]);
    expect(both.filter((answer) => answered(answer).repeated)).toHaveLength(1);
    expect(await house.dependencies.plans.open(house.account)).toHaveLength(1);
  });

  it('is refused as a whole where one order of its size would be, and by its slices where they would be', async () => {
    const house = await openHouse();
    const cases: readonly (readonly [object, number, string])[] = [
      [{ symbol: 'NOPE' }, 422, 'instrument-unknown'],
      [{ qty: '9000' }, 422, 'fat-finger-notional'],
      [{ limit_price: '150' }, 422, 'price-outside-collar'],
      [{ qty: '9' }, 422, 'quantity-below-minimum'],
      [{ duration_minutes: 390 }, 422, 'session-closed'],
      [{ duration_minutes: 5, interval_seconds: 60 }, 422, 'symbol-cooldown'],
      // Five minutes are a 78th of a session: some 128,000 shares, of which a ten thousandth.
      [{ qty: '400', max_participation: '0.0001' }, 422, 'slice-exceeds-liquidity'],
      [{ side: 'sell', position_intent: 'sell_to_close' }, 422, 'quantity-not-available'],
    ];
    for (const [body, status, code] of cases) {
      const answer = await ask(house, body);
      expect([body, answer.status, problem(answer).code]).toEqual([body, status, code]);
    }
    const tight = problem(await ask(house, { qty: '400', max_participation: '0.0001' }));
    expect(tight.context).toMatchObject({ actual: '40', slicesNeeded: '34' });
    expect(await house.dependencies.plans.open(house.account)).toEqual([]);
  });

  it('is answered with what it comes near to, as a whole and by its slices, and as a preview too', async () => {
    const house = await openHouse();
    expect(answered(await ask(house)).warnings).toEqual([]);
    // 17,000 of the 20,000 that one symbol may take.
    const whole = expect.stringMatching(/^the exposure in AAPL would be .*, near its limit of 20000/);
    expect(answered(await ask(house, { qty: '170' })).warnings).toEqual([whole]);
    expect(answered(await ask(house, { qty: '170', preview: true })).warnings).toEqual([whole]);
    // Two slices of 85, of the 100 that are one in a hundred of a day's volume; the whole is held to no such share.
    const thin = marketStore(house.tables, house.clock);
    const bars = [...(await thin.loadBars([ticker('AAPL')], 2025, 2026)).values()];
    await thin.saveBars(bars.map((one) => ({ ...one, volume: one.volume.map(() => 1e4) })));
    const slice = expect.stringMatching(/^the part that the order has of a day's volume of AAPL would be 85, near/);
    const twoSlices = { qty: '170', duration_minutes: 10 };
    expect(answered(await ask(house, twoSlices)).warnings).toEqual([whole, slice]);
    // Whatever uses a ten-thousandth of a limit comes near to it now, the slice as much as the whole.
    const { version, document } = SCHEMAS.getPolicy.success.body.parse((await house.ask('getPolicy')).json());
    const checks = { ...z.looseObject({}).parse(document['checks']), warnShareBps: 1 };
    const body = { document: { ...document, checks }, expected_version: version, reason: 'a test warns early' };
    expect((await house.ask('putPolicy', { body })).status).toBe(200);
    const { warnings } = answered(await ask(house, twoSlices, keyed('early')));
    expect(warnings.filter((text) => text.startsWith('the exposure in AAPL'))).toEqual([whole]);
  });

  it('is refused while as many are at work as one function can see to', async () => {
    const house = await openHouse();
    const { plans } = house.dependencies;
    for (let count = 2; count < 22; count += 1) await plans.make(planFor(house.account, 1000, count), NOW);
    const answer = await ask(house);
    expect([answer.status, problem(answer).code, problem(answer).context]).toEqual([
      422,
      'orders-open-limit',
      { actual: '20', limit: '20' },
    ]);
    expect((await ask(house, { preview: true })).status).toBe(202);
  });

  it('is refused while a gate is shut, and while no session is open', async () => {
    const house = await openHouse();
    await house.ask('engageKillSwitch', { body: { reason: 'a test engages it' } });
    const killed = await ask(house);
    expect([killed.status, problem(killed).code]).toEqual([503, 'kill-switch-engaged']);
    const late = await openHouse();
    late.clock.moveTo(addMs(NOW, 8 * 3_600_000));
    expect(problem(await ask(late)).code).toBe('session-closed');
  });

  it('may take risk off, as orders of a person and in the steps of the instrument', async () => {
    const house = await openHouse();
    await hold(house, '100');
    const { plan } = answered(await ask(house, { side: 'sell', qty: '0.5' }));
    expect(plan).toMatchObject({ position_intent: 'sell_to_close', slice_qty_max: null });
    expect(plan.slices.map(({ planned_qty }) => planned_qty)).toEqual(Array.from({ length: 10 }, () => '0.05'));
    expect(await planOf(house, plan.parent_order_id)).toMatchObject({ purpose: 'manual' });
  });

  it('says what is malformed, by field', async () => {
    const cases: readonly (readonly [object, string])[] = [
      [{ qty: 0 }, 'qty'],
      [{ duration_minutes: 1 }, 'duration_minutes'],
      [{ duration_minutes: 2.5 }, 'duration_minutes'],
      [{ interval_seconds: 59 }, 'interval_seconds'],
      [{ interval_seconds: 3000 }, 'interval_seconds'],
      [{ duration_minutes: 390, interval_seconds: 60 }, 'interval_seconds'],
      [{ max_participation: '1.1' }, 'max_participation'],
      [{ max_participation: '0.00001' }, 'max_participation'],
      [{ max_participation: 0 }, 'max_participation'],
      [{ preview: 'yes' }, 'preview'],
      [{ side: 'sell', position_intent: 'buy_to_open' }, 'position_intent'],
      [{ time_in_force: 'gtc' }, 'time_in_force'],
    ];
    for (const [body, field] of cases) {
      const answer = await ask(await openHouse(), body);
      expect([body, answer.status, problem(answer).field]).toEqual([body, 400, field]);
    }
  });

  it('is kept to the strategies of the scopes, when it is asked for and when it is canceled', async () => {
    const house = await openHouse();
    const groups = ['trader', 'strategy:ma-crossover'];
    expect((await ask(house, {}, { groups })).status).toBe(403);
    const params = (await sliced(house)).params ?? {};
    expect((await house.ask('cancelSlices', { params, groups })).status).toBe(403);
    expect(answered(await ask(house, { strategy_id: 'ma-crossover' }, { groups })).plan.strategy_id).toBe(
      'ma-crossover',
    );
  });
});

describe('canceling the rest of a parent', () => {
  it('lets no slice follow and asks for the one at work to be canceled, once', async () => {
    const house = await openHouse();
    const params = (await sliced(house)).params ?? {};
    const parentId = params['parent_id'] ?? '';
    const working = await atWork(house, parentId);
    const canceled = planView(await house.ask('cancelSlices', { params, body: { reason: 'a test' } }));
    expect(canceled).toMatchObject({ state: 'stopping', reason: { code: 'operator', message: 'a test' } });
    const id = working.slices[0]?.clientOrderId;
    expect(commandsOn(house, 'urgent')).toMatchObject([{ type: 'cancel-order.v1', data: { clientOrderId: id } }]);
    expect(planView(await house.ask('cancelSlices', { params }))).toEqual(canceled);
    expect(commandsOn(house, 'urgent')).toEqual([]);
  });

  it('is refused when the parent has ended, and answers 404 when there is none', async () => {
    const house = await openHouse();
    const params = (await sliced(house)).params ?? {};
    const plan = await planOf(house, params['parent_id'] ?? '');
    const end = { kind: 'expired', at: NOW, reason: null } as const;
    await house.dependencies.plans.save(plan, { plan: { ...plan, end }, news: [{ kind: 'ended' }] }, NOW);
    const answer = await house.ask('cancelSlices', { params });
    expect([answer.status, problem(answer).code]).toEqual([409, 'order-already-ended']);
    for (const id of ['getSlices', 'cancelSlices'] as const) {
      const none = await house.ask(id, { params: { parent_id: 'twap-none' } });
      expect([none.status, problem(none).code]).toEqual([404, 'plan-not-found']);
    }
  });

  it('happens when all orders are canceled, of the symbols and strategies that are meant', async () => {
    const house = await openHouse();
    await sliced(house);
    const stopped = async (ask: Ask) =>
      SCHEMAS.cancelAllOrders.success.body.parse((await house.ask('cancelAllOrders', ask)).json()).plans_stopped;
    expect(await stopped({ body: { symbol: 'MSFT' } })).toEqual([]);
    expect(await stopped({ groups: ['trader', 'strategy:ma-crossover'] })).toEqual([]);
    expect(await stopped({})).toHaveLength(1);
  });

  it('happens when what is held is closed or flattened', async () => {
    for (const id of ['closePosition', 'flattenAll'] as const) {
      const house = await openHouse();
      await hold(house, '10');
      const { plan } = answered(await ask(house));
      const wish = id === 'closePosition' ? { params: { symbol: 'AAPL' } } : { body: { reason: 'a test flattens' } };
      expect((await house.ask(id, wish)).status).toBe(202);
      expect((await planOf(house, plan.parent_order_id)).stop).toMatchObject({ kind: 'canceled', by: 'ada' });
    }
  });
});
