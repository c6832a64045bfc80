import { afterEach, describe, expect, it } from 'vitest';
import { ticker } from '#shared/core/kernel/identity.ts';
import { parseEpochMs } from '#shared/core/kernel/instant.ts';
import { fieldOf, openRawDesk, type RawDesk, recordOf } from '#tests/venue/raw-desk.ts';
import type { BrokerOptions } from './embedding.ts';
import { assetId } from './wire-order.ts';

const desks: RawDesk[] = [];
async function open(...given: Parameters<typeof openRawDesk>): Promise<RawDesk> {
  const desk = await openRawDesk(...given);
  desks.push(desk);
  return desk;
}
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close();
});

/** Five resting orders a, b, c, d, e, a minute apart. */
async function restingFive(options: Partial<BrokerOptions> = {}): Promise<{ desk: RawDesk; ids: readonly string[] }> {
  const desk = await open(options);
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    const symbol = name === 'c' ? 'F' : 'KO';
    ids.push(await desk.place({ client_order_id: name, type: 'limit', limit_price: '1', symbol }));
    desk.pass(60_000);
  }
  return { desk, ids };
}

describe('an order on the wire', () => {
  it('has every field, texts for numbers, explicit nulls, and times in UTC', async () => {
    const desk = await open();
    const { body } = await desk.order({ client_order_id: 'mine', type: 'limit', limit_price: 40.5, qty: 2 });
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      client_order_id: 'mine',
      created_at: expect.stringMatching(/^2026-01-06T15:00:00\.\d{1,9}Z$/),
      updated_at: expect.stringMatching(/^2026-01-06T15:00:00\.\d{1,9}Z$/),
      submitted_at: expect.stringMatching(/^2026-01-06T15:00:00\.\d{1,9}Z$/),
      filled_at: null,
      expired_at: null,
      expires_at: '2026-01-06T21:00:00Z',
      canceled_at: null,
      failed_at: null,
      replaced_at: null,
      replaced_by: null,
      replaces: null,
      asset_id: assetId(ticker('KO')),
      symbol: 'KO',
      asset_class: 'us_equity',
      notional: null,
      qty: '2',
      filled_qty: '0',
      filled_avg_price: null,
      order_class: '',
      order_type: 'limit',
      type: 'limit',
      side: 'buy',
      position_intent: 'buy_to_open',
      time_in_force: 'day',
      limit_price: '40.5',
      stop_price: null,
      status: 'pending_new',
      extended_hours: false,
      legs: null,
      trail_percent: null,
      trail_price: null,
      hwm: null,
      subtag: null,
      source: null,
    });
  });

  it('keeps its quantity null when it was placed for a sum of money', async () => {
    const desk = await open();
    const id = await desk.place({ qty: undefined, notional: '5' });
    expect(await desk.get(`/v2/orders/${id}`)).toMatchObject({
      status: 'filled',
      qty: null,
      notional: '5',
      filled_qty: '0.107365256',
      filled_avg_price: '46.57',
    });
  });

  it('can be named by the id of its asset', async () => {
    const desk = await open();
    const id = await desk.place({ symbol: assetId(ticker('KO')) });
    expect(await desk.get(`/v2/orders/${id}`)).toMatchObject({ symbol: 'KO' });
  });

  it('gets a client order id from the broker when it brings none, and is found by it', async () => {
    const desk = await open();
    const { body } = await desk.order();
    const made = String(recordOf(body)['client_order_id']);
    expect(made).toMatch(/^[0-9a-f-]{36}$/);
    expect(await desk.get(`/v2/orders:by_client_order_id?client_order_id=${made}`)).toMatchObject({
      client_order_id: made,
    });
  });

  it('is accepted while the market is closed, and belongs to the next session', async () => {
    const desk = await open({}, parseEpochMs('2026-01-09T18:00:00-05:00'));
    const { body } = await desk.order();
    expect(body).toMatchObject({ status: 'accepted', expires_at: '2026-01-12T21:00:00Z' });
  });

  it('carries fields and statuses that nobody knows, now and then, unless that is switched off', async () => {
    const kinds = async (surprises: boolean): Promise<{ odd: number; fields: number }> => {
      const desk = await open({ behaviour: { surprises } });
      let [odd, fields] = [0, 0];
      for (let index = 0; index < 130; index += 1) {
        const { body } = await desk.order({ qty: '1', type: 'limit', limit_price: '1', client_order_id: `o-${index}` });
        const row = recordOf(body);
        if (row['status'] !== 'pending_new') odd += 1;
        if ('settlement_lane' in row) fields += 1;
      }
      return { odd, fields };
    };
    expect(await kinds(false)).toEqual({ odd: 0, fields: 0 });
    const { odd, fields } = await kinds(true);
    expect(odd).toBeGreaterThan(0);
    expect(odd).toBeLessThan(10);
    expect(fields).toBeGreaterThan(0);
    expect(fields).toBeLessThan(25);
  });
});

