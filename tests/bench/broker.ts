/** The broker simulator: orders a second through the pure matching core, and over HTTP against a bare server. */
import { Agent, createServer, request, type Server } from 'node:http';
import { Bench } from 'tinybench';
import { startBroker } from '#infra/local/alpaca/broker.ts';
import { tinyMarket } from '#infra/local/alpaca/tiny-market.ts';
import { parseMoney, parsePrice, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate, nsOf, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { equityInstrument } from '#shared/core/market/instrument-rules.ts';
import { advanceVenue, openVenue, submitOrder } from '#shared/core/venue/venue.ts';
import type { VenueMarket } from '#shared/core/venue/venue-market.ts';
import { takeNews } from '#shared/core/venue/venue-state.ts';
import { RULES } from '#tests/venue/desk-market.ts';

const NOW = parseEpochMs('2026-01-06T10:00:00-05:00');
const SYMBOLS = ['AAPL', 'MSFT', 'KO', 'F'].map(ticker);
/** Orders of one account in one round: what a year of a small strategy comes to. */
const CORE_ORDERS = 2_000;
const HTTP_ORDERS = 200;
const CONNECTIONS = 8;

const TASKS = {
  core: 'orders through the matching core',
  http: 'orders over HTTP',
  bare: 'requests to a bare server',
} as const;

/** A market that stands still, so that nothing but the venue itself is measured. */
function stillMarket(): VenueMarket {
  const size = wholeQuantity(100);
  const at = nsOf(NOW);
  const [bid, ask, last] = [parsePrice('99.99'), parsePrice('100.01'), parsePrice('100')];
  const assets = new Map(
    SYMBOLS.map((symbol) => [
      symbol,
      { ...equityInstrument(symbol, symbol), exchange: 'NYSE', active: true, easyToBorrow: true },
    ]),
  );
  const quotes = new Map(
    SYMBOLS.map((symbol) => [symbol, { ticker: symbol, bid, bidSize: size, ask, askSize: size, at }]),
  );
  const trades = new Map(SYMBOLS.map((symbol) => [symbol, { ticker: symbol, price: last, size, at }]));
  const session = {
    date: calendarDate('2026-01-06'),
    openAt: parseEpochMs('2026-01-06T09:30:00-05:00'),
    closeAt: parseEpochMs('2026-01-06T16:00:00-05:00'),
    halfDay: false,
  };
  return {
    sessions: [session],
    splits: [],
    asset: (symbol) => assets.get(symbol) ?? null,
    quoteAt: (symbol) => quotes.get(symbol) ?? null,
    tradeAt: (symbol) => trades.get(symbol) ?? null,
    barAt: () => ({ open: last, high: ask, low: bid, volume: wholeQuantity(1_000_000) }),
    firstInstant: () => null,
  };
}

/** Buys and sells in turn, a third of them with a limit: each is checked, routed and filled, one in ten in parts. */
function coreRound(market: VenueMarket = stillMarket()): number {
  const venue = openVenue({ ...RULES, partialFillOneIn: 10 }, market, parseMoney('10000000'), NOW);
  const [quantity, buyLimit, sellLimit] = [wholeQuantity(10), parsePrice('100.01'), parsePrice('99.99')];
  for (let n = 0; n < CORE_ORDERS; n += 1) {
    const symbol = SYMBOLS[n % SYMBOLS.length];
    const side = Math.floor(n / SYMBOLS.length) % 2 === 0 ? 'buy' : 'sell';
    const limited = n % 3 === 0;
    if (symbol === undefined) throw new Error('no symbol');
    const order = submitOrder(
      venue,
      {
        clientOrderId: `order-${n}`,
        ticker: symbol,
        side,
        type: limited ? 'limit' : 'market',
        timeInForce: 'day',
        quantity,
        notional: null,
        limitPrice: limited ? (side === 'buy' ? buyLimit : sellLimit) : null,
        stopPrice: null,
        positionIntent: null,
      },
      NOW,
    );
    if (!order.ok) throw new Error(`order ${n} was refused: ${order.error.code}`);
    advanceVenue(venue, NOW);
    takeNews(venue.state);
  }
  return venue.state.executions.length;
}

type Send = (body: string | null) => Promise<void>;

/** A client that keeps its connections; without a body it asks for `/`. */
function sender(url: string, agent: Agent, headers: Readonly<Record<string, string>>): Send {
  return (body) =>
    new Promise((resolve, reject) => {
      const path = body === null ? '/' : '/v2/orders';
      const sent = request(url + path, { method: 'POST', agent, headers }, (response) => {
        response.resume();
        response.on('end', () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`answered ${response.statusCode ?? 'nothing'}`));
        });
      });
      sent.on('error', reject);
      sent.end(body ?? '{}');
    });
}

