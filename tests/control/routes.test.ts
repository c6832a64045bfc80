import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { text, whole } from '#shared/adapters/stores/attributes.ts';
import { rateKey } from '#shared/adapters/stores/keys.ts';
import { ROLE_PERMISSIONS, ROLES } from '#shared/core/access/permissions.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { RATE_LIMITS } from '#functions/control/limits.ts';
import { CONTROL_ROUTES } from '#functions/control/openapi.ts';
import type { OperationSchema } from '#functions/control/operation-schema.ts';
import type { ControlOperation, RateClass, Route } from '#functions/control/routes.ts';
import { problemSchema, SCHEMAS } from '#functions/control/schemas.ts';
import { type Answered, type ControlHouse, NOW, openHouse } from './control-house.ts';
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

const rows: readonly (readonly [ControlOperation, Route])[] = CONTROL_ROUTES;

describe('the table of routes', () => {
  it('names each method and path once', () => {
    const keys = rows.map(([, { method, path }]) => `${method} ${path}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('has a case for every operation, and an operation for every case', () => {
    expect(rows.map(([id]) => id).sort()).toEqual(Object.keys(ROUTE_CASES).sort());
  });

  it('takes every parameter of a path in its schema', () => {
    for (const [id, { path }] of rows) {
      const named = [...path.matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1]);
      expect([id, ...Object.keys(schemaOf(id).params.shape)]).toEqual([id, ...named]);
    }
  });

  it('answers 404 to a route that it does not have', async () => {
    const house = await openHouse();
    const answer = await house.askRoute('GET /api/v1/nothing', {});
    expect([answer.status, problemOf(answer).code]).toEqual([404, 'no-such-route']);
  });
});

describe.each(rows)('%s', (id, route) => {
  const { success, malformed, field } = ROUTE_CASES[id];

  it('succeeds, and answers as its schema says', async () => {
    const house = await openHouse();
    const answer = await house.ask(id, await success(house));
    expect([answer.status, answer.status < 400 ? null : answer.text]).toEqual([schemaOf(id).success.status, null]);
    expect(answer.mediaType).toBe(schemaOf(id).success.mediaType);
    const body = answer.mediaType === 'application/json' ? answer.json() : answer.text;
    const read = schemaOf(id).success.body.safeParse(body);
    expect(read.error?.issues ?? []).toEqual([]);
  });

  it('refuses a request that is malformed, and names the field', async () => {
    const house = await openHouse();
    const answer = await house.ask(id, malformed);
    const { code, field: named } = problemOf(answer);
    expect([answer.status, code, named]).toEqual([400, 'malformed', field]);
  });

  it('lets in the roles that have its permission, and no other', async () => {
    const { permission } = route;
    for (const role of ROLES) {
      const house = await openHouse();
      const answer = await house.ask(id, { ...(await success(house)), groups: [role] });
      const may = permission === null || ROLE_PERMISSIONS[role].includes(permission);
      expect([role, answer.status === 403]).toEqual([role, !may]);
      if (!may) expect(problemOf(answer).code).toBe('permission-missing');
    }
    const house = await openHouse();
    const nobody = await house.ask(id, { ...malformed, groups: [] });
    expect(nobody.status === 403).toBe(permission !== null);
  });

  it('is held to the budget of its class, or is never turned away', async () => {
    const house = await openHouse();
    const ask = await success(house);
    for (const rate of ['read', 'change', 'submit', 'slice', 'cancel'] as const) await useUp(house, rate);
    const answer = await house.ask(id, ask);
    if (route.rate === 'halt' || route.permission === null) {
      expect(answer.status).toBe(schemaOf(id).success.status);
      return;
    }
    expect([answer.status, problemOf(answer).code]).toEqual([429, 'rate-limited']);
    expect(answer.headers).toMatchObject({
      'ratelimit-limit': String(RATE_LIMITS[route.rate]),
      'ratelimit-remaining': '0',
      'retry-after': '60',
    });
  });

  it('passes the fault of a dependency on, and needs none where it is open', async () => {
    const house = await openHouse();
    const ask = await success(house);
    house.cutTables();
    const asking = house.ask(id, ask);
    if (route.permission === null) {
      expect((await asking).status).toBe(200);
      return;
    }
    await expect(asking).rejects.toBeInstanceOf(Fault);
    await expect(asking).rejects.toMatchObject({ kind: 'transient' });
  });
});
