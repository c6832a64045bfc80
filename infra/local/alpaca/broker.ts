/** Starts the broker simulator: one HTTP server on loopback with REST, both websockets and a page. */
import { type Server, createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { dataStream } from './data-stream.ts';
import { type Desk, type Exchange, openExchange } from './desk.ts';
import type { BrokerOptions, BrokerSimulator } from './embedding.ts';
import { type House, advanceHouse, dueAt, rearm } from './house.ts';
import { ledgerOf } from './ledger.ts';
import { orderStream } from './order-stream.ts';
import { serve } from './request-handling.ts';
import { streamConnections } from './stream-connections.ts';
import { undoByHand } from './undo-by-hand.ts';

/** Ticks of the data stream: each second where the simulator drives itself, each minute where a host steps it. */
const TICK_MS = { self: 1_000, host: 60_000 } as const;

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

function deskOf(exchange: Exchange, key: string): Desk {
  const desk = exchange.desks.get(key);
  if (desk === undefined) throw new Error(`no account has the key ${key}`);
  return desk;
}

function openHouse(options: BrokerOptions): House {
  const { exchange, stores } = openExchange(options);
  const connections = streamConnections();
  return {
    options,
    exchange,
    stores,
    connections,
    orders: orderStream(exchange, connections),
    data: dataStream(exchange, connections, options.dataTickMs ?? TICK_MS[options.drive ?? 'host']),
    timer: null,
    closed: false,
  };
}

/**
 * Starts a broker on 127.0.0.1.
 * @throws Error when the port is in use, two accounts share a key, or a kept state cannot be read.
 */
export async function startBroker(options: BrokerOptions): Promise<BrokerSimulator> {
  const house = openHouse(options);
  const { exchange, connections } = house;
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
  const first = deskOf(exchange, options.accounts[0]?.key ?? '');
  return {
    url: `http://127.0.0.1:${port}`,
    orderStreamUrl: `ws://127.0.0.1:${port}/stream`,
    dataStreamUrl: `ws://127.0.0.1:${port}/v2/iex`,
    key: first.credentials.key,
    secret: first.credentials.secret,
    faults: exchange.faults,
    ledger: (key = first.credentials.key) => ledgerOf(deskOf(exchange, key).venue, exchange.now()),
    nextDueAt: () => dueAt(house),
    advanceTo: (now) => {
      advanceHouse(house, now);
      rearm(house);
    },
    streams: () => connections.counts(),
    bust: (executionId) => undoByHand(house, executionId, null),
    correct: (executionId, change) => undoByHand(house, executionId, change),
    close: () => shut(house, server, sockets),
  };
}
