/** A plan that is placed over HTTP runs to its end in the local house, in discrete time, woken by its own schedules. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueToken, readIssuer } from '#infra/local/http/local-issuer.ts';
import { dayEnd } from '#infra/local/run/local-market.ts';
import { readRunOptions } from '#infra/local/run/run-options.ts';
import { startTradingHouse, type TradingHouse } from '#infra/local/run/trading-house.ts';
import { report } from '#infra/local/run/trading-days.ts';
import { type EpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { newYorkInstant } from '#shared/core/market/new-york-time.ts';
import type { Session } from '#shared/core/market/types.ts';
import { problemSchema, SCHEMAS } from '#functions/control/schemas.ts';

const ISSUER_FILE = join(fileURLToPath(new URL('../..', import.meta.url)), '.belay', 'issuer.json');
const START_MS_MAX = 120_000;

let trading: TradingHouse;
let session: Session;
let token: string;

beforeAll(async () => {
  trading = await startTradingHouse(readRunOptions(['--days', '1', '--symbols', '4', '--port', '0', '--exit']));
  const [day] = trading.market.tradingDays;
  if (day === undefined) throw new Error('the run has no day');
  session = day;
  token = await issueToken(readIssuer(ISSUER_FILE), {
    subject: 'ada',
    groups: ['operator'],
    scope: '',
    lifetimeSeconds: 3600,
  });
}, START_MS_MAX);

afterAll(() => trading.stop());

/** New York time of the run's day. */
const at = (hour: number, minute: number): EpochMs => {
  const instant = newYorkInstant(session.date, hour * 60 + minute);
  return parseEpochMs(new Date(instant).toISOString());
};

/** Something happens at the instant, so that the guards have looked just before it. */
async function runTo(instant: EpochMs): Promise<void> {
  trading.house.agenda.put(instant, () => Promise.resolve());
  await trading.conductor.runUntil(instant);
}

async function ask(method: string, path: string, body?: unknown): Promise<{ status: number; json: unknown }> {
  const response = await fetch(`${trading.house.apiUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const json: unknown = await response.json();
  return { status: response.status, json };
}

const asked = SCHEMAS.sliceOrder.success.body;
const plan = SCHEMAS.getSlices.success.body;
const pending = SCHEMAS.getPendingOrders.success.body;

const wanted = { side: 'buy', qty: '41', duration_minutes: 30, interval_seconds: 180 } as const;
const total = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + Number(text), 0);

describe('a plan of slices in the local house', () => {
  it('is shown before it is made, and runs to its end', { timeout: START_MS_MAX }, async () => {
    const symbol = trading.market.instruments[0]?.ticker ?? '';
    await runTo(at(10, 0));
    const preview = await ask('POST', '/api/v1/orders/slice', { ...wanted, symbol, preview: true });
    expect([preview.status, preview.json]).toMatchObject([202, { plan: { state: 'preview' } }]);
    const shown = asked.parse(preview.json).plan;
    expect((await ask('GET', shown.status_url)).status).toBe(404);

    const made = await ask('POST', '/api/v1/orders/slice', { ...wanted, symbol });
    expect([made.status, made.json]).toMatchObject([202, { repeated: false, plan: { state: 'working' } }]);
    const { parent_order_id: parentId, status_url: url } = asked.parse(made.json).plan;
    expect(parentId).toBe(shown.parent_order_id);

    await runTo(at(10, 10));
    const half = plan.parse((await ask('GET', url)).json);
    expect(half.slices.map(({ state }) => state)).toEqual([
      ...Array.from({ length: 4 }, () => 'ended'),
      ...Array.from({ length: 6 }, () => 'pending'),
    ]);

    await runTo(at(10, 31));
    const ended = plan.parse((await ask('GET', url)).json);
    expect(ended).toMatchObject({ state: 'completed', qty: '41', filled_qty: '41', left_qty: '0', assumed_qty: '0' });
    expect(total(ended.slices.map(({ filled_qty }) => filled_qty))).toBe(41);
    const ids = ended.slices.map(({ client_order_id }) => client_order_id);
    const atBroker = trading.broker.ledger().orders.filter(({ clientOrderId }) => ids.includes(clientOrderId));
    expect(atBroker.map(({ status }) => status)).toEqual(ids.map(() => 'filled'));
    expect(new Set(atBroker.map(({ clientOrderId }) => clientOrderId)).size).toBe(10);
  });

  it('cancels a slice that rests, makes up for it, and ends when it is canceled', {
    timeout: START_MS_MAX,
  }, async () => {
    const symbol = trading.market.instruments[1]?.ticker ?? '';
    await runTo(at(11, 0));
    const far = await ask('POST', '/api/v1/orders/slice', {
      ...wanted,
      symbol,
      qty: '20',
      limit_price: '1',
      preview: true,
    });
    const quote = Number(problemSchema.parse(far.json).context?.['quote']);
    // Two hundredths below the market: each slice rests until its time is over.
    const limit_price = (quote * 0.98).toFixed(2);
    const made = await ask('POST', '/api/v1/orders/slice', { ...wanted, symbol, qty: '20', limit_price });
    const { parent_order_id: parentId, status_url: url } = asked.parse(made.json).plan;
    const openOrders = async () => {
      const { json } = await ask('GET', `/api/v1/orders/pending?parent_order_id=${parentId}`);
      return pending.parse(json).orders.map(({ slice, qty, parent_order_id: parent }) => [slice, qty, parent]);
    };
    await runTo(at(11, 2));
    expect(await openOrders()).toEqual([[0, '2', parentId]]);

    await runTo(at(11, 5));
    expect(await openOrders()).toEqual([[1, '4', parentId]]);
    const half = plan.parse((await ask('GET', url)).json);
    expect(half.slices.slice(0, 3).map(({ state, asked_qty: of, filled_qty: got }) => [state, of, got])).toEqual([
      ['ended', '2', '0'],
      ['working', '4', '0'],
      ['pending', '0', '0'],
    ]);

    const canceled = await ask('DELETE', url, { reason: 'a test changed its mind' });
    expect(canceled.status).toBe(202);
    await runTo(at(11, 7));
    const ended = plan.parse((await ask('GET', url)).json);
    expect(ended).toMatchObject({ state: 'canceled', filled_qty: '0', left_qty: '20' });
    expect(ended.reason?.message).toBe('a test changed its mind');
    expect(await openOrders()).toEqual([]);
    expect((await ask('DELETE', url)).status).toBe(409);
  });

  it('leaves books that equal the broker, and no function failed', { timeout: START_MS_MAX }, async () => {
    await runTo(dayEnd(session));
    const { summary, differences } = await report(trading, { startMs: 0, elapsedMs: 0 });
    expect(differences).toEqual([]);
    expect(trading.failures).toEqual([]);
    expect(summary).toMatchObject({ duplicateBrokerOrders: 0, positionMismatches: 0, unpublishedFacts: 0 });
    // Ten slices that filled and two that rested, and the stop that rests once the position is built.
    expect(summary.brokerOrders).toBe(13);
    expect(summary.orders).toMatchObject({ submitted: 12, filled: 10 });
  });
});
