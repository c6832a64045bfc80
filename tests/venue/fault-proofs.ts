/** For each fault of the simulator, what somebody outside sees of it. */
import { expect } from 'vitest';
import type { FaultSetting } from '#infra/local/alpaca/embedding.ts';
import type { FaultName } from '#infra/local/alpaca/fault-catalogue.ts';
import { parseEpochMs } from '#shared/core/kernel/instant.ts';
import { fieldOf, type RawDesk, recordOf, rowsOf, TEN_O_CLOCK } from './raw-desk.ts';

const RESTING = { type: 'limit', limit_price: '1' };
const eventsOf = (frames: readonly unknown[]): readonly unknown[] =>
  frames.map((frame) => recordOf(recordOf(frame)['data'])['event']);

type Proof = (desk: RawDesk, fault: (setting?: FaultSetting) => void) => Promise<void>;

export const FAULT_PROOFS: Readonly<Record<FaultName, Proof>> = {
  'drop-request': async (desk, fault) => {
    fault({ count: 1 });
    await expect(desk.order()).rejects.toThrow('fetch failed');
    expect(desk.broker.ledger().orders).toEqual([]);
    expect((await desk.order()).status).toBe(200);
  },
  'drop-answer': async (desk, fault) => {
    fault({ count: 1 });
    await expect(desk.order({ client_order_id: 'mine' })).rejects.toThrow('fetch failed');
    expect(desk.broker.ledger().orders).toMatchObject([{ clientOrderId: 'mine' }]);
    expect((await desk.order({ client_order_id: 'mine' })).status).toBe(422);
  },
  'error-before': async (desk, fault) => {
    fault({ parameters: { route: 'list-positions', status: 500 } });
    expect(await desk.call('GET', '/v2/positions')).toMatchObject({ status: 500, body: { code: 50010000 } });
    expect((await desk.order()).status).toBe(200);
  },
  'error-after': async (desk, fault) => {
    fault();
    const { status, body, headers } = await desk.order();
    expect([status, headers.get('content-type')]).toEqual([504, 'text/html']);
    expect(body).toContain('<title>504</title>');
    expect(desk.broker.ledger().orders).toHaveLength(1);
  },
  throttle: async (desk, fault) => {
    fault({ count: 1, parameters: { retryAfterSeconds: 7 } });
    const throttled = await desk.call('GET', '/v2/account');
    expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '7']);
    fault({ count: 1, parameters: { retryAfterSeconds: 0 } });
    expect((await desk.call('GET', '/v2/account')).headers.get('retry-after')).toBeNull();
  },
  'slow-answer': async (desk, fault) => {
    fault({ parameters: { route: 'submit-order', ms: 60 } });
    const started = performance.now();
    const answer = desk.order();
    await expect.poll(() => desk.broker.ledger().orders.length).toBe(1);
    expect((await answer).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(55);
  },
  'late-accept': async (desk, fault) => {
    fault({ parameters: { ms: 60 } });
    const started = performance.now();
    const answer = desk.order({ client_order_id: 'late' });
    expect((await desk.call('GET', '/v2/orders:by_client_order_id?client_order_id=late')).status).toBe(404);
    expect((await answer).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(55);
  },
  'torn-answer': async (desk, fault) => {
    fault();
    await expect(desk.order()).rejects.toThrow('terminated');
    expect(desk.broker.ledger().orders).toHaveLength(1);
  },
  'hide-lookup': async (desk, fault) => {
    fault({ parameters: { ms: 500 } });
    const id = await desk.place({ client_order_id: 'mine' });
    const path = '/v2/orders:by_client_order_id?client_order_id=mine';
    desk.pass(499);
    expect((await desk.call('GET', path)).status).toBe(404);
    expect((await desk.call('GET', `/v2/orders/${id}`)).status).toBe(200);
    desk.pass(1);
    expect((await desk.call('GET', path)).status).toBe(200);
  },
  'hide-orders': async (desk, fault) => {
    fault({ count: 1, parameters: { ms: 500 } });
    const id = await desk.place({ client_order_id: 'mine', ...RESTING });
    await desk.place({ client_order_id: 'seen', ...RESTING });
    expect(fieldOf(await desk.get('/v2/orders'), 'client_order_id')).toEqual(['seen']);
    expect((await desk.call('GET', `/v2/orders/${id}`)).status).toBe(404);
    desk.pass(500);
    expect(fieldOf(await desk.get('/v2/orders'), 'client_order_id')).toEqual(['seen', 'mine']);
  },
  'stale-lists': async (desk, fault) => {
    await desk.place({ client_order_id: 'old', ...RESTING });
    desk.pass(10_000);
    await desk.place({ client_order_id: 'bought' });
    await desk.call('DELETE', '/v2/orders');
    desk.pass(5_000);
    fault({ count: 2, parameters: { ms: 10_000 } });
    expect(rowsOf(await desk.get('/v2/orders?status=all'))).toMatchObject([{ client_order_id: 'old', status: 'new' }]);
    expect(await desk.get('/v2/positions')).toEqual([]);
    expect(await desk.get('/v2/orders')).toEqual([]);
    expect(await desk.get('/v2/positions')).toHaveLength(1);
  },
  'torn-pages': async (desk, fault) => {
    for (const name of ['a', 'b', 'c', 'd']) await desk.place({ client_order_id: name, ...RESTING });
    fault({ count: 1 });
    const torn = fieldOf(await desk.get('/v2/orders?direction=asc'), 'client_order_id');
    expect(torn).toHaveLength(3);
    expect(await desk.get('/v2/orders')).toHaveLength(4);
  },
  'activity-lag': async (desk, fault) => {
    fault({ parameters: { ms: 5_000 } });
    await desk.place();
    desk.pass(4_999);
    expect(await desk.get('/v2/account/activities')).toEqual([]);
    desk.pass(1);
    expect(await desk.get('/v2/account/activities')).toHaveLength(1);
  },
  'activity-page-loss': async (desk, fault) => {
    for (let index = 0; index < 5; index += 1) await desk.place({ qty: '1' });
    desk.pass(1);
    await desk.place({ qty: '1' });
    const path = '/v2/account/activities/FILL?direction=asc&page_size=2';
    const first = fieldOf(await desk.get(path), 'id');
    fault();
    const second = fieldOf(await desk.get(`${path}&page_token=${String(first[1])}`), 'id');
    expect([first.length, second.length]).toEqual([2, 1]);
  },
  'stale-quotes': async (desk, fault) => {
    const path = '/v2/stocks/quotes/latest?symbols=KO';
    desk.pass(600_000);
    fault({ parameters: { ms: 300_000 } });
    expect(await desk.get(path)).toMatchObject({ quotes: { KO: { t: '2026-01-06T15:05:00Z' } } });
    desk.broker.faults.clear('stale-quotes');
    expect(await desk.get(path)).toMatchObject({ quotes: { KO: { t: '2026-01-06T15:10:00Z' } } });
  },
  'missing-bars': async (desk, fault) => {
    fault({ parameters: { symbol: 'KO' } });
    const body = await desk.get('/v2/stocks/bars?symbols=KO,AAPL&timeframe=1Day&start=2026-01-05&end=2026-01-06');
    expect(body).toMatchObject({
      bars: { AAPL: [{}, { t: '2026-01-06T05:00:00Z' }], KO: [{ t: '2026-01-05T05:00:00Z' }] },
    });
    expect(recordOf(recordOf(body)['bars'])['KO']).toHaveLength(1);
  },
  'clock-skew': async (desk, fault) => {
    fault({ parameters: { ms: -90_000 } });
    const { body, headers } = await desk.call('GET', '/v2/clock');
    expect(body).toMatchObject({ timestamp: '2026-01-06T09:58:30-05:00' });
    expect(headers.get('date')).toBe('Tue, 06 Jan 2026 14:58:30 GMT');
  },
  'account-blocked': async (desk, fault) => {
    fault({ fromMs: TEN_O_CLOCK + 1_000, untilMs: TEN_O_CLOCK + 2_000 });
    expect((await desk.order()).status).toBe(200);
    desk.pass(1_000);
    expect(await desk.get('/v2/account')).toMatchObject({ account_blocked: true, status: 'ACTIVE' });
    expect(await desk.order()).toMatchObject({ status: 403, body: { message: 'account is not authorized to trade' } });
    desk.pass(1_000);
    expect((await desk.order()).status).toBe(200);
  },
  'unknown-status': async (desk, fault) => {
    fault();
    expect((await desk.order()).body).toMatchObject({ status: 'pending_review' });
    desk.settle();
    expect(await desk.get('/v2/orders?status=closed')).toMatchObject([{ status: 'filled' }]);
  },
  'unknown-field': async (desk, fault) => {
    fault({ parameters: { field: 'lane' } });
    expect((await desk.order()).body).toMatchObject({ lane: 'standard' });
  },
  'unknown-event': async (desk, fault) => {
    const stream = await desk.listen();
    fault({ count: 1 });
    await desk.place();
    expect(eventsOf(await stream.until(3))).toEqual(['restated', 'new', 'fill']);
  },
  'duplicate-409': async (desk, fault) => {
    fault();
    await desk.order({ client_order_id: 'mine' });
    expect(await desk.order({ client_order_id: 'mine' })).toMatchObject({
      status: 409,
      body: { code: 40010001, message: 'client_order_id must be unique' },
    });
  },
  'wash-trade-422': async (desk, fault) => {
    fault();
    await desk.place();
    await desk.place({ side: 'sell', type: 'limit', limit_price: '900' });
    expect(await desk.order()).toMatchObject({
      status: 422,
      body: { code: 42210000, message: 'potential wash trade detected. use complex orders' },
    });
  },
  'older-texts': async (desk, fault) => {
    fault();
    expect((await desk.order({ symbol: 'FACEBOOK' })).body).toEqual({
      code: 40010001,
      message: 'could not find asset "FACEBOOK"',
    });
  },
  'repeat-cancel-accepted': async (desk, fault) => {
    const id = await desk.place(RESTING);
    await desk.call('DELETE', `/v2/orders/${id}`);
    desk.settle();
    expect((await desk.call('DELETE', `/v2/orders/${id}`)).status).toBe(422);
    fault();
    expect((await desk.call('DELETE', `/v2/orders/${id}`)).status).toBe(204);
  },
  'fill-before-answer': async (desk, fault) => {
    const stream = await desk.listen();
    fault();
    // Nobody moves time on: the fill comes with the answer, which still says pending_new.
    expect((await desk.order()).body).toMatchObject({ status: 'pending_new' });
    expect(eventsOf(await stream.until(3))).toEqual(['pending_new', 'new', 'fill']);
  },
  'stream-duplicate': async (desk, fault) => {
    const stream = await desk.listen();
    fault({ parameters: { event: 'fill' } });
    await desk.place();
    expect(eventsOf(await stream.until(4))).toEqual(['pending_new', 'new', 'fill', 'fill']);
    expect(stream.frames[3]).toEqual(stream.frames[2]);
  },
  'stream-drop': async (desk, fault) => {
    const stream = await desk.listen();
    fault({ parameters: { event: 'new' } });
    await desk.place();
    expect(eventsOf(await stream.until(2))).toEqual(['pending_new', 'fill']);
  },
  'stream-reorder': async (desk, fault) => {
    const stream = await desk.listen();
    fault({ count: 1, parameters: { event: 'new' } });
    await desk.place();
    expect(eventsOf(await stream.until(3))).toEqual(['pending_new', 'fill', 'new']);
  },
  'stream-disconnect': async (desk, fault) => {
    const stream = await desk.listen();
    fault({ count: 1, parameters: { event: 'fill' } });
    await desk.place();
    await stream.ended();
    expect(desk.broker.streams()).toMatchObject([{ open: false }]);
    const again = await desk.listen();
    await desk.place();
    expect(eventsOf(await again.until(3))).toEqual(['pending_new', 'new', 'fill']);
  },
  'stream-down': async (desk, fault) => {
    const stream = await desk.listen();
    fault();
    await desk.place();
    await stream.ended();
    await expect(desk.listen()).rejects.toThrow('503');
    desk.broker.faults.clear('stream-down');
    await desk.listen();
  },
  'async-reject': async (desk, fault) => {
    fault({ parameters: { symbol: 'F' } });
    const [id, other] = [await desk.place({ symbol: 'F' }), await desk.place()];
    expect(await desk.get(`/v2/orders/${id}`)).toMatchObject({ status: 'rejected', failed_at: expect.any(String) });
    expect(await desk.get(`/v2/orders/${other}`)).toMatchObject({ status: 'filled' });
  },
  'partial-only': async (desk, fault) => {
    fault();
    const id = await desk.place({ qty: '100' });
    expect(await desk.get(`/v2/orders/${id}`)).toMatchObject({ status: 'partially_filled' });
    desk.moveTo(parseEpochMs('2026-01-06T16:00:00-05:00'));
    const order = recordOf(await desk.get(`/v2/orders/${id}`));
    expect([order['status'], Number(order['filled_qty']) > 0]).toEqual(['expired', true]);
  },
  'never-fill': async (desk, fault) => {
    fault({ parameters: { side: 'buy' } });
    const id = await desk.place();
    desk.pass(3_600_000);
    expect(await desk.get(`/v2/orders/${id}`)).toMatchObject({ status: 'new', filled_qty: '0' });
  },
  'bust-after-fill': async (desk, fault) => {
    fault();
    const id = await desk.place();
    expect(await desk.get(`/v2/orders/${id}`)).toMatchObject({ status: 'filled', filled_qty: '0' });
    expect(await desk.get('/v2/positions')).toEqual([]);
  },
  'correct-after-fill': async (desk, fault) => {
    fault();
    const id = await desk.place();
    expect(await desk.get(`/v2/orders/${id}`)).toMatchObject({
      status: 'filled',
      filled_qty: '10',
      filled_avg_price: '46.58',
    });
    expect(desk.broker.ledger().executions.map(({ kind }) => kind)).toEqual(['fill', 'correct']);
  },
  'cancel-then-fill': async (desk, fault) => {
    fault();
    // Two cents below the ask and within the bar of the day.
    const id = await desk.place({ type: 'limit', limit_price: '46.55' });
    expect((await desk.call('DELETE', `/v2/orders/${id}`)).status).toBe(204);
    desk.settle();
    expect(await desk.get(`/v2/orders/${id}`)).toMatchObject({ status: 'filled', filled_avg_price: '46.55' });
  },
  'partial-then-cancel': async (desk, fault) => {
    fault();
    const id = await desk.place({ type: 'limit', limit_price: '46.55' });
    await desk.call('DELETE', `/v2/orders/${id}`);
    desk.settle();
    expect(await desk.get(`/v2/orders/${id}`)).toMatchObject({ status: 'canceled', filled_qty: '5' });
  },
  'stuck-cancel': async (desk, fault) => {
    fault();
    const id = await desk.place(RESTING);
    await desk.call('DELETE', `/v2/orders/${id}`);
    desk.pass(3_600_000);
    expect(await desk.get(`/v2/orders/${id}`)).toMatchObject({ status: 'pending_cancel' });
  },
  'cancel-refused': async (desk, fault) => {
    const stream = await desk.listen();
    fault();
    const id = await desk.place(RESTING);
    await desk.call('DELETE', `/v2/orders/${id}`);
    desk.settle();
    expect(await desk.get(`/v2/orders/${id}`)).toMatchObject({ status: 'new' });
    expect(eventsOf(await stream.until(4))).toEqual(['pending_new', 'new', 'pending_cancel', 'order_cancel_rejected']);
  },
};
