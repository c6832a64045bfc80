/** The market data stream: one connection a key; quotes, prints and bars of what is subscribed, at each tick. */
import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import { type EpochMs, epochMs, parseEpochNs } from '#shared/core/kernel/instant.ts';
import { currentOrNextSession, sessionAt } from '#shared/core/venue/session-index.ts';
import { assetOf } from './asset-lookup.ts';
import type { Exchange } from './desk.ts';
import { encodeMessagePack } from './message-pack.ts';
import type { StreamConnection, StreamConnections } from './stream-connections.ts';
import { isRecord, jsonText, parseFrame } from './stream-frames.ts';
import { barBody, lastDailyBars, quoteBody, tradeBody } from './wire-market.ts';
import type { WireBody } from './wire-order.ts';

const MINUTE_MS = 60_000;
/** Symbols of trades and quotes that the free plan may subscribe to. */
const FREE_SYMBOLS_MAX = 30;
const AUTH_MS = 10_000;

/** Codes of the stream; they are not HTTP's. */
const STREAM_ERRORS = {
  400: 'invalid syntax',
  401: 'not authenticated',
  402: 'auth failed',
  403: 'already authenticated',
  404: 'auth timeout',
  405: 'symbol limit exceeded',
  406: 'connection limit exceeded',
  409: 'insufficient subscription',
  410: 'invalid subscribe action for this feed',
} as const;
export type StreamErrorCode = keyof typeof STREAM_ERRORS;

const CHANNELS = [
  'trades',
  'quotes',
  'bars',
  'updatedBars',
  'dailyBars',
  'statuses',
  'lulds',
  'corrections',
  'cancelErrors',
] as const;
type Channel = (typeof CHANNELS)[number];
const isChannel = (name: string): name is Channel => CHANNELS.some((channel) => channel === name);

interface Subscriber {
  readonly connection: StreamConnection;
  readonly channels: Readonly<Record<Channel, Set<string>>>;
}

export interface DataStream {
  accept(socket: WebSocket, message: IncomingMessage, feed: string): void;
  /** The next instant at which something would be sent; null while nobody is subscribed. */
  nextTickAt(): EpochMs | null;
  /** Sends what is due at the instant, if it is a tick. */
  tick(at: EpochMs): void;
}

const emptyChannels = (): Record<Channel, Set<string>> => ({
  trades: new Set(),
  quotes: new Set(),
  bars: new Set(),
  updatedBars: new Set(),
  dailyBars: new Set(),
  statuses: new Set(),
  lulds: new Set(),
  corrections: new Set(),
  cancelErrors: new Set(),
});

const SKIPPED = new Set(['action', 'key', 'secret']);

/** Adds or takes away symbols; the error's code where the frame asks for what there is not. */
function change(
  exchange: Exchange,
  subscriber: Subscriber,
  frame: Readonly<Record<string, unknown>>,
  adds: boolean,
): StreamErrorCode | null {
  for (const [name, symbols] of Object.entries(frame)) {
    if (SKIPPED.has(name)) continue;
    if (!isChannel(name)) return 410;
    if (!Array.isArray(symbols)) return 400;
    for (const symbol of symbols) {
      if (typeof symbol !== 'string') return 400;
      if (adds) subscriber.channels[name].add(symbol);
      else subscriber.channels[name].delete(symbol);
    }
  }
  const { trades, quotes } = subscriber.channels;
  const tooMany = trades.size > FREE_SYMBOLS_MAX || quotes.size > FREE_SYMBOLS_MAX;
  if (exchange.dataPlan !== 'free' || !tooMany) return null;
  if (adds) change(exchange, subscriber, frame, false);
  return 405;
}

/** In MessagePack a message's time is a timestamp of nanoseconds, and no text. */
const packFrame = (frame: unknown): Uint8Array =>
  encodeMessagePack(Array.isArray(frame) ? frame.map(withTimestamp) : frame);

const withTimestamp = (message: unknown): unknown =>
  isRecord(message) && typeof message['t'] === 'string' ? { ...message, t: parseEpochNs(message['t']) } : message;

/** The symbols of a channel, "*" being all there are. */
function symbolsIn(exchange: Exchange, subscribed: ReadonlySet<string>): readonly Ticker[] {
  if (subscribed.size === 0) return [];
  if (subscribed.has('*')) return exchange.market.assets.map((asset) => asset.ticker);
  return [...subscribed].flatMap((symbol) => assetOf(exchange.market, symbol)?.ticker ?? []).sort();
}

function messagesFor(exchange: Exchange, subscriber: Subscriber, at: EpochMs): readonly WireBody[] {
  const { market } = exchange;
  const messages: WireBody[] = [];
  const session = sessionAt(market.sessions, at);
  if (session !== null) {
    for (const symbol of symbolsIn(exchange, subscriber.channels.trades)) {
      const trade = market.tradeAt(symbol, at);
      if (trade !== null) messages.push({ T: 't', S: symbol, ...tradeBody(trade) });
    }
    for (const symbol of symbolsIn(exchange, subscriber.channels.quotes)) {
      const quote = market.quoteAt(symbol, at);
      if (quote !== null && quote.bid !== null) messages.push({ T: 'q', S: symbol, ...quoteBody(quote) });
    }
  }
  if (at % MINUTE_MS !== 0) return messages;
  const start = epochMs(at - MINUTE_MS);
  if (sessionAt(market.sessions, start) === null) return messages;
  for (const symbol of symbolsIn(exchange, subscriber.channels.bars)) {
    const bar = market.minuteBars(symbol, start, start, at, 'raw').at(-1);
    if (bar !== undefined) messages.push({ T: 'b', S: symbol, ...barBody(bar) });
  }
  for (const symbol of symbolsIn(exchange, subscriber.channels.dailyBars)) {
    const bar = lastDailyBars(market, symbol, at).at(-1);
    if (bar !== undefined) messages.push({ T: 'd', S: symbol, ...barBody(bar) });
  }
  return messages;
}

