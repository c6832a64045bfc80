/** The order stream: authenticate, listen, then news. It sends JSON in binary frames, as the paper service does. */
import type { VenueNews } from '#shared/core/venue/venue-state.ts';
import type { Desk, Exchange } from './desk.ts';
import { encodeMessagePack } from './message-pack.ts';
import type { FrameSocket, StreamConnection, StreamConnections } from './stream-connections.ts';
import { isRecord, jsonBytes, parseFrame } from './stream-frames.ts';
import { type WireBody, tradeUpdate } from './wire-order.ts';

const STREAMS = ['trade_updates'] as const;

export interface OrderStream {
  /** While it is down nobody is let in. */
  isDown(): boolean;
  accept(socket: FrameSocket, messagePack: boolean): void;
  /** Sends one step of an order to every connection of its account that listens. */
  tell(desk: Desk, news: VenueNews): void;
}

interface Room {
  readonly exchange: Exchange;
  readonly connections: StreamConnections;
  readonly listening: Set<StreamConnection>;
  /** News held back until after the next one of its account. */
  readonly held: Map<string, WireBody>;
}

type Frame = Readonly<Record<string, unknown>>;

const refuse = ({ connections }: Room, connection: StreamConnection, message: string): void =>
  connections.send(connection, { action: 'error', data: { error_message: message } });

/** Connections of a key that have logged in and are open. */
const openOf = ({ connections }: Room, key: string): number =>
  connections.counts().filter((count) => count.kind === 'orders' && count.open && count.key === key).length;

function authenticate(room: Room, connection: StreamConnection, data: unknown): void {
  const { exchange, connections } = room;
  const desk = isRecord(data) && typeof data['key_id'] === 'string' ? exchange.desks.get(data['key_id']) : undefined;
  const granted = desk !== undefined && isRecord(data) && data['secret_key'] === desk.credentials.secret;
  if (granted && openOf(room, desk.credentials.key) >= exchange.orderStreamsPerKey) {
    refuse(room, connection, 'connection limit exceeded');
    connection.socket.close();
    return;
  }
  if (granted) connection.key = desk.credentials.key;
  connections.send(connection, {
    stream: 'authorization',
    data: { status: granted ? 'authorized' : 'unauthorized', action: 'authenticate' },
  });
}

function listen(room: Room, connection: StreamConnection, data: unknown): void {
  const { connections, listening } = room;
  if (connection.key === null) {
    connections.send(connection, { stream: 'authorization', data: { status: 'unauthorized', action: 'listen' } });
    return;
  }
  const asked: unknown = isRecord(data) ? data['streams'] : undefined;
  if (!Array.isArray(asked)) {
    refuse(room, connection, 'invalid streams');
    return;
  }
  // A stream that is not offered is missing from the echo; that is all the notice there is.
  const streams = STREAMS.filter((stream) => asked.includes(stream));
  if (streams.length > 0) listening.add(connection);
  else listening.delete(connection);
  connections.send(connection, { stream: 'listening', data: { streams } });
}

function receive(room: Room, connection: StreamConnection, frame: Frame | null): void {
  const action = frame?.['action'];
  if (action === 'authenticate' || action === 'auth') authenticate(room, connection, frame?.['data']);
  else if (action === 'listen') listen(room, connection, frame?.['data']);
  else refuse(room, connection, frame === null ? 'invalid message' : 'unknown action');
}

function isHeard({ listening }: Room, key: string): boolean {
  for (const connection of listening) if (connection.key === key) return true;
  return false;
}

function broadcast({ connections, listening }: Room, key: string, body: WireBody): void {
  for (const connection of listening) if (connection.key === key) connections.send(connection, body);
}

/** Cuts the streams off instead of sending, where a fault says so. */
function isCut({ exchange, connections }: Room, subject: string, filters: Readonly<Record<string, string>>): boolean {
  const { faults } = exchange;
  if (faults.lasts('stream-down') === null && faults.strikes('stream-disconnect', subject, filters) === null)
    return false;
  connections.cut('orders');
  return true;
}

function tell(room: Room, desk: Desk, news: VenueNews): void {
  const { faults } = room.exchange;
  const { key } = desk.credentials;
  if (news.event === null || !isHeard(room, key)) return;
  const filters = { event: news.event };
  const subject = `${news.order.clientOrderId}:${news.event}`;
  if (isCut(room, subject, filters) || faults.strikes('stream-drop', subject, filters) !== null) return;
  const renamed = news.execution === null ? faults.strikes('unknown-event', subject) : null;
  const body = tradeUpdate(news, renamed?.text('event') ?? news.event, desk.venue.rules.seed);
  if (!room.held.has(key) && faults.strikes('stream-reorder', subject, filters) !== null) {
    room.held.set(key, body);
    return;
  }
  broadcast(room, key, body);
  if (faults.strikes('stream-duplicate', subject, filters) !== null) broadcast(room, key, body);
  const late = room.held.get(key);
  room.held.delete(key);
  if (late !== undefined) broadcast(room, key, late);
}

export function orderStream(exchange: Exchange, connections: StreamConnections): OrderStream {
  const room: Room = { exchange, connections, listening: new Set(), held: new Map() };
  return {
    isDown: () => exchange.faults.lasts('stream-down') !== null,
    accept(socket, messagePack) {
      const connection = connections.add('orders', socket, messagePack ? encodeMessagePack : jsonBytes);
      socket.on('close', () => room.listening.delete(connection));
      socket.on('message', (raw) => receive(room, connection, parseFrame(raw, messagePack)));
    },
    tell: (desk, news) => tell(room, desk, news),
  };
}
