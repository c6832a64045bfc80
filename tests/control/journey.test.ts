import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { signatureOf } from '#shared/runtime/signature.ts';
import { report } from '#infra/local/run/trading-days.ts';
import { SCHEMAS } from '#functions/control/schemas.ts';
import { HouseDesk, type Reply } from './house-desk.ts';

const WHY = 'the journey asks for it';
/** Longer than an order takes to fill, and than the pause that a symbol takes after a fill. */
const SETTLED_MS = 70_000;
const MINUTE_MS = 60_000;

let desk: HouseDesk;
let symbol: string;
/** The other symbol of the house, so that a pause after fills of the first is not in the way. */
let sliced: string;
let bought = '';

beforeAll(async () => {
  desk = await HouseDesk.open({ days: 1, symbols: 2 });
  const [first, second] = desk.trading.market.instruments;
  symbol = first?.ticker ?? '';
  sliced = second?.ticker ?? '';
}, 120_000);
afterAll(() => desk.close());

const codeOf = ({ body }: Reply): string => z.object({ code: z.string() }).parse(body).code;
const order = (qty: number) => ({ symbol, side: 'buy', qty, type: 'market', time_in_force: 'day' });
const positions = async () =>
  SCHEMAS.getPositions.success.body
    .parse((await desk.ask('GET', '/api/v1/positions')).body)
    .positions.map(({ symbol: held, quantity }) => [held, quantity]);