/** So many requests over so many connections at once. */
async function sendAll(send: Send, bodies: readonly (string | null)[]): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < bodies.length; index = next++) await send(bodies[index] ?? null);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}

async function bareServer(): Promise<{ readonly server: Server; readonly url: string }> {
  const answer = JSON.stringify({ id: 'x'.repeat(800) });
  const server = createServer((message, response) => {
    message.resume();
    message.on('end', () => response.end(answer));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the bare server has no port');
  return { server, url: `http://127.0.0.1:${address.port}` };
}

export interface BrokerFigures {
  readonly coreOrdersPerSecond: number;
  readonly httpOrdersPerSecond: number;
  readonly bareRequestsPerSecond: number;
  /** Time of an order over HTTP to the time of a request that does nothing. */
  readonly httpRatio: number;
}

export interface BrokerBench {
  readonly bench: Bench;
  /** After `bench.run()`. */
  figures(): BrokerFigures;
  close(): Promise<void>;
}

/** Three tasks; each of them runs for the time given, in milliseconds. */
export async function openBrokerBench(timeMs: number): Promise<BrokerBench> {
  const broker = await startBroker({
    port: 0,
    seed: 1,
    clock: { now: () => NOW },
    drive: 'self',
    market: tinyMarket({ seed: 1 }),
    accounts: [{ key: 'PKBENCH', secret: 'bench', cash: '1000000000' }],
    requestsPerMinute: 1_000_000_000,
    behaviour: { surprises: false },
  });
  const bare = await bareServer();
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const send = sender(broker.url, agent, { 'APCA-API-KEY-ID': broker.key, 'APCA-API-SECRET-KEY': broker.secret });
  const sendBare = sender(bare.url, agent, {});
  const order = JSON.stringify({ symbol: 'KO', qty: '1', side: 'buy', type: 'market', time_in_force: 'day' });
  const market = stillMarket();
  const bench = new Bench({ time: timeMs, warmupTime: timeMs / 4 });
  bench.add(TASKS.core, () => {
    coreRound(market);
  });
  bench.add(TASKS.http, async () =>
    sendAll(
      send,
      Array.from({ length: HTTP_ORDERS }, () => order),
    ),
  );
  bench.add(TASKS.bare, async () =>
    sendAll(
      sendBare,
      Array.from({ length: HTTP_ORDERS }, () => null),
    ),
  );
  const perSecond = (task: string, perRound: number): number => {
    const result = bench.getTask(task)?.result;
    if (result === undefined || !('latency' in result)) throw new Error(`${task} has not been measured`);
    return (1_000 * perRound) / result.latency.p50;
  };
  return {
    bench,
    figures: () => {
      const httpOrdersPerSecond = perSecond(TASKS.http, HTTP_ORDERS);
      const bareRequestsPerSecond = perSecond(TASKS.bare, HTTP_ORDERS);
      return {
        coreOrdersPerSecond: perSecond(TASKS.core, CORE_ORDERS),
        httpOrdersPerSecond,
        bareRequestsPerSecond,
        httpRatio: bareRequestsPerSecond / httpOrdersPerSecond,
      };
    },
    async close() {
      agent.destroy();
      await broker.close();
      await new Promise<void>((resolve) => {
        bare.server.close(() => resolve());
        bare.server.closeAllConnections();
      });
    },
  };
}
