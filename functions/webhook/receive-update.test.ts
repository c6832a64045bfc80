import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { orderUpdateOf, tradeUpdate } from '#shared/adapters/alpaca/stream-event.ts';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { orphansStore } from '#shared/adapters/stores/orphans-store.ts';
import { reconciliationsStore } from '#shared/adapters/stores/reconciliations-store.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { accountId } from '#shared/core/kernel/identity.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import { BODY_BYTES_MAX, receiveUpdate } from './receive-update.ts';

const SECRET = 'a-secret-of-the-webhook';
const ACCOUNT = accountId('dev-1');
const NOW = epochMs(1_773_064_800_000);

function webhook() {
  const clock = new ManualClock(NOW);
  const tables = new MemoryTables({ clock });
  const lines: string[] = [];
  const say = (message: string): void => {
    lines.push(message);
  };
  return {
    lines,
    accountId: ACCOUNT,
    orders: ordersStore(tables, 'webhook', clock),
    orphans: orphansStore(tables, 'webhook'),
    reconciliations: reconciliationsStore(tables, 'webhook'),
    clock,
    telemetry: {
      info: say,
      warn: say,
      error: say,
      count: () => undefined,
      measure: () => undefined,
      measureFor: () => undefined,
    },
    secrets: () => Promise.resolve(['the-one-before-it', SECRET]),
    readUpdate: (body: unknown) => orderUpdateOf(tradeUpdate.parse(body), NOW),
  };
}

const signed = (body: Uint8Array, secret = SECRET): string => createHmac('sha256', secret).update(body).digest('hex');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const foreignOrder = JSON.stringify({
  event: 'new',
  timestamp: '2026-03-09T14:00:00.000000001Z',
  order: {
    id: 'a5be8f5e-0000-4000-8000-000000000001',
    client_order_id: 'somebody-else',
    symbol: 'AAPL',
    side: 'buy',
    type: 'market',
    order_type: 'market',
    time_in_force: 'day',
    qty: '1',
    notional: null,
    filled_qty: '0',
    filled_avg_price: null,
    limit_price: null,
    stop_price: null,
    status: 'new',
    submitted_at: '2026-03-09T14:00:00Z',
    updated_at: '2026-03-09T14:00:00Z',
    replaced_by: null,
  },
});

describe('receiveUpdate', () => {
  it.each([
    ['its body is too large', 'x'.repeat(BODY_BYTES_MAX + 1), signed, 413, 'body-too-large'],
    ['it is not signed', foreignOrder, () => undefined, 401, 'signature-missing'],
    [
      'it is signed with another secret',
      foreignOrder,
      (body: Uint8Array) => signed(body, 'another-secret-entirely'),
      401,
      'signature-wrong',
    ],
    [
      'its signature is in upper case',
      foreignOrder,
      (body: Uint8Array) => signed(body).toUpperCase(),
      401,
      'signature-wrong',
    ],
    ['its signature is cut off', foreignOrder, (body: Uint8Array) => signed(body).slice(0, 63), 401, 'signature-wrong'],
    ['another body was signed', foreignOrder, () => signed(bytes('{}')), 401, 'signature-wrong'],
    ['it is no JSON', '{"event":', signed, 400, 'body-not-json'],
    ['it is no UTF-8 text', 'bytes', signed, 400, 'body-not-json'],
    ['it is no order update', '{"event":"new"}', signed, 400, 'body-unreadable'],
  ] as const)('refuses an update when %s', async (name, text, sign, status, code) => {
    const body = name === 'it is no UTF-8 text' ? Uint8Array.of(0xff, 0xfe) : bytes(text);
    const receipt = await receiveUpdate(webhook(), body, sign(body));
    expect(receipt).toMatchObject({ kind: 'refused', status, code });
  });

  it('keeps news of an order that is not in the table, once', async () => {
    const house = webhook();
    const body = bytes(foreignOrder);
    expect(await receiveUpdate(house, body, signed(body))).toMatchObject({ kind: 'kept-as-orphan' });
    expect(await receiveUpdate(house, body, signed(body))).toMatchObject({ kind: 'kept-as-orphan' });
    const orphans = await house.orphans.all(ACCOUNT);
    expect(orphans.map((orphan) => orphan.brokerOrderId)).toEqual(['a5be8f5e-0000-4000-8000-000000000001']);
  });

  it('asks for a pass because of it, once until a pass has answered', async () => {
    const house = webhook();
    const body = bytes(foreignOrder);
    await receiveUpdate(house, body, signed(body));
    await receiveUpdate(house, body, signed(body));
    const asked = (await house.reconciliations.mark(ACCOUNT))?.asked ?? [];
    expect(asked.map(({ requestId }) => requestId.split(':').slice(0, 2))).toEqual([['webhook', 'orphan']]);
  });

  it.each([
    ['a status', (text: string) => text.replace('"status":"new"', '"status":"warped"')],
    ['an event', (text: string) => text.replace('"event":"new"', '"event":"restated_again"')],
  ])('says so when it does not know %s, and keeps the news', async (_, change) => {
    const house = webhook();
    const body = bytes(change(foreignOrder));
    expect(await receiveUpdate(house, body, signed(body))).toMatchObject({ kind: 'kept-as-orphan', understood: false });
    const known = bytes(foreignOrder);
    expect(await receiveUpdate(house, known, signed(known))).toMatchObject({ understood: true });
  });

  it('asks for a pass when a signed body cannot be read: something happened all the same', async () => {
    const house = webhook();
    const fill = bytes(foreignOrder.replace('"event":"new"', '"event":"fill"'));
    expect(await receiveUpdate(house, fill, signed(fill))).toMatchObject({ status: 400, code: 'body-unreadable' });
    expect((await house.reconciliations.mark(ACCOUNT))?.asked).toHaveLength(1);
    const unsigned = webhook();
    await receiveUpdate(unsigned, fill, undefined);
    expect((await unsigned.reconciliations.mark(ACCOUNT))?.asked ?? []).toEqual([]);
  });

  it('takes the news in though no pass can be asked for', async () => {
    const house = webhook();
    const fault = new Fault('transient', 'mark-contended', 'other passes won every round');
    const broken = { ...house, reconciliations: { ask: () => Promise.reject(fault) } };
    const body = bytes(foreignOrder);
    expect(await receiveUpdate(broken, body, signed(body))).toMatchObject({ kind: 'kept-as-orphan' });
    expect(await house.orphans.all(ACCOUNT)).toHaveLength(1);
    expect(house.lines).toContain('a pass could not be asked for; the next one comes by itself');
  });

  it('says nothing of the secret or the body in its log', async () => {
    const house = webhook();
    const body = bytes(foreignOrder);
    await receiveUpdate(house, body, signed(body, 'wrong'));
    expect(house.lines.join(' ')).toBe('a webhook was wrongly signed');
  });
});