interface Room {
  readonly exchange: Exchange;
  readonly connections: StreamConnections;
  readonly subscribers: Map<StreamConnection, Subscriber>;
  readonly tickMs: number;
  lastTickAt: number;
}

type Frame = Readonly<Record<string, unknown>>;

const refuse = ({ connections }: Room, connection: StreamConnection, code: StreamErrorCode): void =>
  connections.send(connection, [{ T: 'error', code, msg: STREAM_ERRORS[code] }]);

/** Refuses and hangs up. */
function dismiss(room: Room, connection: StreamConnection, code: StreamErrorCode): void {
  refuse(room, connection, code);
  connection.socket.close();
}

function logIn(room: Room, connection: StreamConnection, key: unknown, secret: unknown): void {
  const desk = typeof key === 'string' ? room.exchange.desks.get(key) : undefined;
  if (desk === undefined || desk.credentials.secret !== secret) {
    dismiss(room, connection, 402);
    return;
  }
  if ([...room.subscribers.keys()].some((other) => other.key === desk.credentials.key)) {
    dismiss(room, connection, 406);
    return;
  }
  connection.key = desk.credentials.key;
  room.subscribers.set(connection, { connection, channels: emptyChannels() });
  room.connections.send(connection, [{ T: 'success', msg: 'authenticated' }]);
}

const isWanted = (room: Room): boolean =>
  [...room.subscribers.values()].some(({ channels }) => CHANNELS.some((name) => channels[name].size > 0));

function subscribe(room: Room, connection: StreamConnection, frame: Frame, adds: boolean): void {
  const subscriber = room.subscribers.get(connection);
  if (subscriber === undefined) {
    refuse(room, connection, 401);
    return;
  }
  // Ticks count from the first subscription on; what went by before is nobody's.
  if (!isWanted(room)) room.lastTickAt = Math.max(room.lastTickAt, room.exchange.now());
  const error = change(room.exchange, subscriber, frame, adds);
  if (error !== null) {
    refuse(room, connection, error);
    return;
  }
  const set = CHANNELS.map((channel) => [channel, [...subscriber.channels[channel]]] as const);
  room.connections.send(connection, [{ T: 'subscription', ...Object.fromEntries(set) }]);
}

function receive(room: Room, connection: StreamConnection, frame: Frame | null): void {
  if (frame === null) refuse(room, connection, 400);
  else if (frame['action'] === 'auth') {
    if (connection.key === null) logIn(room, connection, frame['key'], frame['secret']);
    else refuse(room, connection, 403);
  } else if (frame['action'] === 'subscribe') subscribe(room, connection, frame, true);
  else if (frame['action'] === 'unsubscribe') subscribe(room, connection, frame, false);
  else refuse(room, connection, 400);
}

/** The first tick after the last one that lies in a session, or ends one of its minutes. */
function nextTickAt(room: Room): EpochMs | null {
  if (!isWanted(room)) return null;
  const next = epochMs((Math.floor(room.lastTickAt / room.tickMs) + 1) * room.tickMs);
  const session = currentOrNextSession(room.exchange.market.sessions, epochMs(next - 1));
  if (session === null) return null;
  return next >= session.openAt ? next : session.openAt;
}

function accept(room: Room, socket: WebSocket, message: IncomingMessage, feed: string): void {
  const messagePack = message.headers['content-type'] === 'application/msgpack';
  const connection = room.connections.add('data', socket, messagePack ? packFrame : jsonText);
  room.connections.send(connection, [{ T: 'success', msg: 'connected' }]);
  if (feed === 'sip' && room.exchange.dataPlan === 'free') {
    dismiss(room, connection, 409);
    return;
  }
  const timer = setTimeout(() => {
    if (connection.key === null) dismiss(room, connection, 404);
  }, AUTH_MS);
  socket.on('close', () => {
    clearTimeout(timer);
    room.subscribers.delete(connection);
  });
  socket.on('message', (raw) => receive(room, connection, parseFrame(raw, messagePack)));
  const key = message.headers['apca-api-key-id'];
  if (key !== undefined) logIn(room, connection, key, message.headers['apca-api-secret-key']);
}

export function dataStream(exchange: Exchange, connections: StreamConnections, tickMs: number): DataStream {
  const room: Room = { exchange, connections, subscribers: new Map(), tickMs, lastTickAt: exchange.now() };
  return {
    accept: (socket, message, feed) => accept(room, socket, message, feed),
    nextTickAt: () => nextTickAt(room),
    tick(at) {
      if (at !== nextTickAt(room)) return;
      room.lastTickAt = at;
      for (const subscriber of room.subscribers.values()) {
        const messages = messagesFor(exchange, subscriber, at);
        if (messages.length > 0) connections.send(subscriber.connection, messages);
      }
    },
  };
}