describe('the list of orders', () => {
  it('has the open ones, newest first, unless asked otherwise', async () => {
    const { desk, ids } = await restingFive();
    await desk.call('DELETE', `/v2/orders/${ids[1]}`);
    desk.settle();
    expect(fieldOf(await desk.get('/v2/orders'), 'client_order_id')).toEqual(['e', 'd', 'c', 'a']);
    expect(fieldOf(await desk.get('/v2/orders?status=closed'), 'client_order_id')).toEqual(['b']);
    expect(fieldOf(await desk.get('/v2/orders?status=all&direction=asc'), 'client_order_id')).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
    ]);
    expect(fieldOf(await desk.get('/v2/orders?symbols=F,AAPL'), 'client_order_id')).toEqual(['c']);
    expect(await desk.get('/v2/orders?side=sell')).toEqual([]);
    expect(await desk.get('/v2/orders?asset_class=crypto')).toEqual([]);
  });

  it('takes after and until by time of submission, both exclusive', async () => {
    const { desk } = await restingFive();
    const all = await desk.get('/v2/orders?direction=asc');
    const [b, d] = [fieldOf(all, 'submitted_at')[1], fieldOf(all, 'submitted_at')[3]];
    const names = fieldOf(
      await desk.get(`/v2/orders?direction=asc&after=${String(b)}&until=${String(d)}`),
      'client_order_id',
    );
    expect(names).toEqual(['c']);
  });

  it('pages by order id, 50 at a time unless told, 500 at most', async () => {
    const { desk, ids } = await restingFive();
    const page = await desk.get(`/v2/orders?direction=asc&limit=2&after_order_id=${ids[1]}`);
    expect(fieldOf(page, 'client_order_id')).toEqual(['c', 'd']);
    expect(fieldOf(await desk.get(`/v2/orders?before_order_id=${ids[1]}`), 'client_order_id')).toEqual(['a']);
    expect((await desk.call('GET', `/v2/orders?after_order_id=${ids[1]}&before_order_id=${ids[3]}`)).status).toBe(422);
    expect((await desk.call('GET', `/v2/orders?after_order_id=${ids[1]}&after=2026-01-01`)).status).toBe(422);
    for (let index = 0; index < 60; index += 1) await desk.order({ qty: '1', type: 'limit', limit_price: '1' });
    expect(await desk.get('/v2/orders')).toHaveLength(50);
    expect(await desk.get('/v2/orders?limit=500')).toHaveLength(65);
  });
});

describe('a cancel', () => {
  it('is answered with an empty 204, and the order is canceled later', async () => {
    const desk = await open({ latency: { acknowledgeMs: 0, fillMs: 0, cancelMs: 50, requoteMs: 0, activityMs: 0 } });
    const id = await desk.place({ type: 'limit', limit_price: '1' });
    expect(await desk.call('DELETE', `/v2/orders/${id}`)).toMatchObject({ status: 204, body: '' });
    desk.pass(49);
    expect(await desk.get(`/v2/orders/${id}`)).toMatchObject({ status: 'pending_cancel', canceled_at: null });
    desk.pass(1);
    expect(await desk.get(`/v2/orders/${id}`)).toMatchObject({
      status: 'canceled',
      filled_qty: '0',
      canceled_at: expect.stringContaining('2026-01-06T15:00:00.05'),
    });
  });

  it.each([
    ['refuse', 422],
    ['accept', 204],
  ] as const)('repeated is taken or not as the broker behaves: %s', async (repeatCancel, status) => {
    const desk = await open({ behaviour: { repeatCancel } });
    const id = await desk.place({ type: 'limit', limit_price: '1' });
    await desk.call('DELETE', `/v2/orders/${id}`);
    desk.settle();
    expect((await desk.call('DELETE', `/v2/orders/${id}`)).status).toBe(status);
  });

  it('of all orders answers 207 with a status for each', async () => {
    const { desk, ids } = await restingFive();
    const { status, body } = await desk.call('DELETE', '/v2/orders');
    expect(status).toBe(207);
    expect(body).toEqual(ids.map((id) => ({ id, status: 200 })));
    desk.settle();
    expect(await desk.get('/v2/orders')).toEqual([]);
  });

  it('of an id that is unknown is a 404 that names it', async () => {
    const desk = await open();
    const id = '11111111-2222-4333-8444-555555555555';
    expect(await desk.call('DELETE', `/v2/orders/${id}`)).toMatchObject({
      status: 404,
      body: { code: 40410000, message: `order not found for ${id}` },
    });
  });
});

