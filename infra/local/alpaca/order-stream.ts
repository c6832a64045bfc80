/** The order stream: authenticate, listen, then news. It sends JSON in binary frames, as the paper service does. */
import type { RawData, WebSocket } from 'ws';
import type { Exchange } from './desk.ts';
import { decodeMessagePack, encodeMessagePack } from './message-pack.ts';
import type { StreamConnection, StreamConnections } from './stream-connections.ts';
import type { WireBody } from './wire-order.ts';

const STREAMS = ['trade_updates'] as const;

export interface OrderStream {
  accept(socket: WebSocket, messagePack: boolean): void;
  /** Sends to every connection of an account that listens. */
  broadcast(key: string, body: WireBody): void;
}

export const bytesOf = (raw: RawData): Buffer =>
  Array.isArray(raw) ? Buffer.concat(raw) : raw instanceof ArrayBuffer ? Buffer.from(raw) : raw;

export const jsonBytes = (body: unknown): Uint8Array => Buffer.from(JSON.stringify(body), 'utf8');

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function parseFrame(raw: RawData, messagePack: boolean): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = messagePack ? decodeMessagePack(bytesOf(raw)) : JSON.parse(bytesOf(raw).toString('utf8'));
    return isRecord(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return null;
    throw error;
  }
}

export function orderStream(exchange: Exchange, connections: StreamConnections): OrderStream {
  const listening = new Set<StreamConnection>();

  const refuse = (connection: StreamConnection, message: string): void =>
    connections.send(connection, { action: 'error', data: { error_message: message } });

  function authenticate(connection: StreamConnection, data: unknown): void {
    const desk = isRecord(data) && typeof data['key_id'] === 'string' ? exchange.desks.get(data['key_id']) : undefined;
    const granted = desk !== undefined && isRecord(data) && data['secret_key'] === desk.credentials.secret;
    if (granted) connection.key = desk.credentials.key;
    connections.send(connection, {
      stream: 'authorization',
      data: { status: granted ? 'authorized' : 'unauthorized', action: 'authenticate' },
    });
  }

  function listen(connection: StreamConnection, data: unknown): void {
    if (connection.key === null) {
      connections.send(connection, { stream: 'authorization', data: { status: 'unauthorized', action: 'listen' } });
      return;
    }
    const asked: unknown = isRecord(data) ? data['streams'] : undefined;
    if (!Array.isArray(asked)) {
      refuse(connection, 'invalid streams');
      return;
    }
    // A stream that is not offered is missing from the echo; that is all the notice there is.
    const streams = STREAMS.filter((stream) => asked.includes(stream));
    if (streams.length > 0) listening.add(connection);
    else listening.delete(connection);
    connections.send(connection, { stream: 'listening', data: { streams } });
  }

  return {
    accept(socket, messagePack) {
      const connection = connections.add('orders', socket, messagePack ? encodeMessagePack : jsonBytes);
      socket.on('close', () => listening.delete(connection));
      socket.on('message', (raw) => {
        const frame = parseFrame(raw, messagePack);
        if (frame?.['action'] === 'authenticate' || frame?.['action'] === 'auth')
          authenticate(connection, frame['data']);
        else if (frame?.['action'] === 'listen') listen(connection, frame['data']);
        else refuse(connection, frame === null ? 'invalid message' : 'unknown action');
      });
    },
    broadcast(key, body) {
      for (const connection of listening) if (connection.key === key) connections.send(connection, body);
    },
  };
}
