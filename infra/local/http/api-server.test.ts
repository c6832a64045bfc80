import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importJWK, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { FunctionRuntime } from '#infra/local/lambda/function-runtime.ts';
import type { Handler } from '#infra/local/lambda/invocation.ts';
import type { FunctionPlan, RoutePlan } from '#infra/local/template/house-plan.ts';
import { type ApiServer, startApiServer } from './api-server.ts';
import {
  issueToken,
  keepIssuer,
  makeVerifier,
  readIssuer,
  type StoredIssuer,
  type TokenRequest,
} from './local-issuer.ts';
import { matchRoute } from './route-match.ts';

const AUTHORIZER = { issuer: 'https://issuer.example/pool', audience: ['client-1'] };
const CONTROL: FunctionPlan = {
  name: 'control',
  room: 'control',
  handlerExport: 'handler',
  timeoutSeconds: 5,
  memoryMb: 128,
  environment: {},
  asynchronous: { retriesMax: 0, eventAgeSecondsMax: 60, onFailureQueue: null },
};

const pause = (durationMs: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, durationMs).unref();
  });

const route = (key: string, more: Partial<RoutePlan> = {}): RoutePlan => ({
  key,
  functionName: 'control',
  timeoutMs: 200,
  authorizer: null,
  scopes: [],
  throttle: null,
  ...more,
});

const ROUTES = [
  route('GET /'),
  route('GET /orders/{id}', { authorizer: AUTHORIZER }),
  route('POST /scoped', { authorizer: AUTHORIZER, scopes: ['trade'] }),
  route('POST /raw'),
  route('GET /slow', { throttle: { requestsPerSecond: 0.001, burst: 2 } }),
];

let directory: string;
let issuer: StoredIssuer;
let server: ApiServer | null = null;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'belay-api-'));
  issuer = await keepIssuer(join(directory, 'issuer.json'), AUTHORIZER);
});
afterEach(async () => {
  await server?.close();
  server = null;
  rmSync(directory, { recursive: true, force: true });
});

async function start(handler: Handler): Promise<string> {
  const runtime = new FunctionRuntime([CONTROL], {
    machineVariables: () => ({}),
    importRoom: () => Promise.resolve({ handler }),
    onFailure: () => undefined,
  });
  const cors = { allowOrigins: ['https://desk.example'], allowMethods: ['GET'], allowHeaders: ['authorization'] };
  server = await startApiServer({
    plan: { routes: ROUTES, cors },
    port: 0,
    runtime,
    verify: await makeVerifier(issuer),
  });
  return server.url;
}

const REQUEST: TokenRequest = {
  subject: 'ann',
  groups: ['operators', 'readers'],
  scope: 'read trade',
  lifetimeSeconds: 60,
};
const bearer = async (
  change: Partial<TokenRequest> = {},
  from: StoredIssuer = issuer,
): Promise<Record<string, string>> => ({
  authorization: `Bearer ${await issueToken(from, { ...REQUEST, ...change })}`,
});

