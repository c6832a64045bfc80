/** The websocket connections of both streams: counted, and written to in one place. */
import type { WebSocket } from 'ws';
import type { BrokerStreamCount } from './embedding.ts';

export interface StreamConnection {
  readonly number: number;
  readonly kind: 'orders' | 'data';
  readonly socket: WebSocket;
  /** How a body is written: text, bytes of JSON, or MessagePack. */
  readonly encode: (body: unknown) => string | Uint8Array;
  key: string | null;
  framesSent: number;
  open: boolean;
}

export interface StreamConnections {
  /** Every connection there ever was, oldest first. */
  readonly all: readonly StreamConnection[];
  add(kind: StreamConnection['kind'], socket: WebSocket, encode: StreamConnection['encode']): StreamConnection;
  send(connection: StreamConnection, body: unknown): void;
  counts(): readonly BrokerStreamCount[];
  /** Cuts them off without a farewell. */
  cut(kind?: StreamConnection['kind']): void;
}

export function streamConnections(): StreamConnections {
  const all: StreamConnection[] = [];
  return {
    all,
    add(kind, socket, encode) {
      const connection: StreamConnection = {
        number: all.length + 1,
        kind,
        socket,
        encode,
        key: null,
        framesSent: 0,
        open: true,
      };
      all.push(connection);
      socket.on('close', () => {
        connection.open = false;
      });
      // A peer that resets ends in `close` as well; without a listener the error would end the process.
      socket.on('error', () => socket.terminate());
      return connection;
    },
    send(connection, body) {
      if (!connection.open || connection.socket.readyState !== connection.socket.OPEN) return;
      connection.framesSent += 1;
      connection.socket.send(connection.encode(body));
    },
    counts: () =>
      all.map(({ number, kind, key, open, framesSent }) => ({ connection: number, kind, key, open, framesSent })),
    cut(kind) {
      for (const connection of all) {
        if (!connection.open || (kind !== undefined && connection.kind !== kind)) continue;
        connection.open = false;
        connection.socket.terminate();
      }
    },
  };
}