/** One journey through a day: each step goes on from where the one before left the house. */
describe('a day over HTTP', { timeout: 120_000 }, () => {
  it('lets in who has a token, and each as far as his role goes', async () => {
    const strangers = await desk.ask('GET', '/api/v1/positions', { groups: null });
    expect(strangers.status).toBe(401);
    const viewer = await desk.ask('POST', '/api/v1/orders', { groups: ['viewer'], body: order(1) });
    expect([viewer.status, codeOf(viewer)]).toEqual([403, 'permission-missing']);
    const groups = ['trader', 'strategy:ma-crossover'];
    const scoped = await desk.ask('POST', '/api/v1/orders', { groups, body: order(1) });
    expect([scoped.status, codeOf(scoped)]).toEqual([403, 'strategy-out-of-scope']);
    const health = SCHEMAS.getHealth.success.body.parse((await desk.ask('GET', '/health')).body);
    expect(health).toMatchObject({ state: 'ok', trading_state: 'ACTIVE', dry_run: false, broker: { state: 'ok' } });
  });

  it('puts another policy in force, and trades by it', async () => {
    const read = SCHEMAS.getPolicy.success.body.parse((await desk.ask('GET', '/api/v1/policy')).body);
    const stops = z.looseObject({ resident: z.boolean() }).parse(read.document['stops']);
    // A stop that rests at the broker would be in the way of a second buy.
    const document = { ...read.document, stops: { ...stops, resident: false } };
    const body = { document, expected_version: read.version, reason: WHY };
    const denied = await desk.ask('PUT', '/api/v1/policy', { body });
    expect([denied.status, codeOf(denied)]).toEqual([403, 'permission-missing']);
    const put = await desk.ask('PUT', '/api/v1/policy', { body, groups: ['admin'] });
    expect(SCHEMAS.putPolicy.success.body.parse(put.body).version).toBe(read.version + 1);
    const late = await desk.ask('PUT', '/api/v1/policy', { body, groups: ['admin'] });
    expect([late.status, codeOf(late)]).toEqual([409, 'policy-version-changed']);
  });

  it('takes an order, fills it, and shows what it holds and earns', async () => {
    const asked = await desk.ask('POST', '/api/v1/orders', { groups: ['trader'], body: order(10) });
    const view = SCHEMAS.submitOrder.success.body.parse(asked.body);
    bought = view.client_order_id;
    expect([asked.status, view.state, view.dry_run]).toEqual([202, 'pending_new', false]);
    expect(asked.headers.get('ratelimit-limit')).toBe('40');
    const pending = await desk.ask('GET', view.status_url);
    expect(SCHEMAS.getOrder.success.body.parse(pending.body).state).toBe('pending_new');
    await desk.pass(SETTLED_MS);
    const filled = SCHEMAS.getOrder.success.body.parse((await desk.ask('GET', view.status_url)).body);
    expect(filled).toMatchObject({ state: 'filled', filled_qty: '10', purpose: 'manual' });
    const fills = await desk.ask('GET', `/api/v1/orders/recent-fills?symbol=${symbol}`);
    const told = SCHEMAS.getRecentFills.success.body.parse(fills.body).fills;
    expect(told.every(({ client_order_id: id }) => id === bought)).toBe(true);
    expect(await positions()).toEqual([[symbol, '10']]);
    const profit = SCHEMAS.getRealtimePnl.success.body.parse(
      (await desk.ask('GET', '/api/v1/positions/pnl/realtime')).body,
    );
    expect(profit).toMatchObject({ incomplete: false, positions: [{ symbol, quantity: '10' }] });
    expect(profit.unrealized_profit).not.toBe('0');
    const why = SCHEMAS.getWhy.success.body.parse((await desk.ask('GET', `/api/v1/why/${symbol}`)).body);
    expect(why.verdict).toBe(`${symbol} was traded: order ${bought} of manual bought 10.`);
  });

  it('answers an equal order again, and says how to place a twin', async () => {
    const again = await desk.ask('POST', '/api/v1/orders', { groups: ['trader'], body: order(10) });
    const view = SCHEMAS.submitOrder.success.body.parse(again.body);
    expect(view).toMatchObject({ client_order_id: bought, repeated: true, state: 'filled' });
    expect(view.warnings.join()).toContain('Idempotency-Key');
    await desk.pass(SETTLED_MS);
    expect(desk.trading.broker.ledger().orders).toHaveLength(1);
  });

  it('waits for the acknowledgement when it is asked to', async () => {
    const headers = { 'idempotency-key': 'journey-wait' };
    const asking = desk.ask('POST', '/api/v1/orders?wait=10000', { body: order(2), headers });
    const reply = await desk.passUntil(asking, 200);
    const view = SCHEMAS.submitOrder.success.body.parse(reply.body);
    expect(['acknowledged', 'partially_filled', 'filled']).toContain(view.state);
    await desk.pass(SETTLED_MS);
    expect(await positions()).toEqual([[symbol, '12']]);
  });

  it('lets a service in once for each signature', async () => {
    const path = '/internal/v1/positions';
    const headers = desk.internalHeaders('GET', path, undefined, 'a-nonce-of-the-journey');
    const first = await desk.send('GET', path, undefined, headers);
    expect([first.status, SCHEMAS.getPositions.success.body.parse(first.body).positions.length]).toEqual([200, 1]);
    const again = await desk.send('GET', path, undefined, headers);
    expect([again.status, codeOf(again)]).toEqual([401, 'token-replayed']);
    const bare = await desk.ask('GET', path);
    expect([bare.status, codeOf(bare)]).toEqual([401, 'token-malformed']);
  });

  it('takes a signed update of the broker, and no other', async () => {
    const ours = desk.trading.broker.ledger().orders.find(({ clientOrderId }) => clientOrderId === bought);
    const update = {
      event: 'calculated',
      timestamp: new Date(desk.now).toISOString(),
      order: {
        id: ours?.id ?? '',
        client_order_id: bought,
        symbol,
        side: 'buy',
        type: 'market',
        order_type: 'market',
        time_in_force: 'day',
        qty: '10',
        notional: null,
        filled_qty: '10',
        filled_avg_price: null,
        limit_price: null,
        stop_price: null,
        status: 'filled',
        submitted_at: new Date(desk.now - 60_000).toISOString(),
        updated_at: new Date(desk.now).toISOString(),
        replaced_by: null,
      },
    };
    const bytes = new TextEncoder().encode(JSON.stringify(update));
    const path = '/api/v1/webhooks/orders';
    const signature = { 'x-alpaca-signature': signatureOf(bytes, 'local-webhook-secret') };
    const taken = await desk.send('POST', path, update, signature);
    expect([taken.status, taken.body]).toMatchObject([202, { brokerOrderId: ours?.id }]);
    // The stream told the fill before: it is not booked again.
    expect(await positions()).toEqual([[symbol, '12']]);
    const forged = await desk.send('POST', path, { ...update, event: 'canceled' }, signature);
    expect([forged.status, codeOf(forged)]).toEqual([401, 'signature-wrong']);
  });

  it('runs a pass of reconciliation and makes signals when it is asked to', async () => {
    const asked = await desk.ask('POST', '/api/v1/reconciliation/run', { body: { reason: WHY } });
    expect(asked.status).toBe(202);
    const signals = desk.said('signals generated');
    expect((await desk.ask('POST', '/api/v1/signals/generate')).status).toBe(202);
    await desk.pass(SETTLED_MS);
    expect(desk.said('signals generated')).toBe(signals + 1);
    const status = await desk.ask('GET', '/api/v1/reconciliation/status');
    const told = SCHEMAS.getReconciliation.success.body.parse(status.body);
    expect(told).toMatchObject({ gate_open: true, asked: [], last_pass: { complete: true, differences: [] } });
  });

  it('works an order in slices to the end of its plan, to the share', async () => {
    const body = { symbol: sliced, side: 'buy', qty: 7, duration_minutes: 4, interval_seconds: 120 };
    const preview = await desk.ask('POST', '/api/v1/orders/slice', { body: { ...body, preview: true } });
    expect(SCHEMAS.sliceOrder.success.body.parse(preview.body).plan.state).toBe('preview');
    const asked = await desk.ask('POST', '/api/v1/orders/slice', { body });
    const { plan } = SCHEMAS.sliceOrder.success.body.parse(asked.body);
    expect([asked.status, plan.slices.map(({ planned_qty: qty }) => qty)]).toEqual([202, ['3', '4']]);
    await desk.pass(8 * MINUTE_MS);
    const ended = SCHEMAS.getSlices.success.body.parse((await desk.ask('GET', plan.status_url)).body);
    expect(ended).toMatchObject({ state: 'completed', filled_qty: '7', left_qty: '0' });
    expect(ended.slices.map(({ state, filled_qty: qty }) => [state, qty])).toEqual([
      ['ended', '3'],
      ['ended', '4'],
    ]);
    const pending = await desk.ask('GET', `/api/v1/orders/pending?parent_order_id=${plan.parent_order_id}`);
    expect(SCHEMAS.getPendingOrders.success.body.parse(pending.body).orders).toEqual([]);
    expect(await positions()).toEqual(expect.arrayContaining([[sliced, '7']]));
  });

  it('stops everything at the kill switch, and goes on after it', async () => {
    const engaged = await desk.ask('POST', '/api/v1/kill-switch/engage', { body: { reason: WHY } });
    expect(engaged.status).toBe(200);
    const refused = await desk.ask('POST', '/api/v1/orders', { body: order(3) });
    expect([refused.status, codeOf(refused)]).toEqual([503, 'kill-switch-engaged']);
    const health = SCHEMAS.getHealth.success.body.parse((await desk.ask('GET', '/health')).body);
    expect(health.trading_state).toBe('HALTED');
    const silent = await desk.ask('POST', '/api/v1/kill-switch/disengage', { body: {} });
    expect([silent.status, codeOf(silent)]).toEqual([400, 'malformed']);
    expect((await desk.ask('POST', '/api/v1/kill-switch/disengage', { body: { reason: WHY } })).status).toBe(200);
  });

  it('takes no entry from a tripped breaker on, and takes them again after its reset and the quiet period', async () => {
    await desk.ask('POST', '/api/v1/circuit-breaker/trip', { body: { reason: WHY } });
    const refused = await desk.ask('POST', '/api/v1/manual/orders', { body: order(4) });
    expect([refused.status, codeOf(refused)]).toEqual([503, 'breaker-tripped']);
    // The monitor has to look once more before a person may reset.
    await desk.pass(2 * MINUTE_MS);
    const reset = await desk.ask('POST', '/api/v1/circuit-breaker/reset', { body: { reason: WHY } });
    expect([reset.status, reset.body]).toMatchObject([200, { state: 'QUIET_PERIOD', lets_entries_pass: false }]);
    const quiet = await desk.ask('POST', '/api/v1/manual/orders', { body: order(4) });
    expect([quiet.status, codeOf(quiet)]).toEqual([503, 'quiet-period']);
    await desk.pass(6 * MINUTE_MS);
    const taken = await desk.ask('POST', '/api/v1/manual/orders', { body: order(4) });
    expect(taken.status).toBe(202);
    await desk.pass(SETTLED_MS);
    expect(await positions()).toEqual(
      expect.arrayContaining([
        [symbol, '16'],
        [sliced, '7'],
      ]),
    );
  });

  it('flattens all that is held', async () => {
    const flat = await desk.ask('POST', '/api/v1/positions/flatten-all', { body: { reason: WHY } });
    const view = SCHEMAS.flattenAll.success.body.parse(flat.body);
    expect([flat.status, new Set(view.orders.map(({ qty }) => qty)), view.refused]).toEqual([
      202,
      new Set(['16', '7']),
      [],
    ]);
    await desk.pass(3 * MINUTE_MS);
    expect(await positions()).toEqual([]);
    expect(desk.trading.broker.ledger().positions).toEqual([]);
  });

  it('ends with books that are those of the broker, a gapless journal, and no function that failed', async () => {
    const history = await desk.ask('GET', '/api/v1/circuit-breaker/history');
    const types = SCHEMAS.getCircuitBreakerHistory.success.body.parse(history.body).history.map(({ type }) => type);
    expect(types.filter((type) => type !== 'breaker.armed.v1')).toEqual(['breaker.reset.v1', 'breaker.tripped.v1']);
    const { differences } = await report(desk.trading, { startMs: 0, elapsedMs: 0 });
    expect(differences).toEqual([]);
    expect(desk.trading.failures).toEqual([]);
  });
});