describe('the HTTP API', () => {
  it('hands a request over in payload format 2.0', async () => {
    let event: unknown;
    const url = await start((given) => {
      event = given;
      return { statusCode: 200, body: 'ok' };
    });
    const headers = { ...(await bearer()), cookie: 'a=1; b=2', 'x-twice': 'x' };
    await fetch(`${url}/orders/belay-1%2F2?a=1&a=2&b=%20`, { headers });
    const { requestContext } = z.object({ requestContext: z.object({ timeEpoch: z.int() }) }).parse(event);
    expect(requestContext.timeEpoch).toBeGreaterThan(0);
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'GET /orders/{id}',
      rawPath: '/orders/belay-1%2F2',
      rawQueryString: 'a=1&a=2&b=%20',
      cookies: ['a=1', 'b=2'],
      headers: { 'x-twice': 'x' },
      queryStringParameters: { a: '1,2', b: ' ' },
      pathParameters: { id: 'belay-1/2' },
      isBase64Encoded: false,
      requestContext: {
        http: { method: 'GET', path: '/orders/belay-1%2F2' },
        authorizer: {
          jwt: { claims: { sub: 'ann', 'cognito:groups': '[operators readers]', client_id: 'client-1' }, scopes: null },
        },
      },
    });
  });

  it('keeps the very bytes of a body, whatever they are', async () => {
    const bodies: unknown[] = [];
    const url = await start((event) => {
      const { body, isBase64Encoded } = z.object({ body: z.string(), isBase64Encoded: z.boolean() }).parse(event);
      bodies.push(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8').toString('hex'));
    });
    const bytes = Buffer.from([0, 255, 128, 10]);
    const textBytes = Buffer.from('{ "a":  1 }\n');
    await fetch(`${url}/raw`, { method: 'POST', body: bytes, headers: { 'content-type': 'application/octet-stream' } });
    await fetch(`${url}/raw`, { method: 'POST', body: textBytes, headers: { 'content-type': 'application/json' } });
    expect(bodies).toEqual([bytes.toString('hex'), textBytes.toString('hex')]);
  });

  it('answers as the function says', async () => {
    const url = await start(() => ({
      statusCode: 418,
      headers: { 'X-Count': 3 },
      cookies: ['s=1; Secure', 't=2'],
      body: Buffer.from('pot').toString('base64'),
      isBase64Encoded: true,
    }));
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get('x-count'), answer.headers.getSetCookie(), await answer.text()]).toEqual([
      418,
      '3',
      ['s=1; Secure', 't=2'],
      'pot',
    ]);
  });

  it.each<readonly [string, Handler, number]>([
    ['200 and JSON for an answer without a status', () => ({ a: 1 }), 200],
    ['500 when the function fails', () => Promise.reject(new Error('secret words')), 500],
    ['500 for an answer that is none', () => ({ statusCode: 'many' }), 500],
    ['503 when the function takes longer than the route allows', () => pause(60_000), 503],
  ])('answers %s', async (_, handler, status) => {
    const answer = await fetch(await start(handler));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/json']);
    expect(await answer.text()).not.toContain('secret');
  });

  it('lets nobody in without a token that its issuer signed for it and that has not run out', async () => {
    const url = await start(() => 'in');
    const other = await keepIssuer(join(directory, 'other.json'), AUTHORIZER);
    const elsewhere = { ...issuer, audience: 'client-2' };
    const forEver = await new SignJWT({})
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(AUTHORIZER.issuer)
      .setAudience(AUTHORIZER.audience)
      .sign(await importJWK(issuer.privateKey, 'ES256'));
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${url}/orders/1`, { headers })).status;
    expect([
      await status({}),
      await status({ authorization: 'Bearer a.b.c' }),
      await status(await bearer({ lifetimeSeconds: -1 })),
      await status(await bearer({}, other)),
      await status(await bearer({}, elsewhere)),
      await status({ authorization: `Bearer ${forEver}` }),
      await status(await bearer()),
    ]).toEqual([401, 401, 401, 401, 401, 401, 200]);
  });

  it('asks for a scope where the route does', async () => {
    const url = await start(() => 'in');
    const post = async (scope: string): Promise<number> =>
      (await fetch(`${url}/scoped`, { method: 'POST', headers: await bearer({ scope }) })).status;
    expect([await post('read'), await post('read trade')]).toEqual([403, 200]);
  });

  it('throttles a route', async () => {
    const url = await start(() => 'in');
    const status = async (): Promise<number> => (await fetch(`${url}/slow`)).status;
    expect([await status(), await status(), await status()]).toEqual([200, 200, 429]);
  });

  it('knows no other route, and answers pages of the allowed origin alone', async () => {
    const url = await start(() => 'in');
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
    const preflight = async (origin: string): Promise<readonly [number, string | null]> => {
      const answer = await fetch(url, { method: 'OPTIONS', headers: { origin } });
      return [answer.status, answer.headers.get('access-control-allow-origin')];
    };
    expect(await preflight('https://desk.example')).toEqual([204, 'https://desk.example']);
    expect(await preflight('https://evil.example')).toEqual([204, null]);
  });

  it('says so when its port is taken', async () => {
    const url = await start(() => 'in');
    const runtime = new FunctionRuntime([], {
      machineVariables: () => ({}),
      importRoom: () => Promise.resolve({}),
      onFailure: () => undefined,
    });
    const port = Number(new URL(url).port);
    const verify = await makeVerifier(issuer);
    await expect(startApiServer({ plan: { routes: [], cors: null }, port, runtime, verify })).rejects.toThrow(
      `port ${port} of 127.0.0.1 is in use`,
    );
  });
});

describe('the choice of a route', () => {
  const choose = (method: string, path: string): string | undefined =>
    matchRoute(
      ['$default', 'ANY /{proxy+}', 'ANY /orders/{id}', 'GET /orders/{id}', 'GET /orders/open', 'GET /a/{rest+}'].map(
        (key) => route(key),
      ),
      method,
      path,
    )?.route.key;

  it.each([
    ['GET', '/orders/open', 'GET /orders/open'],
    ['GET', '/orders/7', 'GET /orders/{id}'],
    ['PUT', '/orders/7', 'ANY /orders/{id}'],
    ['GET', '/a/b/c', 'GET /a/{rest+}'],
    ['GET', '/orders/7/fills', 'ANY /{proxy+}'],
    ['GET', '/', '$default'],
  ])('sends %s %s to %s', (method, path, key) => {
    expect(choose(method, path)).toBe(key);
  });
});

describe('the local issuer', () => {
  it('keeps its key for its owner alone, over restarts', async () => {
    const file = join(directory, 'issuer.json');
    const again = await keepIssuer(file, { ...AUTHORIZER, audience: ['client-9'] });
    expect(again.privateKey).toEqual(issuer.privateKey);
    expect(readIssuer(file).audience).toBe('client-9');
    expect(statSync(file).mode & 0o077).toBe(0);
  });

  it('says what to do when there is none', () => {
    expect(() => readIssuer(join(directory, 'none.json'))).toThrow('start the house once');
  });
});
