/** The broker simulator behind plain HTTP and websockets, in time that only the test moves. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { startBroker } from '#infra/local/alpaca/broker.ts';
import type { BrokerOptions, BrokerSimulator } from '#infra/local/alpaca/embedding.ts';
import type { MarketFeed } from '#infra/local/alpaca/market-feed.ts';
import { bytesOf } from '#infra/local/alpaca/stream-frames.ts';
import { tinyMarket } from '#infra/local/alpaca/tiny-market.ts';
import { addMs, type EpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';

/** Tuesday, half an hour into the session. */
export const TEN_O_CLOCK: EpochMs = parseEpochMs('2026-01-06T10:00:00-05:00');
export const KEY = 'PKRAWDESK';
export const SECRET = 'raw-desk-secret';

export interface RawAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

/** A websocket with all frames that came, parsed. */
export interface RawStream {
  readonly socket: WebSocket;
  readonly frames: unknown[];
  send(frame: unknown): void;
  /** Resolves once so many frames have come in all. */
  until(count: number): Promise<readonly unknown[]>;
  ended(): Promise<void>;
}

export interface RawDesk {
  readonly broker: BrokerSimulator;
  readonly market: MarketFeed;
  now(): EpochMs;
  moveTo(at: EpochMs): void;
  /** Moves time on and does what is due. */
  pass(ms: number): void;
  /** Does what is due now. */
  settle(): void;
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<RawAnswer>;
  get(path: string): Promise<unknown>;
  /** Submits 10 KO at the market but for what is said. */
  order(fields?: Readonly<Record<string, unknown>>): Promise<RawAnswer>;
  /** Submits an order that must be taken, does what is due, and gives its id. */
  place(fields?: Readonly<Record<string, unknown>>): Promise<string>;
  open(url: string, headers?: Readonly<Record<string, string>>): Promise<RawStream>;
  /** The order stream, logged in and listening. */
  listen(): Promise<RawStream>;
  close(): Promise<void>;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A body that must be an object. */
export function recordOf(body: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(body)) throw new Error(`no object: ${JSON.stringify(body)}`);
  return body;
}

/** A body that must be a list of objects. */
export function rowsOf(body: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(body)) throw new Error(`no list: ${JSON.stringify(body)}`);
  return body.map(recordOf);
}

/** One field of each row. */
export const fieldOf = (body: unknown, name: string): readonly unknown[] => rowsOf(body).map((row) => row[name]);

const CREDENTIALS = { 'APCA-API-KEY-ID': KEY, 'APCA-API-SECRET-KEY': SECRET } as const;

async function openStream(url: string, headers: Readonly<Record<string, string>>): Promise<RawStream> {
  const socket = new WebSocket(url, { headers });
  const frames: unknown[] = [];
  socket.on('message', (raw) => frames.push(JSON.parse(bytesOf(raw).toString('utf8'))));
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => resolve());
  });
  await once(socket, 'open');
  return {
    socket,
    frames,
    send: (frame) => socket.send(JSON.stringify(frame)),
    async until(count) {
      while (frames.length < count) {
        if (socket.readyState === WebSocket.CLOSED) throw new Error(`the stream ended after ${frames.length} frames`);
        await Promise.race([once(socket, 'message'), closed]);
      }
      return frames;
    },
    ended: () => closed,
  };
}

async function callAt(
  url: string,
  method: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<RawAnswer> {
  const response = await fetch(url, {
    method,
    headers,
    redirect: 'manual',
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, body: json ? JSON.parse(text) : text, headers: response.headers };
}

const KO_AT_MARKET = { symbol: 'KO', qty: '10', side: 'buy', type: 'market', time_in_force: 'day' } as const;

async function listenAt(desk: RawDesk): Promise<RawStream> {
  const stream = await desk.open(desk.broker.orderStreamUrl);
  stream.send({ action: 'authenticate', data: { key_id: KEY, secret_key: SECRET } });
  await stream.until(1);
  stream.send({ action: 'listen', data: { streams: ['trade_updates'] } });
  await stream.until(2);
  stream.frames.length = 0;
  return stream;
}

function broker(options: Partial<BrokerOptions>, market: MarketFeed, now: () => EpochMs): Promise<BrokerSimulator> {
  return startBroker({
    port: 0,
    seed: 7,
    clock: { now },
    accounts: [{ key: KEY, secret: SECRET, cash: '100000' }],
    ...options,
    market,
    behaviour: { partialFillOneIn: 0, surprises: false, ...options.behaviour },
  });
}

export async function openRawDesk(options: Partial<BrokerOptions> = {}, at: EpochMs = TEN_O_CLOCK): Promise<RawDesk> {
  let now = at;
  const market = options.market ?? tinyMarket({ seed: 7 });
  const simulator = await broker(options, market, () => now);
  const streams: RawStream[] = [];
  const desk: RawDesk = {
    broker: simulator,
    market,
    now: () => now,
    moveTo(to) {
      now = to;
      simulator.advanceTo(now);
    },
    pass: (ms) => desk.moveTo(addMs(now, ms)),
    settle: () => simulator.advanceTo(now),
    call: (method, path, body, headers = CREDENTIALS) => callAt(simulator.url + path, method, body, headers),
    async get(path) {
      const { status, body } = await desk.call('GET', path);
      if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`);
      return body;
    },
    order: (fields = {}) => desk.call('POST', '/v2/orders', { ...KO_AT_MARKET, ...fields }),
    async place(fields) {
      const { status, body } = await desk.order(fields);
      if (status !== 200) throw new Error(`not taken: ${status} ${JSON.stringify(body)}`);
      simulator.advanceTo(now);
      return String(recordOf(body)['id']);
    },
    async open(url, headers = {}) {
      const stream = await openStream(url, headers);
      streams.push(stream);
      return stream;
    },
    listen: () => listenAt(desk),
    async close() {
      for (const stream of streams) stream.socket.terminate();
      await simulator.close();
    },
  };
  return desk;
}
