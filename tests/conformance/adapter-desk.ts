/** The Alpaca adapter at a broker simulator of its own, in time that only the test moves. */
import { startBroker } from '#infra/local/alpaca/broker.ts';
import type { BrokerOptions, BrokerSimulator } from '#infra/local/alpaca/embedding.ts';
import { tinyMarket } from '#infra/local/alpaca/tiny-market.ts';
import { type AlpacaBrokerOptions, alpacaBroker } from '#shared/adapters/alpaca/broker.ts';
import { alpacaEndpoints } from '#shared/adapters/alpaca/endpoints.ts';
import { alpacaMarketData } from '#shared/adapters/alpaca/market-data.ts';
import { alpacaOrderStream } from '#shared/adapters/alpaca/order-stream.ts';
import { parsePrice, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { type BrokerOrderId, decisionId, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, type EpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import { type ClaimedOrder, markClaimed } from '#shared/core/order/claimed.ts';
import type { OrderTerms, OrderUpdate } from '#shared/core/order/order.ts';
import type { Broker, MarketData, OrderStream, OrderStreamConnection, UnreadableNews } from '#shared/ports/broker.ts';
import type { RequestGate, RequestOutcome } from '#shared/ports/request-gate.ts';
import { sampleIntent, sending } from '#tests/order/sample-orders.ts';
import { type RecordedTelemetry, recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';

/** Tuesday, half an hour into the session. */
const TEN_O_CLOCK = parseEpochMs('2026-01-06T10:00:00-05:00');

/** A live connection of the order stream with everything that it told. */
export interface Listening {
  readonly connection: OrderStreamConnection;
  readonly updates: readonly OrderUpdate[];
  readonly unreadable: readonly UnreadableNews[];
  /** Resolves when so many updates have been told, or rejects when the connection ends before. */
  heard(count: number): Promise<void>;
}

export interface AdapterDesk {
  readonly simulator: BrokerSimulator;
  readonly broker: Broker;
  readonly marketData: MarketData;
  readonly stream: OrderStream;
  readonly telemetry: RecordedTelemetry;
  /** What each request came to, as the gate in front was told. */
  readonly outcomes: readonly RequestOutcome[];
  now(): EpochMs;
  /** Moves time on, and does what is due until then. */
  pass(durationMs: number): void;
  /** The same broker through an adapter with other limits. */
  brokerWith(options: Partial<AlpacaBrokerOptions>): Broker;
  /** A claimed order of its own decision: 10 KO at the market unless told otherwise. */
  order(terms?: Partial<OrderTerms>): ClaimedOrder;
  /** Submits an order that the broker must take. */
  place(terms?: Partial<OrderTerms>): Promise<{ readonly sent: ClaimedOrder; readonly taken: BrokerOrder }>;
  listen(): Promise<Listening>;
  close(): Promise<void>;
}

/** A buy far below the market, which rests. */
export const RESTING: Partial<OrderTerms> = { type: 'limit', limitPrice: parsePrice('1') };

const KO_AT_MARKET: Partial<OrderTerms> = {
  ticker: ticker('KO'),
  type: 'market',
  limitPrice: null,
  size: { kind: 'quantity', quantity: wholeQuantity(10) },
};

async function listenAt(stream: OrderStream): Promise<Listening> {
  const updates: OrderUpdate[] = [];
  const unreadable: UnreadableNews[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const connection = await stream.open({
    async onUpdate(update) {
      updates.push(update);
      for (const { count, resolve } of waiting) if (updates.length >= count) resolve();
    },
    async onUnreadable(news) {
      unreadable.push(news);
    },
  });
  return {
    connection,
    updates,
    unreadable,
    heard: (count) =>
      new Promise((resolve, reject) => {
        if (updates.length >= count) resolve();
        waiting.push({ count, resolve });
        connection.ended.then(({ reason }) => {
          reject(new Error(`the stream ended after ${updates.length} updates: ${reason}`));
        }, reject);
      }),
  };
}

export async function openDesk(options: Partial<BrokerOptions> = {}): Promise<AdapterDesk> {
  let now: EpochMs = TEN_O_CLOCK;
  const simulator = await startBroker({
    port: 0,
    seed: 7,
    clock: { now: () => now },
    market: tinyMarket({ seed: 7 }),
    accounts: [{ key: 'PKSIMULATED', secret: 'simulated-secret', cash: '100000' }],
    behaviour: { partialFillOneIn: 0, surprises: false },
    ...options,
  });
  const telemetry = recordedTelemetry();
  const outcomes: RequestOutcome[] = [];
  const gate: RequestGate = {
    before: () => Promise.resolve(),
    after: async (outcome) => {
      outcomes.push(outcome);
    },
  };
  const { key, secret } = simulator;
  const endpoints = alpacaEndpoints({ paper: true, baseUrl: simulator.url, key, secret });
  const brokerWith = (limits: Partial<AlpacaBrokerOptions>): Broker =>
    alpacaBroker({ endpoints, telemetry, gate, ...limits });
  const broker = brokerWith({});
  const stream = alpacaOrderStream({ endpoints, telemetry, now: () => now });
  const connections: OrderStreamConnection[] = [];
  let decisions = 0;
  const order = (terms: Partial<OrderTerms> = {}): ClaimedOrder => {
    decisions += 1;
    const decision = { decisionId: decisionId(`conformance:${decisions}`), generation: 0, slice: 0 };
    return markClaimed(sending(sampleIntent({ ...KO_AT_MARKET, ...terms }, { decision })));
  };
  return {
    simulator,
    broker,
    marketData: alpacaMarketData({ endpoints, telemetry, gate }),
    stream,
    telemetry,
    outcomes,
    now: () => now,
    pass(durationMs) {
      now = addMs(now, durationMs);
      simulator.advanceTo(now);
    },
    brokerWith,
    order,
    async place(terms) {
      const sent = order(terms);
      const outcome = await broker.submit(sent);
      if (outcome.kind !== 'acknowledged') throw new Error(`not taken: ${JSON.stringify(outcome)}`);
      return { sent, taken: outcome.order };
    },
    async listen() {
      const listening = await listenAt(stream);
      connections.push(listening.connection);
      return listening;
    },
    async close() {
      await Promise.all(connections.map((connection) => connection.close()));
      await simulator.close();
    },
  };
}

/** The order as the broker has it now. @throws Error when it does not know the id. */
export async function lookUp(desk: AdapterDesk, id: BrokerOrderId): Promise<BrokerOrder> {
  const found = await desk.broker.findById(id);
  if (found === null) throw new Error(`the broker does not know ${id}`);
  return found;
}
