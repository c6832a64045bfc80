import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiError, askApi } from '#console/api-client.ts';
import { CONTROL_ROUTES } from '#functions/control/openapi.ts';
import { ROUTES, SCHEMAS } from '#functions/control/schemas.ts';
import { closeServer, listenOnLoopback } from '#infra/local/http/loopback-server.ts';
import { readBody } from '#infra/local/http/request-body.ts';
import { matchRoute } from '#infra/local/http/route-match.ts';
import { type ControlHouse, openHouse } from './control-house.ts';

const plans = CONTROL_ROUTES.map(([, { method, path }]) => ({
  key: `${method} ${path}`,
  functionName: 'control',
  timeoutMs: 1000,
  authorizer: null,
  scopes: [],
  throttle: null,
}));

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await closeServer(server);
});

/** The API of a house on a loopback port. */
async function serve(house: ControlHouse): Promise<{ readonly baseUrl: string; readonly token: string }> {
  const server = createServer((request, response) => {
    const answerIt = async (): Promise<void> => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const match = matchRoute(plans, request.method ?? '', url.pathname);
      const key = request.headers['idempotency-key'];
      const answer = await house.askRoute(match?.route.key ?? 'none', {
        params: match?.pathParameters ?? {},
        query: Object.fromEntries(url.searchParams),
        headers: typeof key === 'string' ? { 'idempotency-key': key } : {},
        rawBody: (await readBody(request, 1_000_000)).toString('utf8'),
      });
      response.writeHead(answer.status, { 'content-type': answer.mediaType });
      response.end(answer.text);
    };
    answerIt().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  servers.push(server);
  return { baseUrl: `http://127.0.0.1:${await listenOnLoopback(server, 0)}`, token: 'a-token' };
}

describe('the client', () => {
  it('asks for an order, looks at it and cancels it', async () => {
    const api = await serve(await openHouse());
    const body = { symbol: 'AAPL', side: 'buy', qty: '1', type: 'market', time_in_force: 'day' } as const;
    const asked = await askApi(api, ROUTES.submitOrder, SCHEMAS.submitOrder, { body, idempotencyKey: 'k-1' });
    expect(asked.state).toBe('pending_new');
    const params = { client_order_id: asked.client_order_id };
    expect((await askApi(api, ROUTES.getOrder, SCHEMAS.getOrder, { params })).qty).toBe('1');
    const canceled = await askApi(api, ROUTES.cancelOrder, SCHEMAS.cancelOrder, { params });
    expect(canceled.client_order_id).toBe(asked.client_order_id);
  });

  it('reads pages of text too', async () => {
    const api = await serve(await openHouse());
    expect(await askApi(api, ROUTES.getMetrics, SCHEMAS.getMetrics)).toContain('belay_trading_active');
  });

  it('throws what the API refuses, with its code and field', async () => {
    const api = await serve(await openHouse());
    const asking = askApi(api, ROUTES.getRecentFills, SCHEMAS.getRecentFills, { query: { limit: '0' } });
    await expect(asking).rejects.toMatchObject({ name: 'ApiError', status: 400, code: 'malformed', field: 'limit' });
    const missing = askApi(api, ROUTES.getOrder, SCHEMAS.getOrder, { params: { client_order_id: 'x' } });
    await expect(missing).rejects.toBeInstanceOf(ApiError);
  });
});
