/** Starts the broker simulator: one HTTP server on loopback with REST, both websockets and a page. */
import { type Server, createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { BrokerOptions, BrokerSimulator } from './embedding.ts';
import { type House, rearm } from './house.ts';
import { openHouse, steeringOf } from './open-house.ts';
import { serve } from './request-handling.ts';

const FEED = /^\/v2\/(iex|sip|delayed_sip|boats|overnight|test)$/;

const turnAway = (socket: Duplex, status: string): void => {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
};

/** `/stream` is the order stream, `/v2/{feed}` the data stream. */
function acceptStreams(house: House, server: Server): WebSocketServer {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on('upgrade', (message, socket, head) => {
    const path = new URL(message.url ?? '/', 'http://simulator').pathname;
    const feed = FEED.exec(path)?.[1];
    if (path !== '/stream' && feed === undefined) {
      turnAway(socket, '404 Not Found');
      return;
    }
    if (feed === undefined && house.orders.isDown()) {
      turnAway(socket, '503 Service Unavailable');
      return;
    }
    const messagePack = message.headers['content-type'] === 'application/msgpack';
    sockets.handleUpgrade(message, socket, head, (client) => {
      if (feed === undefined) house.orders.accept(client, messagePack);
      else house.data.accept(client, message, feed);
    });
  });
  return sockets;
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the broker listens on no TCP port');
  return address.port;
}

async function shut(house: House, server: Server, sockets: WebSocketServer): Promise<void> {
  house.closed = true;
  if (house.timer !== null) clearTimeout(house.timer);
  house.connections.cut();
  sockets.close();
  const ended = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeAllConnections();
  await ended;
  for (const store of house.stores.values()) store.close();
}

/**
 * Starts a broker on 127.0.0.1.
 * @throws Error when the port is in use, two accounts share a key, or a kept state cannot be read.
 */
export async function startBroker(options: BrokerOptions): Promise<BrokerSimulator> {
  const house = openHouse(options);
  const server = createServer((message, response) => {
    serve(house, message, response).catch((error: unknown) => {
      response.destroy();
      // A client that hangs up while it is read is its own affair; all else is a bug of the simulator.
      if (message.destroyed && message.errored !== null) return;
      process.stderr.write(
        `broker simulator: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
    });
  });
  const sockets = acceptStreams(house, server);
  const port = await listen(server, options.port);
  rearm(house);
  return {
    url: `http://127.0.0.1:${port}`,
    orderStreamUrl: `ws://127.0.0.1:${port}/stream`,
    dataStreamUrl: `ws://127.0.0.1:${port}/v2/iex`,
    ...steeringOf(house),
    close: () => shut(house, server, sockets),
  };
}