describe('the guard of client order ids', () => {
  it('answers a duplicate before anything else that may refuse it, or after, as the broker behaves', async () => {
    const twice = async (duplicateCheck: 'first' | 'last'): Promise<unknown> => {
      const desk = await open({ behaviour: { duplicateCheck } });
      await desk.order({ client_order_id: 'mine' });
      return (await desk.order({ client_order_id: 'mine', qty: '100000' })).body;
    };
    expect(await twice('first')).toMatchObject({ message: 'client_order_id must be unique' });
    expect(await twice('last')).toMatchObject({ message: 'insufficient buying power' });
  });

  it('lets twins with different ids pass on the same side', async () => {
    const desk = await open();
    expect((await desk.order({ client_order_id: 'one' })).status).toBe(200);
    expect((await desk.order({ client_order_id: 'two' })).status).toBe(200);
  });
});

describe('the wash-trade guard', () => {
  const against = async (
    resting: Readonly<Record<string, unknown>>,
    order: Readonly<Record<string, unknown>>,
  ): Promise<unknown> => {
    const desk = await open();
    await desk.place({ qty: '50' });
    await desk.place({ side: 'sell', ...resting });
    const { status, body } = await desk.order(order);
    return status === 200 ? 'taken' : body;
  };
  const reason = (reject_reason: string): unknown => expect.objectContaining({ reject_reason });

  it('refuses a market order against a resting limit', async () => {
    const answered = await against({ type: 'limit', limit_price: '900' }, {});
    expect(answered).toEqual(reason('opposite side limit order exists'));
  });

  it('refuses anything against a resting stop', async () => {
    const answered = await against({ type: 'stop', stop_price: '10' }, { type: 'limit', limit_price: '20' });
    expect(answered).toEqual(reason('opposite side market/stop order exists'));
  });

  it('refuses limits that cross, and takes limits that do not', async () => {
    const crossed = await against({ type: 'limit', limit_price: '900' }, { type: 'limit', limit_price: '900' });
    expect(crossed).toEqual(reason('opposite side limit order exists'));
    expect(await against({ type: 'limit', limit_price: '900' }, { type: 'limit', limit_price: '20' })).toBe('taken');
  });

  it('looks at an order on its way to be canceled, and forgets it once it is', async () => {
    const desk = await open({ latency: { acknowledgeMs: 0, fillMs: 0, cancelMs: 50, requoteMs: 0, activityMs: 0 } });
    await desk.place({ qty: '50' });
    const id = await desk.place({ side: 'sell', type: 'limit', limit_price: '900' });
    await desk.call('DELETE', `/v2/orders/${id}`);
    expect((await desk.order()).status).toBe(403);
    desk.pass(50);
    expect((await desk.order()).status).toBe(200);
  });
});

describe('time in force', () => {
  it.each([
    ['market', 'day', 200],
    ['market', 'gtc', 200],
    ['market', 'ioc', 200],
    ['market', 'fok', 200],
    ['limit', 'day', 200],
    ['limit', 'gtc', 200],
    ['limit', 'ioc', 200],
    ['limit', 'fok', 200],
    ['stop', 'day', 200],
    ['stop', 'gtc', 200],
    ['stop', 'ioc', 422],
    ['stop', 'fok', 422],
    ['stop_limit', 'day', 200],
    ['stop_limit', 'gtc', 200],
    ['stop_limit', 'ioc', 422],
    ['stop_limit', 'fok', 422],
  ] as const)('of a whole %s order may be %s: %i', async (type, tif, status) => {
    const desk = await open();
    const prices = { limit_price: '47', stop_price: '48' };
    expect((await desk.order({ type, time_in_force: tif, ...prices })).status).toBe(status);
  });

  it.each(['market', 'limit', 'stop', 'stop_limit'])('of a fractional %s order may be day only', async (type) => {
    const desk = await open();
    const order = { type, qty: '0.5', limit_price: '47', stop_price: '48' };
    expect((await desk.order({ ...order, time_in_force: 'day' })).status).toBe(200);
    for (const tif of ['gtc', 'ioc', 'fok', 'opg', 'cls']) {
      expect((await desk.order({ ...order, time_in_force: tif })).status).toBe(422);
    }
  });

  it('ioc and fok are refused where the account never asked for them', async () => {
    const desk = await open({ behaviour: { immediateOrders: false } });
    expect(await desk.order({ time_in_force: 'ioc' })).toMatchObject({
      status: 422,
      body: { message: 'invalid time_in_force' },
    });
  });

  it.each([
    [{ time_in_force: 'opg' }, 'time in force opg'],
    [{ time_in_force: 'cls' }, 'time in force cls'],
    [{ type: 'trailing_stop', trail_price: '1' }, 'order type trailing_stop'],
    [{ type: 'limit', limit_price: '47', extended_hours: true }, 'extended hours'],
    [{ order_class: 'oto' }, 'order class oto'],
    [{ symbol: 'BTC/USD' }, 'crypto'],
    [{ advanced_instructions: { algorithm: 'TWAP' } }, 'advanced instructions'],
  ])('and all else that comes later is refused in clear words: %j', async (fields, what) => {
    const desk = await open();
    expect(await desk.order(fields)).toMatchObject({
      status: 422,
      body: { message: `this simulator does not trade ${what} yet` },
    });
  });
});
