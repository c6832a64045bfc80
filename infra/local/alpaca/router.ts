/** Which request goes where. */
import { type Answer, type ApiRequest, ParameterError, refuse } from './answer.ts';
import {
  deletePosition,
  deletePositions,
  getAccount,
  getConfigurations,
  getPosition,
  listActivities,
  listPositions,
  patchConfigurations,
} from './account-routes.ts';
import {
  getBars,
  getBarsOfSymbol,
  getLatest,
  getLatestOfSymbol,
  getSnapshotOfSymbol,
  getSnapshots,
} from './data-routes.ts';
import type { Desk, Exchange } from './desk.ts';
import { getAsset, getCalendar, getClock, listAssets } from './market-routes.ts';
import {
  deleteOrder,
  deleteOrders,
  getOrder,
  getOrderByClientId,
  listOrders,
  patchOrder,
  postOrder,
} from './order-routes.ts';

import { getPortfolioHistory } from './portfolio-history.ts';

/** Trading and data requests have budgets of their own and write their errors differently. */
export type RouteFamily = 'trading' | 'data';

export interface Route {
  readonly method: string;
  readonly pattern: RegExp;
  readonly family: RouteFamily;
  /** How faults name it. */
  readonly name: string;
  /** What the pattern's groups caught comes after the request. */
  readonly run: (exchange: Exchange, desk: Desk, request: ApiRequest, first: string, second: string) => Answer;
}

const trading = (method: string, pattern: RegExp, name: string, run: Route['run']): Route => ({
  method,
  pattern,
  family: 'trading',
  name,
  run,
});
const data = (pattern: RegExp, name: string, run: Route['run']): Route => ({
  method: 'GET',
  pattern,
  family: 'data',
  name,
  run,
});

const ROUTES: readonly Route[] = [
  trading('POST', /^\/v2\/orders$/, 'submit-order', postOrder),
  trading('GET', /^\/v2\/orders$/, 'list-orders', listOrders),
  trading('DELETE', /^\/v2\/orders$/, 'cancel-orders', deleteOrders),
  trading('GET', /^\/v2\/orders:by_client_order_id$/, 'find-order', getOrderByClientId),
  trading('GET', /^\/v2\/orders\/([^/]+)$/, 'get-order', getOrder),
  trading('DELETE', /^\/v2\/orders\/([^/]+)$/, 'cancel-order', deleteOrder),
  trading('PATCH', /^\/v2\/orders\/([^/]+)$/, 'replace-order', patchOrder),
  trading('GET', /^\/v2\/positions$/, 'list-positions', listPositions),
  trading('DELETE', /^\/v2\/positions$/, 'close-positions', deletePositions),
  trading('GET', /^\/v2\/positions\/([^/]+)$/, 'get-position', getPosition),
  trading('DELETE', /^\/v2\/positions\/([^/]+)$/, 'close-position', deletePosition),
  trading('GET', /^\/v2\/account$/, 'get-account', getAccount),
  trading('GET', /^\/v2\/account\/configurations$/, 'get-configurations', getConfigurations),
  trading('PATCH', /^\/v2\/account\/configurations$/, 'set-configurations', patchConfigurations),
  trading('GET', /^\/v2\/account\/activities$/, 'list-activities', (exchange, desk, request) =>
    listActivities(exchange, desk, request),
  ),
  trading('GET', /^\/v2\/account\/activities\/([A-Z]+)$/, 'list-activities', listActivities),
  trading('GET', /^\/v2\/account\/portfolio\/history$/, 'get-portfolio-history', getPortfolioHistory),
  trading('GET', /^\/v2\/clock$/, 'get-clock', getClock),
  trading('GET', /^\/v2\/calendar$/, 'get-calendar', getCalendar),
  trading('GET', /^\/v2\/assets$/, 'list-assets', listAssets),
  trading('GET', /^\/v2\/assets\/([^/]+)$/, 'get-asset', getAsset),
  data(/^\/v2\/stocks\/bars$/, 'get-bars', getBars),
  data(/^\/v2\/stocks\/(quotes|trades|bars)\/latest$/, 'get-latest', getLatest),
  data(/^\/v2\/stocks\/snapshots$/, 'get-snapshots', getSnapshots),
  data(/^\/v2\/stocks\/([^/]+)\/bars$/, 'get-bars', getBarsOfSymbol),
  data(/^\/v2\/stocks\/([^/]+)\/(quotes|trades|bars)\/latest$/, 'get-latest', getLatestOfSymbol),
  data(/^\/v2\/stocks\/([^/]+)\/snapshot$/, 'get-snapshots', getSnapshotOfSymbol),
];

/** What the real broker serves and this one does not yet, so that nobody takes it for a slip of the pen. */
const LATER: readonly (readonly [RegExp, string])[] = [
  [/^\/v2\/events\/|^\/v2beta1\/events\//, 'server-sent events'],
  [/^\/v1beta3\/crypto\//, 'crypto data'],
  [/^\/v1beta1\//, 'news and options data'],
  [/^\/v3\//, 'clocks and calendars of other markets'],
  [
    /^\/v2\/(watchlists|options|corporate_actions|wallets|locates)/,
    'watchlists, options, corporate actions and wallets',
  ],
];

export const isDataPath = (path: string): boolean => path.startsWith('/v2/stocks/') || path.startsWith('/v1beta');

export const routeOf = (method: string, path: string): Route | null =>
  ROUTES.find((route) => route.method === method && route.pattern.test(path)) ?? null;

/** Runs a request to its answer; a parameter that cannot be read is answered in the family's own way. */
export function dispatch(exchange: Exchange, desk: Desk, request: ApiRequest, route: Route | null): Answer {
  if (route === null) {
    const later = LATER.find(([pattern]) => pattern.test(request.path));
    return later === undefined ? refuse('endpoint-unknown') : refuse('endpoint-not-simulated', { what: later[1] });
  }
  const match = route.pattern.exec(request.path);
  try {
    return route.run(exchange, desk, request, decode(match?.[1]), decode(match?.[2]));
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error;
    const facts = { parameter: error.parameter, reason: error.message };
    return refuse(route.family === 'data' ? 'data-parameter-invalid' : 'parameter-invalid', facts);
  }
}

/** A path segment as it was meant; one with broken escapes is taken as it stands. */
function decode(segment: string | undefined): string {
  if (segment === undefined) return '';
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (error instanceof URIError) return segment;
    throw error;
  }
}
