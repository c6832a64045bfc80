/** The routes of the HTTP API, as data. Every route is behind the authorizer unless its row says `open`. */

export interface RouteRow {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly room: 'control' | 'webhook';
  readonly open: OpenRoute | null;
}

/** A route that is reached without a token: why that is right, and what it is held to instead. */
export interface OpenRoute {
  readonly because: string;
  /** Requests a second. */
  readonly rateMax: number;
  readonly burstMax: number;
}

const API = '/api/v1';

const WEBHOOK_ROUTE: RouteRow = {
  method: 'POST',
  path: `${API}/webhooks/orders`,
  room: 'webhook',
  open: {
    because: 'The sender signs each body with HMAC-SHA256, which the function requires before it parses anything.',
    // A flatten of the whole universe answers with several updates an order within a second.
    rateMax: 50,
    burstMax: 100,
  },
};

const control = (method: RouteRow['method'], path: string): RouteRow => ({ method, path, room: 'control', open: null });

export const ROUTES: readonly RouteRow[] = [
  {
    ...control('GET', '/'),
    open: {
      because: 'It answers name and version only, so that a caller can tell that it has found the house.',
      rateMax: 5,
      burstMax: 10,
    },
  },
  // Health tells the trading state, which is nobody else's business.
  control('GET', '/health'),
  control('GET', `${API}/orders/{client_order_id}`),
  control('GET', `${API}/positions`),
  control('GET', `${API}/kill-switch/status`),
  control('POST', `${API}/kill-switch/engage`),
  control('POST', `${API}/kill-switch/disengage`),
  WEBHOOK_ROUTE,
];
