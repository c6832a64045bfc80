/** The websocket connections of both streams: counted, and written to in one place. */
import type { RawData } from 'ws';
import type { BrokerStreamCount } from './embedding.ts';

/** What the simulator needs of a connection; a websocket is one, and so is what a host in the same process makes. */
export interface FrameSocket {
  readonly readyState: number;
  readonly OPEN: number;
  send(frame: string | Uint8Array): void;
  close(): void;
  terminate(): void;
  on(event: 'close' | 'error', listener: () => void): unknown;
  on(event: 'message', listener: (frame: RawData) => void): unknown;
}

export interface StreamConnection {
  readonly number: number;
  readonly kind: 'orders' | 'data';
  readonly socket: FrameSocket;
  /** How a body is written: text, bytes of JSON, or MessagePack. */
  readonly encode: (body: unknown) => string | Uint8Array;
  key: string | null;
  framesSent: number;
  open: boolean;
}

export interface StreamConnections {
  add(kind: StreamConnection['kind'], socket: FrameSocket, encode: StreamConnection['encode']): StreamConnection;
  send(connection: StreamConnection, body: unknown): void;
  /** Every connection there ever was, oldest first. */
  counts(): readonly BrokerStreamCount[];
  /** Cuts them off without a farewell. */
  cut(kind?: StreamConnection['kind']): void;
}

const countOf = ({ number, kind, key, open, framesSent }: StreamConnection): BrokerStreamCount => ({
  connection: number,
  kind,
  key,
  open,
  framesSent,
});

export function streamConnections(): StreamConnections {
  const open = new Set<StreamConnection>();
  /** By number less one; those of open connections are made anew when they are asked for. */
  const counts: BrokerStreamCount[] = [];

  function end(connection: StreamConnection): void {
    connection.open = false;
    if (open.delete(connection)) counts[connection.number - 1] = countOf(connection);
  }

  return {
    add(kind, socket, encode) {
      const connection: StreamConnection = {
        number: counts.length + 1,
        kind,
        socket,
        encode,
        key: null,
        framesSent: 0,
        open: true,
      };
      open.add(connection);
      counts.push(countOf(connection));
      socket.on('close', () => end(connection));
      // A peer that resets ends in `close` as well; without a listener the error would end the process.
      socket.on('error', () => socket.terminate());
      return connection;
    },
    send(connection, body) {
      if (!connection.open || connection.socket.readyState !== connection.socket.OPEN) return;
      connection.framesSent += 1;
      connection.socket.send(connection.encode(body));
    },
    counts() {
      for (const connection of open) counts[connection.number - 1] = countOf(connection);
      return counts.slice();
    },
    cut(kind) {
      for (const connection of open) {
        if (kind !== undefined && connection.kind !== kind) continue;
        end(connection);
        connection.socket.terminate();
      }
    },
  };
}
