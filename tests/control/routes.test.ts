import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { text, whole } from '#shared/adapters/stores/attributes.ts';
import { rateKey } from '#shared/adapters/stores/keys.ts';
import { type Role, ROLE_PERMISSIONS, ROLES } from '#shared/core/access/permissions.ts';
import { RATE_LIMITS } from '#functions/control/limits.ts';
import { CONTROL_ROUTES } from '#functions/control/openapi.ts';
import type { OperationSchema } from '#functions/control/operation-schema.ts';
import {
  type ControlOperation,
  INTERNAL_ROUTES,
  type RateClass,
  type Route,
  ROUTES,
} from '#functions/control/routes.ts';
import { problemSchema, SCHEMAS, WEBHOOK_SCHEMA } from '#functions/control/schemas.ts';
import { ROUTES as GATEWAY_ROUTES } from '#infra/cloud/routes.ts';
import { type Answered, type Ask, type ControlHouse, NOW, openHouse } from './control-house.ts';
import { ROUTE_CASES } from './route-cases.ts';

const problemOf = (answer: Answered): z.output<typeof problemSchema> => problemSchema.parse(answer.json());
const schemaOf = (id: ControlOperation): OperationSchema => SCHEMAS[id];

/** Uses a budget up to the last request of this minute. */
async function useUp(house: ControlHouse, rate: Exclude<RateClass, 'halt'>): Promise<void> {
  const key = rateKey(house.account, rate);
  const item = {
    pk: text(key.pk),
    sk: text(key.sk),
    window: whole(Math.floor(NOW / 60_000)),
    used: whole(RATE_LIMITS[rate]),
  };
  await house.tables.write({ kind: 'put', table: 'safety', item, conditions: [] });
}

interface Row {
  readonly name: string;
  readonly id: ControlOperation;
  readonly route: Route;
  /** Who asks: a person with the token's groups, or a service in the role that the house gives to services. */
  readonly door: 'people' | 'service';
}

const rows: readonly Row[] = [
  ...CONTROL_ROUTES.map(([id, route]): Row => ({ name: id, id, route, door: 'people' })),
  ...INTERNAL_ROUTES.map(([id, route]): Row => ({ name: `internal ${id}`, id, route, door: 'service' })),
];
const keyOf = ({ method, path }: Pick<Route, 'method' | 'path'>): string => `${method} ${path}`;

/** Asks as somebody with this role; null is nobody in particular. */
function askAs(house: ControlHouse, { route, door }: Row, ask: Ask, role: Role | null): Promise<Answered> {
  if (door === 'people') return house.askRoute(keyOf(route), { ...ask, groups: role === null ? [] : [role] });
  if (role === null) return house.askRoute(keyOf(route), { ...ask, unsigned: true });
  house.dependencies = { ...house.dependencies, internal: { ...house.dependencies.internal, role } };
  return house.askRoute(keyOf(route), ask);
}

