/** Starts the broker simulator: one HTTP server on loopback with REST and both websockets. */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import { advanceVenue, nextDueAt, undoExecution } from '#shared/core/venue/venue.ts';
import { takeNews } from '#shared/core/venue/venue-state.ts';
import { type Answer, refuse } from './answer.ts';
import { type Desk, type Exchange, openExchange } from './desk.ts';
import type { BrokerFaults, BrokerLedger, BrokerOptions, BrokerSimulator } from './embedding.ts';
import {
  authenticate,
  budgetHeaders,
  chargeRequest,
  nextRequestId,
  parseBody,
  readBody,
  requestOf,
  writeAnswer,
} from './http-edge.ts';
import { ledgerOf } from './ledger.ts';
import { type OrderStream, orderStream } from './order-stream.ts';
import { dispatch, routeOf } from './router.ts';
import { type StreamConnections, streamConnections } from './stream-connections.ts';
import { tradeUpdate } from './wire-order.ts';

const NO_FAULTS: BrokerFaults = {
  set: (name) => {
    throw new Error(`there is no fault ${name}`);
  },
  clear: () => undefined,
  clearAll: () => undefined,
  active: () => [],
};

/** Everything one simulator is made of. */
interface House {
  readonly options: BrokerOptions;
  readonly exchange: Exchange;
  readonly connections: StreamConnections;
  readonly orders: OrderStream;
  timer: NodeJS.Timeout | null;
  closed: boolean;
}

/** Hands the news of all accounts to the streams, in order. */
function flushNews(house: House): void {
  for (const desk of house.exchange.desks.values()) {
    for (const news of takeNews(desk.venue.state)) {
      if (news.event !== null) {
        house.orders.broadcast(desk.credentials.key, tradeUpdate(news, news.event, desk.venue.rules.seed));
      }
    }
  }
}

function dueAt(house: House): EpochMs | null {
  let earliest: EpochMs | null = null;
  for (const desk of house.exchange.desks.values()) {
    const at = nextDueAt(desk.venue);
    if (at !== null && (earliest === null || at < earliest)) earliest = at;
  }
  return earliest;
}

function advance(house: House, now: EpochMs): void {
  for (const desk of house.exchange.desks.values()) advanceVenue(desk.venue, now);
  flushNews(house);
}

/** A simulator that drives itself wakes when something is due. */
function rearm(house: House): void {
  if (house.options.drive !== 'self' || house.closed) return;
  if (house.timer !== null) clearTimeout(house.timer);
  const at = dueAt(house);
  if (at === null) return;
  const waitMs = (at - house.exchange.now()) / (house.options.clock.speed ?? 1);
  // A timer holds at most 2^31 - 1 milliseconds; it then finds nothing due and waits on.
  house.timer = setTimeout(
    () => {
      advance(house, house.exchange.now());
      rearm(house);
    },
    Math.min(Math.max(0, Math.ceil(waitMs)), 2_147_483_647),
  );
}

function runRequest(house: House, message: IncomingMessage, desk: Desk, text: string | null): Answer {
  const parsed = text === null ? null : parseBody(text);
  if (parsed === null) return refuse('body-malformed');
  const request = requestOf(message, parsed.value);
  return dispatch(house.exchange, desk, request, routeOf(request.method, request.path));
}

async function serve(house: House, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const text = await readBody(message);
  const { exchange } = house;
  const now = exchange.now();
  // What was due before this instant has happened before this request.
  if (now > 0) for (const desk of exchange.desks.values()) advanceVenue(desk.venue, epochMs(now - 1));
  const requestId = nextRequestId(exchange);
  const desk = authenticate(exchange, message);
  if (!('venue' in desk)) {
    writeAnswer(response, desk, requestId, now, {});
    return;
  }
  const path = requestOf(message, undefined).path;
  const budget = chargeRequest(exchange, desk, path);
  const answer = budget.allowed ? runRequest(house, message, desk, text) : refuse('rate-limited');
  writeAnswer(response, answer, requestId, now, budgetHeaders(desk, path, budget));
  flushNews(house);
  if (house.options.drive === 'self') advance(house, exchange.now());
  rearm(house);
}

/** Upgrades `/stream` to the order stream; nothing else is a websocket yet. */
function acceptStreams(house: House, server: Server): WebSocketServer {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on('upgrade', (message, socket, head) => {
    const path = new URL(message.url ?? '/', 'http://simulator').pathname;
    if (path !== '/stream') {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      return;
    }
    const messagePack = message.headers['content-type'] === 'application/msgpack';
    sockets.handleUpgrade(message, socket, head, (client) => house.orders.accept(client, messagePack));
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
  const address: AddressInfo | string | null = server.address();
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
}

function deskOf(exchange: Exchange, key: string): Desk {
  const desk = exchange.desks.get(key);
  if (desk === undefined) throw new Error(`no account has the key ${key}`);
  return desk;
}

/** The account whose execution has the id. */
function deskOfExecution(exchange: Exchange, executionId: string): Desk {
  for (const desk of exchange.desks.values()) {
    if (desk.venue.state.executionIndexById.has(executionId)) return desk;
  }
  throw new Error(`no execution has the id ${executionId}`);
}

/**
 * Starts a broker on 127.0.0.1.
 * @throws Error when the port is in use, or two accounts share a key.
 */
export async function startBroker(options: BrokerOptions): Promise<BrokerSimulator> {
  const exchange = openExchange(options);
  const connections = streamConnections();
  const house: House = {
    options,
    exchange,
    connections,
    orders: orderStream(exchange, connections),
    timer: null,
    closed: false,
  };
  const server = createServer((message, response) => {
    serve(house, message, response).catch((error: unknown) => {
      // A bug of the simulator must not pass for an answer of the broker's.
      process.stderr.write(
        `broker simulator: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
      response.destroy();
    });
  });
  const sockets = acceptStreams(house, server);
  const port = await listen(server, options.port);
  rearm(house);
  const first = deskOf(exchange, options.accounts[0]?.key ?? '');
  const undo = (executionId: string, change: { readonly price?: string; readonly quantity?: string } | null): void => {
    const desk = deskOfExecution(exchange, executionId);
    const execution = desk.venue.state.executions[desk.venue.state.executionIndexById.get(executionId) ?? -1];
    if (execution === undefined) throw new Error(`no execution has the id ${executionId}`);
    const replacement =
      change === null
        ? null
        : {
            price: change.price === undefined ? execution.price : parsePrice(change.price),
            quantity: change.quantity === undefined ? execution.quantity : parseQuantity(change.quantity),
          };
    const undone = undoExecution(desk.venue, executionId, replacement, exchange.now());
    if (!undone.ok) throw new Error(`execution ${executionId} cannot be undone`);
    flushNews(house);
  };
  return {
    url: `http://127.0.0.1:${port}`,
    orderStreamUrl: `ws://127.0.0.1:${port}/stream`,
    dataStreamUrl: `ws://127.0.0.1:${port}/v2/iex`,
    key: first.credentials.key,
    secret: first.credentials.secret,
    faults: NO_FAULTS,
    ledger: (key = first.credentials.key): BrokerLedger => ledgerOf(deskOf(exchange, key).venue, exchange.now()),
    nextDueAt: () => dueAt(house),
    advanceTo: (now) => {
      advance(house, now);
      rearm(house);
    },
    streams: () => connections.counts(),
    bust: (executionId) => undo(executionId, null),
    correct: (executionId, change) => undo(executionId, change),
    close: () => shut(house, server, sockets),
  };
}
