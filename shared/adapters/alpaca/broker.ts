/** Alpaca behind the broker's port: orders, positions, the account, the clock and the catalogue of assets. */
import type * as z from 'zod';
import { Fault, invariant } from '#shared/core/kernel/fault.ts';
import type { BrokerOrderId, ClientOrderId, Ticker } from '#shared/core/kernel/identity.ts';
import { formatEpochMs } from '#shared/core/kernel/instant.ts';
import type { Instrument } from '#shared/core/market/types.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import type { ActivityListRequest, Broker, BrokerCapabilities, OrderListRequest } from '#shared/ports/broker.ts';
import type { RequestGate } from '#shared/ports/request-gate.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { cancelOrder } from './cancel-order.ts';
import type { AlpacaEndpoints } from './endpoints.ts';
import { type AlpacaHttp, alpacaHttp, type ReadRefusal, type ReadRequest } from './http-client.ts';
import { submitOrder } from './submit-order.ts';
import {
  assetList,
  brokerAccount,
  brokerActivities,
  brokerCalendar,
  brokerClock,
  brokerPosition,
  brokerPositions,
  instrument,
} from './wire-account.ts';
import { brokerOrder, brokerOrders } from './wire-order.ts';

export interface AlpacaBrokerOptions {
  readonly endpoints: AlpacaEndpoints;
  readonly telemetry: Telemetry;
  /** The budget and circuit of the trading service; market data has its own. */
  readonly gate?: RequestGate;
  /** Of each call, repeats of a read included. Default 10 s. */
  readonly deadlineMs?: number;
  /** Of one try of a read. Default 4 s. */
  readonly tryMs?: number;
}

const CAPABILITIES: BrokerCapabilities = {
  duplicateGuard: true,
  lookupByClientId: true,
  fractional: true,
  sessions: true,
};

const ORDERS_MAX = 500;
const ACTIVITIES_MAX = 100;
/** Up to so many assets are read one by one; beyond, the whole list is one request of some megabytes. */
const SINGLE_ASSETS_MAX = 8;

/** "There is none" counts only in the service's own words: a wrong address answers 404 as well. */
const says =
  (status: number, pattern: RegExp) =>
  (refusal: ReadRefusal): boolean =>
    refusal.status === status && pattern.test(refusal.error.message ?? '');

const noSuchOrder = says(404, /^order not found/i);
/** A path id that is no UUID is none of the broker's orders. */
const noOrderId = says(422, /^order_id is missing/i);
const noPosition = says(404, /^(?:position does not exist|symbol not found)/i);
const noAsset = says(404, /^(?:asset not found|asset ".*" not found|symbol not found|could not find asset)/i);

const pageSize = (limit: number, max: number): string => {
  invariant(Number.isInteger(limit) && limit >= 1 && limit <= max, `a page holds 1 to ${max} items, not ${limit}`);
  return String(limit);
};

const mismatch = (asked: string, found: BrokerOrder): Fault =>
  new Fault(
    'permanent',
    'broker-answer-mismatch',
    `asked for the order ${asked}, the broker tells of ${found.brokerOrderId}`,
  );

async function findByClientId(http: AlpacaHttp, id: ClientOrderId): Promise<BrokerOrder | null> {
  const found = await http.find(
    { kind: 'lookup', path: '/v2/orders:by_client_order_id', query: { client_order_id: id } },
    brokerOrder,
    noSuchOrder,
  );
  if (found !== null && found.clientOrderId !== id) throw mismatch(id, found);
  return found;
}

async function findById(http: AlpacaHttp, id: BrokerOrderId): Promise<BrokerOrder | null> {
  const found = await http.find(
    { kind: 'lookup', path: `/v2/orders/${encodeURIComponent(id)}`, query: { nested: 'false' } },
    brokerOrder,
    (refusal) => noSuchOrder(refusal) || noOrderId(refusal),
  );
  if (found !== null && found.brokerOrderId !== id) throw mismatch(id, found);
  return found;
}

const orderQuery = (request: OrderListRequest): Readonly<Record<string, string>> => ({
  status: request.status,
  limit: pageSize(request.limit, ORDERS_MAX),
  direction: 'asc',
  nested: 'false',
  // The broker takes one or the other.
  ...(request.afterOrder !== undefined
    ? { after_order_id: request.afterOrder }
    : request.submittedAfter !== undefined
      ? { after: formatEpochMs(request.submittedAfter) }
      : {}),
});

const activityQuery = (request: ActivityListRequest): Readonly<Record<string, string>> => ({
  direction: 'asc',
  page_size: pageSize(request.limit, ACTIVITIES_MAX),
  ...(request.after === undefined ? {} : { after: formatEpochMs(request.after) }),
  ...(request.until === undefined ? {} : { until: formatEpochMs(request.until) }),
  ...(request.date === undefined ? {} : { date: request.date }),
  ...(request.pageToken === undefined ? {} : { page_token: request.pageToken }),
});

/** One asset, as one position, is a look-up: an exit has to know it where other reads are held back. */
async function instruments(http: AlpacaHttp, symbols: readonly Ticker[]): Promise<ReadonlyMap<Ticker, Instrument>> {
  const stocks = new Set(symbols.filter((symbol) => !symbol.includes('/')));
  const listed = stocks.size > SINGLE_ASSETS_MAX;
  const singles = new Set(listed ? symbols.filter((symbol) => symbol.includes('/')) : symbols);
  const query = { status: 'active', asset_class: 'us_equity' };
  const found = await Promise.all([
    ...(listed ? [http.read({ kind: 'read', path: '/v2/assets', query }, assetList(stocks))] : []),
    ...[...singles].map(async (symbol) => [
      await http.find({ kind: 'lookup', path: `/v2/assets/${encodeURIComponent(symbol)}` }, instrument, noAsset),
    ]),
  ]);
  return new Map(found.flat().flatMap((item) => (item === null ? [] : [[item.ticker, item] as const])));
}

/** The port over Alpaca's trading service. */
export function alpacaBroker(options: AlpacaBrokerOptions): Broker {
  const { endpoints, ...rest } = options;
  const http = alpacaHttp({ ...rest, credentials: endpoints.credentials, baseUrl: endpoints.tradingUrl });
  const read = <T>(path: string, schema: z.ZodType<T>, query: ReadRequest['query'] = {}): Promise<T> =>
    http.read({ kind: 'read', path, query }, schema);
  return {
    capabilities: CAPABILITIES,
    submit: (order, startWithinMs) => submitOrder(http, order, startWithinMs),
    cancel: (id) => cancelOrder(http, id),
    findByClientId: (id) => findByClientId(http, id),
    findById: (id) => findById(http, id),
    listOrders: async (request) => read('/v2/orders', brokerOrders, orderQuery(request)),
    listActivities: async (request) => read('/v2/account/activities/FILL', brokerActivities, activityQuery(request)),
    positions: () => read('/v2/positions', brokerPositions),
    position: (symbol) =>
      http.find({ kind: 'lookup', path: `/v2/positions/${encodeURIComponent(symbol)}` }, brokerPosition, noPosition),
    account: () => read('/v2/account', brokerAccount),
    clock: () => read('/v2/clock', brokerClock),
    calendar: (from, to) => read('/v2/calendar', brokerCalendar, { start: from, end: to }),
    instruments: (symbols) => instruments(http, symbols),
  };
}
