import { once } from 'node:events';
import { WebSocket } from 'ws';
import { afterEach, describe, expect, it } from 'vitest';
import { type EpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { startBroker } from './broker.ts';
import type { BrokerSimulator } from './embedding.ts';
import { bytesOf } from './stream-frames.ts';
import { tinyMarket } from './tiny-market.ts';

const open: BrokerSimulator[] = [];
afterEach(async () => {
  for (const broker of open.splice(0)) await broker.close();
});

async function start(at = '2026-01-06T10:00:00-05:00') {
  let now: EpochMs = parseEpochMs(at);
  const broker = await startBroker({
    port: 0,
    seed: 7,
    clock: { now: () => now },
    market: tinyMarket({ seed: 7 }),
    accounts: [{ key: 'KEY', secret: 'SECRET', cash: '100000' }],
  });
  open.push(broker);
  const headers = { 'APCA-API-KEY-ID': 'KEY', 'APCA-API-SECRET-KEY': 'SECRET' };
  return {
    broker,
    moveTo: (to: EpochMs) => {
      now = to;
      broker.advanceTo(to);
    },
    now: () => now,
    call: async (method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> => {
      const response = await fetch(broker.url + path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? null : JSON.parse(text) };
    },
  };
}

describe('the broker over HTTP', () => {
  it('answers pending_new first and fills when the host says so', async () => {
    const { call, broker, now } = await start();
    const submitted = await call('POST', '/v2/orders', {
      symbol: 'AAPL',
      qty: '10',
      side: 'buy',
      type: 'market',
      time_in_force: 'day',
      client_order_id: 'one',
    });
    expect(submitted).toMatchObject({ status: 200, body: { status: 'pending_new', filled_qty: '0', qty: '10' } });
    expect(broker.nextDueAt()).toBe(now());
    broker.advanceTo(now());
    const found = await call('GET', '/v2/orders:by_client_order_id?client_order_id=one');
    expect(found).toMatchObject({ status: 200, body: { status: 'filled', filled_qty: '10' } });
  });
  it('streams news in binary frames', async () => {
    const { call, broker, now } = await start();
    const socket = new WebSocket(broker.orderStreamUrl);
    const frames: unknown[] = [];
    socket.on('message', (raw, binary) => {
      expect(binary).toBe(true);
      frames.push(JSON.parse(bytesOf(raw).toString('utf8')));
    });
    await once(socket, 'open');
    const next = async (count: number): Promise<void> => {
      while (frames.length < count) await once(socket, 'message');
    };
    socket.send(JSON.stringify({ action: 'authenticate', data: { key_id: 'KEY', secret_key: 'SECRET' } }));
    await next(1);
    socket.send(JSON.stringify({ action: 'listen', data: { streams: ['trade_updates', 'x'] } }));
    await next(2);
    await call('POST', '/v2/orders', { symbol: 'KO', qty: 1, side: 'buy', type: 'market', time_in_force: 'day' });
    broker.advanceTo(now());
    await next(5);
    expect(frames.slice(2)).toMatchObject(
      ['pending_new', 'new', 'fill'].map((event) => ({ stream: 'trade_updates', data: { event } })),
    );
    expect(broker.streams()).toMatchObject([{ kind: 'orders', key: 'KEY', open: true, framesSent: 5 }]);
    socket.close();
  });
});
