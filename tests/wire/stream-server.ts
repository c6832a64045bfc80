/** A bare websocket server on loopback that speaks, or breaks off, as a test tells it. */
import { createServer } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';

/** One connection as the server sees it. */
export interface Peer {
  readonly socket: WebSocket;
  /** The next message of the client, parsed. */
  next(): Promise<unknown>;
  say(message: unknown): void;
}

export interface StreamServer {
  readonly url: string;
  /** Number of connections that were made. */
  connections(): number;
  close(): Promise<void>;
}

function peerOf(socket: WebSocket): Peer {
  const messages: unknown[] = [];
  const waiting: ((message: unknown) => void)[] = [];
  socket.on('message', (data: Buffer) => {
    const message: unknown = JSON.parse(data.toString('utf8'));
    const taker = waiting.shift();
    if (taker === undefined) messages.push(message);
    else taker(message);
  });
  return {
    socket,
    next: () =>
      messages.length > 0
        ? Promise.resolve(messages.shift())
        : new Promise((resolve) => {
            waiting.push(resolve);
          }),
    say: (message) => socket.send(JSON.stringify(message)),
  };
}

/** @param upgrade an HTTP status to refuse connections with. */
export async function streamServer(behave: (peer: Peer) => Promise<void>, upgrade?: number): Promise<StreamServer> {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  let connections = 0;
  server.on('upgrade', (request, socket, head) => {
    connections += 1;
    if (upgrade === undefined) {
      sockets.handleUpgrade(request, socket, head, (client) => {
        const peer = peerOf(client);
        behave(peer).catch(() => client.terminate());
      });
    } else socket.end(`HTTP/1.1 ${upgrade} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
