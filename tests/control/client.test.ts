import { afterEach, describe, expect, it } from 'vitest';
import { ApiError, askApi } from '#console/api-client.ts';
import { ROUTES, SCHEMAS } from '#functions/control/schemas.ts';
import { openHouse } from './control-house.ts';
import { serve, type ServedHouse } from './served-house.ts';

const served: ServedHouse[] = [];
afterEach(async () => {
  for (const house of served.splice(0)) await house.close();
});
const opened = async (): Promise<ServedHouse> => {
  const house = await serve(await openHouse());
  served.push(house);
  return house;
};

describe('the client', () => {
  it('asks for an order, looks at it and cancels it', async () => {
    const api = await opened();
    const body = { symbol: 'AAPL', side: 'buy', qty: '1', type: 'market', time_in_force: 'day' } as const;
    const asked = await askApi(api, ROUTES.submitOrder, SCHEMAS.submitOrder, { body, idempotencyKey: 'k-1' });
    expect(asked.state).toBe('pending_new');
    const params = { client_order_id: asked.client_order_id };
    expect((await askApi(api, ROUTES.getOrder, SCHEMAS.getOrder, { params })).qty).toBe('1');
    const canceled = await askApi(api, ROUTES.cancelOrder, SCHEMAS.cancelOrder, { params });
    expect(canceled.client_order_id).toBe(asked.client_order_id);
  });

  it('reads pages of text too', async () => {
    const api = await opened();
    expect(await askApi(api, ROUTES.getMetrics, SCHEMAS.getMetrics)).toContain('belay_trading_active');
  });

  it('throws what the API refuses, with its code and field', async () => {
    const api = await opened();
    const asking = askApi(api, ROUTES.getRecentFills, SCHEMAS.getRecentFills, { query: { limit: '0' } });
    await expect(asking).rejects.toMatchObject({ name: 'ApiError', status: 400, code: 'malformed', field: 'limit' });
    const missing = askApi(api, ROUTES.getOrder, SCHEMAS.getOrder, { params: { client_order_id: 'x' } });
    await expect(missing).rejects.toBeInstanceOf(ApiError);
  });
});
