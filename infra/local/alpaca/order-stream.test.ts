import { once } from 'node:events';
import { WebSocket } from 'ws';
import { afterEach, describe, expect, it } from 'vitest';
import { KEY, openRawDesk, type RawDesk, recordOf, SECRET } from '#tests/venue/raw-desk.ts';
import { decodeMessagePack, encodeMessagePack } from './message-pack.ts';
import { bytesOf } from './stream-frames.ts';

const desks: RawDesk[] = [];
async function open(...given: Parameters<typeof openRawDesk>): Promise<RawDesk> {
  const desk = await openRawDesk(...given);
  desks.push(desk);
  return desk;
}
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close();
});

const dataOf = (frame: unknown): Readonly<Record<string, unknown>> => recordOf(recordOf(frame)['data']);
const eventsOf = (frames: readonly unknown[]): readonly unknown[] => frames.map((frame) => dataOf(frame)['event']);

describe('the order stream', () => {
  it('answers a wrong secret with unauthorized, and a listen before log-in as well', async () => {
    const desk = await open();
    const stream = await desk.open(desk.broker.orderStreamUrl);
    stream.send({ action: 'authenticate', data: { key_id: KEY, secret_key: 'wrong' } });
    stream.send({ action: 'listen', data: { streams: ['trade_updates'] } });
    expect(await stream.until(2)).toEqual([
      { stream: 'authorization', data: { status: 'unauthorized', action: 'authenticate' } },
      { stream: 'authorization', data: { status: 'unauthorized', action: 'listen' } },
    ]);
  });

  it('echoes only the streams that it has, and an empty list stops it', async () => {
    const desk = await open();
    const stream = await desk.open(desk.broker.orderStreamUrl);
    stream.send({ action: 'authenticate', data: { key_id: KEY, secret_key: SECRET } });
    stream.send({ action: 'listen', data: { streams: ['account_updates', 'trade_updates'] } });
    await stream.until(2);
    await desk.place();
    stream.send({ action: 'listen', data: { streams: [] } });
    const frames = await stream.until(6);
    expect(frames[1]).toEqual({ stream: 'listening', data: { streams: ['trade_updates'] } });
    expect(eventsOf(frames.slice(2, 5))).toEqual(['pending_new', 'new', 'fill']);
    expect(frames[5]).toEqual({ stream: 'listening', data: { streams: [] } });
    await desk.place();
    stream.send({ action: 'nothing' });
    expect((await stream.until(7))[6]).toEqual({ action: 'error', data: { error_message: 'unknown action' } });
  });

  it('says what it does not understand', async () => {
    const desk = await open();
    const stream = await desk.open(desk.broker.orderStreamUrl);
    stream.socket.send('no json');
    stream.send({ action: 'authenticate', data: { key_id: KEY, secret_key: SECRET } });
    stream.send({ action: 'listen', data: { streams: 'all' } });
    expect(await stream.until(3)).toMatchObject([
      { action: 'error', data: { error_message: 'invalid message' } },
      { data: { status: 'authorized' } },
      { action: 'error', data: { error_message: 'invalid streams' } },
    ]);
  });

  it('tells the whole order after each event, with offsets mixed within it', async () => {
    const desk = await open();
    const stream = await desk.listen();
    const id = await desk.place({ client_order_id: 'mine' });
    const frames = await stream.until(3);
    expect(dataOf(frames[0])).toMatchObject({
      event: 'pending_new',
      execution_id: null,
      order: { status: 'pending_new' },
    });
    const fill = dataOf(frames[2]);
    expect(fill).toMatchObject({
      event: 'fill',
      price: '46.57',
      qty: '10',
      position_qty: '10',
      execution_id: desk.broker.ledger().executions[0]?.id,
      timestamp: expect.stringMatching(/Z$/),
      event_id: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/),
      order: {
        id,
        client_order_id: 'mine',
        status: 'filled',
        filled_qty: '10',
        filled_avg_price: '46.57',
        cancel_requested_at: null,
        commission: '0',
        submitted_at: expect.stringMatching(/^2026-01-06T10:00:00\.\d{9}-05:00$/),
        updated_at: expect.stringMatching(/^2026-01-06T15:00:00\.\d{1,9}Z$/),
      },
    });
  });

  it('tells nothing while an order waits for the open', async () => {
    const desk = await open();
    const stream = await desk.listen();
    desk.pass(9 * 3_600_000);
    const { body } = await desk.order();
    expect(body).toMatchObject({ status: 'accepted' });
    desk.pass(20 * 3_600_000);
    expect(eventsOf(await stream.until(2))).toEqual(['new', 'fill']);
  });

  it('gives a bust its quantity back as a negative one, with the execution that it undoes', async () => {
    const desk = await open();
    const stream = await desk.listen();
    await desk.place();
    await stream.until(3);
    const id = desk.broker.ledger().executions[0]?.id ?? '';
    desk.broker.bust(id);
    expect(dataOf((await stream.until(4))[3])).toMatchObject({
      event: 'trade_bust',
      qty: '-10',
      price: '46.57',
      position_qty: '0',
      previous_execution_id: id,
      order: { status: 'filled', filled_qty: '0' },
    });
  });

  it('counts its frames, and an old connection goes on beside a new one', async () => {
    const desk = await open();
    const [first, second] = [await desk.listen(), await desk.listen()];
    await desk.place();
    await Promise.all([first.until(3), second.until(3)]);
    expect(desk.broker.streams()).toEqual([
      { connection: 1, kind: 'orders', key: KEY, open: true, framesSent: 5 },
      { connection: 2, kind: 'orders', key: KEY, open: true, framesSent: 5 },
    ]);
    first.socket.close();
    await first.ended();
    await desk.place();
    await second.until(6);
    expect(desk.broker.streams().map(({ framesSent }) => framesSent)).toEqual([5, 8]);
  });

  it('may be limited to one connection a key', async () => {
    const desk = await open({ behaviour: { orderStreamsPerKey: 1 } });
    const first = await desk.listen();
    const second = await desk.open(desk.broker.orderStreamUrl);
    second.send({ action: 'authenticate', data: { key_id: KEY, secret_key: SECRET } });
    expect(await second.until(1)).toEqual([{ action: 'error', data: { error_message: 'connection limit exceeded' } }]);
    await second.ended();
    first.socket.close();
    await first.ended();
    await desk.listen();
  });

  it('tells each account its own news only', async () => {
    const other = { key: 'PKOTHER', secret: 'other-secret', cash: '5000' };
    const mine = { key: KEY, secret: SECRET, cash: '100000' };
    const desk = await open({ accounts: [mine, other] });
    const stream = await desk.listen();
    const headers = { 'APCA-API-KEY-ID': other.key, 'APCA-API-SECRET-KEY': other.secret };
    const order = { symbol: 'KO', qty: '1', side: 'buy', type: 'market', time_in_force: 'day' };
    expect((await desk.call('POST', '/v2/orders', order, headers)).status).toBe(200);
    desk.settle();
    await desk.place({ client_order_id: 'mine' });
    const frames = await stream.until(3);
    expect(frames.map((frame) => recordOf(dataOf(frame)['order'])['client_order_id'])).toEqual([
      'mine',
      'mine',
      'mine',
    ]);
    expect(desk.broker.ledger('PKOTHER').positions).toMatchObject([{ symbol: 'KO', quantity: '1' }]);
    expect(() => desk.broker.ledger('NOBODY')).toThrow('no account has the key NOBODY');
  });

  it('speaks MessagePack to those who ask for it', async () => {
    const desk = await open();
    const socket = new WebSocket(desk.broker.orderStreamUrl, { headers: { 'Content-Type': 'application/msgpack' } });
    const frames: unknown[] = [];
    socket.on('message', (raw) => frames.push(decodeMessagePack(bytesOf(raw))));
    await once(socket, 'open');
    socket.send(encodeMessagePack({ action: 'authenticate', data: { key_id: KEY, secret_key: SECRET } }));
    socket.send(encodeMessagePack({ action: 'listen', data: { streams: ['trade_updates'] } }));
    while (frames.length < 2) await once(socket, 'message');
    await desk.place({ client_order_id: 'packed' });
    while (frames.length < 5) await once(socket, 'message');
    expect(dataOf(frames[4])).toMatchObject({ event: 'fill', qty: '10', order: { client_order_id: 'packed' } });
    socket.terminate();
  });

  it('is no other path than /stream', async () => {
    const desk = await open();
    await expect(desk.open(`${desk.broker.orderStreamUrl}/other`)).rejects.toThrow('404');
  });
});
