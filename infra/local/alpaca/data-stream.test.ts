import { once } from 'node:events';
import { WebSocket } from 'ws';
import { afterEach, describe, expect, it } from 'vitest';
import { parseEpochMs } from '#shared/core/kernel/instant.ts';
import { KEY, openRawDesk, type RawDesk, recordOf, rowsOf, SECRET } from '#tests/venue/raw-desk.ts';
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

const LOG_IN = { action: 'auth', key: KEY, secret: SECRET };
const error = (code: number, msg: string): unknown => [{ T: 'error', code, msg }];

describe('the data stream', () => {
  it('greets, lets in, and tells the whole set of what is subscribed', async () => {
    const desk = await open();
    const stream = await desk.open(desk.broker.dataStreamUrl);
    stream.send(LOG_IN);
    stream.send({ action: 'subscribe', trades: ['KO'], bars: ['*'] });
    stream.send({ action: 'subscribe', quotes: ['AAPL', 'KO'] });
    stream.send({ action: 'unsubscribe', quotes: ['AAPL'], bars: ['*'] });
    const none = { updatedBars: [], dailyBars: [], statuses: [], lulds: [], corrections: [], cancelErrors: [] };
    expect(await stream.until(5)).toEqual([
      [{ T: 'success', msg: 'connected' }],
      [{ T: 'success', msg: 'authenticated' }],
      [{ T: 'subscription', trades: ['KO'], quotes: [], bars: ['*'], ...none }],
      [{ T: 'subscription', trades: ['KO'], quotes: ['AAPL', 'KO'], bars: ['*'], ...none }],
      [{ T: 'subscription', trades: ['KO'], quotes: ['KO'], bars: [], ...none }],
    ]);
  });

  it('lets in by the headers as well', async () => {
    const desk = await open();
    const headers = { 'APCA-API-KEY-ID': KEY, 'APCA-API-SECRET-KEY': SECRET };
    const stream = await desk.open(desk.broker.dataStreamUrl, headers);
    expect((await stream.until(2))[1]).toEqual([{ T: 'success', msg: 'authenticated' }]);
  });

  it('has codes of its own for what goes wrong', async () => {
    const desk = await open();
    const stream = await desk.open(desk.broker.dataStreamUrl);
    stream.socket.send('no json');
    stream.send({ action: 'subscribe', trades: ['KO'] });
    stream.send(LOG_IN);
    stream.send(LOG_IN);
    stream.send({ action: 'subscribe', orderbooks: ['KO'] });
    stream.send({ action: 'subscribe', trades: 'KO' });
    stream.send({ action: 'subscribe', trades: Array.from({ length: 31 }, (_, index) => `S${index}`) });
    const frames = await stream.until(8);
    expect(frames.slice(1)).toEqual([
      error(400, 'invalid syntax'),
      error(401, 'not authenticated'),
      [{ T: 'success', msg: 'authenticated' }],
      error(403, 'already authenticated'),
      error(410, 'invalid subscribe action for this feed'),
      error(400, 'invalid syntax'),
      error(405, 'symbol limit exceeded'),
    ]);
  });

  it('hangs up on a wrong secret, and on SIP under the free plan', async () => {
    const desk = await open();
    const stream = await desk.open(desk.broker.dataStreamUrl);
    stream.send({ ...LOG_IN, secret: 'wrong' });
    expect((await stream.until(2))[1]).toEqual(error(402, 'auth failed'));
    await stream.ended();
    const sip = await desk.open(desk.broker.dataStreamUrl.replace('iex', 'sip'));
    expect((await sip.until(2))[1]).toEqual(error(409, 'insufficient subscription'));
    await sip.ended();
  });

  it('takes one connection a key: the second is told so and hung up on', async () => {
    const desk = await open();
    const first = await desk.open(desk.broker.dataStreamUrl);
    first.send(LOG_IN);
    await first.until(2);
    const second = await desk.open(desk.broker.dataStreamUrl);
    second.send(LOG_IN);
    expect((await second.until(2))[1]).toEqual(error(406, 'connection limit exceeded'));
    await second.ended();
    first.socket.close();
    await first.ended();
    const third = await desk.open(desk.broker.dataStreamUrl);
    third.send(LOG_IN);
    expect((await third.until(2))[1]).toEqual([{ T: 'success', msg: 'authenticated' }]);
  });

  it('sends prints, quotes and bars of each minute that passes, and sleeps through the night', async () => {
    const desk = await open();
    const stream = await desk.open(desk.broker.dataStreamUrl);
    stream.send(LOG_IN);
    stream.send({ action: 'subscribe', trades: ['KO'], quotes: ['KO'], bars: ['KO'], dailyBars: ['KO'] });
    await stream.until(3);
    desk.pass(60_000);
    const [, , , minute] = await stream.until(4);
    expect(rowsOf(minute)).toMatchObject([
      { T: 't', S: 'KO', t: '2026-01-06T15:01:00Z' },
      { T: 'q', S: 'KO', t: '2026-01-06T15:01:00Z' },
      { T: 'b', S: 'KO', t: '2026-01-06T15:00:00Z' },
      { T: 'd', S: 'KO', t: '2026-01-06T05:00:00Z' },
    ]);
    desk.moveTo(parseEpochMs('2026-01-06T16:00:00-05:00'));
    const frames = await stream.until(3 + 360);
    expect(rowsOf(frames.at(-1)).map((message) => message['T'])).toEqual(['b', 'd']);
    expect(desk.broker.nextDueAt()).toBe(parseEpochMs('2026-01-07T00:00:00-05:00'));
  });

  it('speaks MessagePack to those who ask for it', async () => {
    const desk = await open();
    const socket = new WebSocket(desk.broker.dataStreamUrl, { headers: { 'Content-Type': 'application/msgpack' } });
    const frames: unknown[] = [];
    socket.on('message', (raw) => frames.push(decodeMessagePack(bytesOf(raw))));
    await once(socket, 'open');
    socket.send(encodeMessagePack(LOG_IN));
    while (frames.length < 2) await once(socket, 'message');
    expect(frames).toEqual([[{ T: 'success', msg: 'connected' }], [{ T: 'success', msg: 'authenticated' }]]);
    expect(recordOf(rowsOf(frames[1])[0])['msg']).toBe('authenticated');
    socket.terminate();
  });
});