describe('the table of routes', () => {
  it('names each method and path once', () => {
    const keys = GATEWAY_ROUTES.map(keyOf);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('has a case for every operation, and an operation for every case', () => {
    expect(CONTROL_ROUTES.map(([id]) => id).sort()).toEqual(Object.keys(ROUTE_CASES).sort());
  });

  it('is walked whole: every route of the gateway is tested here', () => {
    const walked = [...rows.map(({ route }) => keyOf(route)), keyOf(ROUTES.receiveOrderUpdate)];
    expect(walked.sort()).toEqual(GATEWAY_ROUTES.map(keyOf).sort());
  });

  it('takes every parameter of a path in its schema', () => {
    for (const { id, route } of rows) {
      const named = [...route.path.matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1]);
      expect([id, ...Object.keys(schemaOf(id).params.shape)]).toEqual([id, ...named]);
    }
  });

  it('answers 404 to a route that it does not have', async () => {
    const house = await openHouse();
    const answer = await house.askRoute('GET /api/v1/nothing', {});
    expect([answer.status, problemOf(answer).code]).toEqual([404, 'no-such-route']);
  });
});

describe.each(rows)('$name', (row) => {
  const { id, route, door } = row;
  const { success, malformed, field } = ROUTE_CASES[id];

  it('succeeds, and answers as its schema says', async () => {
    const house = await openHouse();
    const answer = await askAs(house, row, await success(house), 'admin');
    expect([answer.status, answer.status < 400 ? null : answer.text]).toEqual([schemaOf(id).success.status, null]);
    expect(answer.mediaType).toBe(schemaOf(id).success.mediaType);
    const body = answer.mediaType === 'application/json' ? answer.json() : answer.text;
    const read = schemaOf(id).success.body.safeParse(body);
    expect(read.error?.issues ?? []).toEqual([]);
  });

  it('refuses a request that is malformed, and names the field', async () => {
    const house = await openHouse();
    const answer = await askAs(house, row, malformed, 'admin');
    const { code, field: named } = problemOf(answer);
    expect([answer.status, code, named]).toEqual([400, 'malformed', field]);
  });

  it('lets in the roles that have its permission, and no other', async () => {
    const { permission } = route;
    for (const role of ROLES) {
      const house = await openHouse();
      const answer = await askAs(house, row, await success(house), role);
      const may = permission === null || ROLE_PERMISSIONS[role].includes(permission);
      expect([role, answer.status === 403]).toEqual([role, !may]);
      if (!may) expect(problemOf(answer).code).toBe('permission-missing');
    }
    const house = await openHouse();
    const nobody = await askAs(house, row, malformed, null);
    expect(nobody.status).toBe(door === 'service' ? 401 : permission === null ? 400 : 403);
  });

  it('is held to the budget of its class, or is never turned away', async () => {
    const house = await openHouse();
    const ask = await success(house);
    for (const rate of ['read', 'change', 'submit', 'slice', 'cancel'] as const) await useUp(house, rate);
    const answer = await askAs(house, row, ask, 'admin');
    if (route.rate === 'halt' || route.permission === null) {
      expect(answer.status).toBe(schemaOf(id).success.status);
      return;
    }
    expect([answer.status, problemOf(answer).code]).toEqual([429, 'rate-limited']);
    expect(answer.headers).toMatchObject({
      'ratelimit-limit': String(RATE_LIMITS[route.rate]),
      'ratelimit-remaining': '0',
      'ratelimit-reset': '60',
      'retry-after': '60',
    });
  });

  it('says which dependency did not answer, and needs none where it tells of them or of none', async () => {
    const house = await openHouse();
    const ask = await success(house);
    house.cutTables();
    const answer = await askAs(house, row, ask, 'admin');
    if (route.permission === null) {
      expect(answer.status).toBe(200);
    } else if (id === 'getHealth' && door === 'people') {
      expect(answer.json()).toMatchObject({ state: 'down', trading_state: 'HALTED', database: { state: 'down' } });
    } else {
      expect([answer.status, problemOf(answer).code]).toEqual([503, 'dynamodb-unreachable']);
      expect(house.telemetry.lines.at(-1)).toMatchObject({ level: 'error', message: 'request failed' });
    }
  });
});

describe('receiveOrderUpdate', () => {
  const key = keyOf(ROUTES.receiveOrderUpdate);
  const update = {
    event: 'new',
    timestamp: '2026-03-09T14:00:00.000000001Z',
    order: {
      id: 'a5be8f5e-0000-4000-8000-000000000001',
      client_order_id: 'somebody-else',
      symbol: 'AAPL',
      side: 'buy',
      type: 'market',
      order_type: 'market',
      time_in_force: 'day',
      qty: '1',
      notional: null,
      filled_qty: '0',
      filled_avg_price: null,
      limit_price: null,
      stop_price: null,
      status: 'new',
      submitted_at: '2026-03-09T14:00:00Z',
      updated_at: '2026-03-09T14:00:00Z',
      replaced_by: null,
    },
  };

  it('succeeds, and answers as its schema says', async () => {
    const house = await openHouse();
    const answer = await house.askRoute(key, { body: update });
    expect(answer.status).toBe(202);
    expect(WEBHOOK_SCHEMA.success.body.parse(answer.json()).kind).toBe('kept-as-orphan');
  });

  it('refuses what is malformed', async () => {
    const house = await openHouse();
    const answer = await house.askRoute(key, { body: { event: 'new' } });
    expect([answer.status, problemOf(answer).code]).toEqual([400, 'body-unreadable']);
  });

  it('lets nobody in without the signature of the body, whatever his role', async () => {
    const house = await openHouse();
    const unsigned = await house.askRoute(key, { body: update, unsigned: true, groups: ['admin'] });
    expect([unsigned.status, problemOf(unsigned).code]).toEqual([401, 'signature-missing']);
    const headers = { 'x-alpaca-signature': '0'.repeat(64) };
    const forged = await house.askRoute(key, { body: update, headers });
    expect([forged.status, problemOf(forged).code]).toEqual([401, 'signature-wrong']);
  });

  it('is held to the throttle of the gateway', () => {
    expect(ROUTES.receiveOrderUpdate.open).toMatchObject({ rateMax: 50, burstMax: 100 });
  });

  it('says which dependency did not answer', async () => {
    const house = await openHouse();
    house.cutTables();
    const answer = await house.askRoute(key, { body: update });
    expect([answer.status, problemOf(answer).code]).toEqual([503, 'dynamodb-unreachable']);
  });
});
