import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { Bug, Fault } from '#shared/core/kernel/fault.ts';
import type { RequestKind } from '#shared/core/safety/broker-request.ts';
import type { RequestGate, RequestOutcome } from '#shared/ports/request-gate.ts';
import { recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';
import {
  answerJson,
  answerText,
  type Behaviour,
  deadUrl,
  reset,
  silent,
  tear,
  type WireServer,
  wireServer,
} from '#tests/wire/wire-server.ts';
import { type AlpacaHttp, type AlpacaHttpOptions, alpacaHttp } from './http-client.ts';

const CREDENTIALS = { key: 'PKHUSHKEY', secret: 'hush/secret' };
const THING = z.object({ name: z.string() });
const servers: WireServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

interface Desk {
  readonly http: AlpacaHttp;
  readonly server: WireServer;
  readonly telemetry: ReturnType<typeof recordedTelemetry>;
}

async function desk(behaviours: readonly Behaviour[], options: Partial<AlpacaHttpOptions> = {}): Promise<Desk> {
  const server = await wireServer(...behaviours);
  servers.push(server);
  const telemetry = recordedTelemetry();
  const http = alpacaHttp({ credentials: CREDENTIALS, baseUrl: server.url, telemetry, backoffMs: 1, ...options });
  return { http, server, telemetry };
}

const readThing = (http: AlpacaHttp) => http.read({ kind: 'read', path: '/v2/thing' }, THING);
const faultOf = async (work: Promise<unknown>): Promise<Fault> => {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof Fault) return error;
  throw new Error('expected a fault', { cause: error });
};

/** A gate that notes what passes, and may refuse. */
function notedGate(refuse: (kind: RequestKind) => Fault | null = () => null) {
  const asked: RequestKind[] = [];
  const outcomes: RequestOutcome[] = [];
  const gate: RequestGate = {
    before: async (kind) => {
      asked.push(kind);
      const fault = refuse(kind);
      if (fault !== null) throw fault;
    },
    after: async (outcome) => {
      outcomes.push(outcome);
    },
  };
  return { gate, asked, outcomes };
}

describe('a read', () => {
  it('carries the credentials in headers, the query encoded, and returns the value', async () => {
    const { http, server } = await desk([answerJson(200, { name: 'x' })]);
    const query = { client_order_id: 'a&b=c d' };
    expect(await http.read({ kind: 'read', path: '/v2/orders:by_client_order_id', query }, THING)).toEqual({
      name: 'x',
    });
    const [heard] = server.heard;
    expect(heard?.target).toBe('/v2/orders:by_client_order_id?client_order_id=a%26b%3Dc+d');
    expect(heard?.headers).toMatchObject({ 'apca-api-key-id': 'PKHUSHKEY', 'apca-api-secret-key': 'hush/secret' });
  });

  it.each<readonly [string, Behaviour]>([
    ['a reset', reset],
    ['a 500', answerJson(500, { code: 50010000, message: 'internal server error' })],
    ['a 503 in HTML', answerText(503, '<html>busy</html>')],
    ['a page instead of JSON', answerText(200, '<html>hello</html>')],
    ['a torn body', tear(200, '{"name":"x')],
    ['an empty body', answerText(200, '')],
    ['a request timeout of the server', answerJson(408, { message: 'slow' })],
    ['silence', silent],
  ])('is repeated after %s', async (_what, behaviour) => {
    const { http, server } = await desk(
      [behaviour, answerJson(200, { name: 'x' })],
      behaviour === silent ? { tryMs: 400 } : {},
    );
    expect(await readThing(http)).toEqual({ name: 'x' });
    expect(server.heard).toHaveLength(2);
  });

  it.each<readonly [string, Behaviour, string]>([
    ['resets', reset, 'broker-unreachable'],
    ['fails', answerJson(502, { message: 'bad gateway' }), 'broker-failing'],
    ['answers with pages', answerText(200, '<html></html>'), 'broker-answer-garbled'],
    ['tears its answers', tear(200, '{"na'), 'broker-answer-garbled'],
    ['says nothing', silent, 'broker-unreachable'],
  ])('is a transient fault when the broker %s each time', async (_what, behaviour, code) => {
    const { http, telemetry } = await desk([behaviour], behaviour === silent ? { tryMs: 30 } : {});
    expect(await faultOf(readThing(http))).toMatchObject({ kind: 'transient', code });
    expect(telemetry.lines).toHaveLength(3);
  });

  it('ends at its deadline, whatever its tries still want, and sends nothing after it', async () => {
    const { http, server } = await desk([silent], { deadlineMs: 80, tryMs: 10_000 });
    expect((await faultOf(readThing(http))).message).toContain('no answer within 80 ms');
    expect(server.heard.length).toBeLessThanOrEqual(1);
  });

  it('asks no more once its deadline has passed, even when it was waiting to try again', async () => {
    const { gate, asked } = notedGate();
    const { http } = await desk([reset], { gate, deadlineMs: 60, backoffMs: 100, triesMax: 9 });
    expect((await faultOf(readThing(http))).message).toContain('no answer within 60 ms');
    const before = asked.length;
    await new Promise((resolve) => {
      setTimeout(resolve, 300);
    });
    expect(asked).toHaveLength(before);
  });

  it('is a transient fault, not repeated, when throttled, and passes on when to try again', async () => {
    const limits = {
      'retry-after': '7',
      'x-ratelimit-limit': '200',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '1767625260',
    };
    const { gate, outcomes } = notedGate();
    const { http, server } = await desk([answerJson(429, { message: 'rate limit exceeded' }, limits)], { gate });
    const fault = await faultOf(readThing(http));
    expect(fault).toMatchObject({ kind: 'transient', code: 'broker-throttled' });
    expect(fault.message).toContain('7000 ms');
    expect(server.heard).toHaveLength(1);
    expect(outcomes).toMatchObject([
      {
        result: 'throttled',
        status: 429,
        retryAfterMs: 7000,
        rateLimit: { limit: 200, remaining: 0, resetAt: 1767625260000 },
        requestId: 'req-1',
      },
    ]);
  });

  it('reads Retry-After as a date by the answer’s own clock', async () => {
    const dates = { date: 'Mon, 05 Jan 2026 15:00:00 GMT', 'retry-after': 'Mon, 05 Jan 2026 15:00:09 GMT' };
    const { gate, outcomes } = notedGate();
    const { http } = await desk([answerText(429, '<html>slow down</html>', dates)], { gate });
    await faultOf(readThing(http));
    expect(outcomes.map((outcome) => [outcome.retryAfterMs, outcome.rateLimit])).toEqual([[9000, null]]);
  });

  it.each([
    [401, { message: 'unauthorized.' }, 'broker-credentials'],
    [403, { message: 'forbidden.' }, 'broker-credentials'],
    [403, { message: 'subscription does not permit querying recent SIP data' }, 'broker-read-refused'],
    [404, { code: 40410000, message: 'endpoint not found' }, 'broker-read-refused'],
    [422, {}, 'broker-read-refused'],
    [302, {}, 'broker-read-refused'],
  ])('is a permanent fault, not repeated, after %i %j', async (status, body, code) => {
    const { http, server } = await desk([answerJson(status, body)]);
    expect(await faultOf(readThing(http))).toMatchObject({ kind: 'permanent', code });
    expect(server.heard).toHaveLength(1);
  });

  it('is a permanent fault that names the field when the answer is not what it should be', async () => {
    const { http } = await desk([answerJson(200, { name: 5, secret: 'hush/secret' })]);
    const list = z.array(THING);
    const fault = await faultOf(http.read({ kind: 'read', path: '/v2/things' }, list));
    expect(fault).toMatchObject({ kind: 'permanent', code: 'broker-answer-unreadable' });
    const nested = await desk([answerJson(200, [{ name: 'x' }, { name: null }])]);
    const second = await faultOf(nested.http.read({ kind: 'read', path: '/v2/things' }, list));
    expect(second.message).toContain('answer.1.name');
  });

  it('is null only where the refusal is known for an absence', async () => {
    const { http } = await desk([answerJson(404, { message: 'order not found for x' })]);
    const request = { kind: 'lookup', path: '/v2/orders/x' } as const;
    expect(
      await http.find(request, THING, ({ error }) => error.message?.startsWith('order not found') === true),
    ).toBeNull();
    expect(await faultOf(http.find(request, THING, () => false))).toMatchObject({ kind: 'permanent' });
  });

  it('follows no redirect: credentials go nowhere else', async () => {
    const elsewhere = await desk([answerJson(200, { name: 'x' })]);
    const { http } = await desk([answerJson(307, {}, { location: `${elsewhere.server.url}/v2/thing` })]);
    expect(await faultOf(readThing(http))).toMatchObject({ kind: 'permanent' });
    expect(elsewhere.server.heard).toHaveLength(0);
  });
});

describe('a request that is sent once', () => {
  const post = { kind: 'entry', method: 'POST', path: '/v2/orders', body: { qty: '1' } } as const;

  it.each<readonly [string, Behaviour, string]>([
    ['a reset', reset, 'lost'],
    ['silence', silent, 'lost'],
    ['a 503', answerText(503, 'busy'), 'garbled'],
    ['a torn body', tear(200, '{'), 'garbled'],
    ['a 500', answerJson(500, {}), 'json'],
    ['a 429', answerJson(429, {}), 'json'],
    ['a 307', answerJson(307, {}, { location: '/v2/orders' }), 'json'],
  ])('is never repeated after %s', async (_what, behaviour, kind) => {
    const { http, server, telemetry } = await desk(
      [behaviour, answerJson(200, {})],
      behaviour === silent ? { deadlineMs: 50 } : {},
    );
    expect((await http.once(post)).kind).toBe(kind);
    expect(telemetry.lines).toHaveLength(1);
    expect(server.heard.length).toBeLessThanOrEqual(1);
  });

  it('is known not to have been sent when no connection was made', async () => {
    const telemetry = recordedTelemetry();
    const baseUrl = await deadUrl();
    const reply = await alpacaHttp({ credentials: CREDENTIALS, baseUrl, telemetry }).once(post);
    expect(reply).toMatchObject({ kind: 'not-sent', fault: null });
    const unnamed = alpacaHttp({ credentials: CREDENTIALS, baseUrl: 'http://no-such-host.invalid', telemetry });
    expect(await unnamed.once(post)).toMatchObject({ kind: 'not-sent' });
    expect(telemetry.lines.map((line) => line.fields['result'])).toEqual(['not-sent', 'not-sent']);
  });

  it('throws a bug rather than sending an id that climbs out of its path', async () => {
    const { http, server } = await desk([answerJson(204, null)]);
    for (const id of ['.', '..']) {
      const path = `/v2/orders/${encodeURIComponent(id)}`;
      await expect(http.once({ kind: 'cancel', method: 'DELETE', path })).rejects.toBeInstanceOf(Bug);
    }
    expect(server.heard).toHaveLength(0);
  });
});

describe('the gate in front', () => {
  const shut = new Fault('transient', 'request-budget-exhausted', 'no requests left');

  it('is asked before each try, and told what became of it', async () => {
    const { gate, asked, outcomes } = notedGate();
    const { http } = await desk([reset, answerJson(200, { name: 'x' })], { gate });
    await readThing(http);
    expect(asked).toEqual(['read', 'read']);
    expect(outcomes.map(({ result, status }) => [result, status])).toEqual([
      ['lost', null],
      ['answered', 200],
    ]);
  });

  it('keeps a read from being sent, and its fault is the read’s', async () => {
    const { gate, outcomes } = notedGate(() => shut);
    const { http, server } = await desk([answerJson(200, { name: 'x' })], { gate });
    expect(await faultOf(readThing(http))).toBe(shut);
    expect(server.heard).toHaveLength(0);
    expect(outcomes).toEqual([]);
  });

  it('keeps a single request from being sent, which is then known not to have been', async () => {
    const { gate } = notedGate((kind) => (kind === 'entry' ? shut : null));
    const { http, server } = await desk([answerJson(200, {})], { gate });
    expect(await http.once({ kind: 'entry', method: 'POST', path: '/v2/orders', body: {} })).toEqual({
      kind: 'not-sent',
      cause: 'no requests left',
      fault: shut,
    });
    expect(await http.once({ kind: 'exit', method: 'POST', path: '/v2/orders', body: {} })).toMatchObject({
      kind: 'json',
    });
    expect(server.heard).toHaveLength(1);
  });

  it('that says nothing within the deadline lets nothing pass, then or later', async () => {
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const gate: RequestGate = { before: () => opened, after: () => Promise.resolve() };
    const { http, server } = await desk([answerJson(200, {})], { gate, deadlineMs: 30 });
    const reply = await http.once({ kind: 'entry', method: 'POST', path: '/v2/orders', body: {} });
    expect(reply).toMatchObject({ kind: 'not-sent' });
    open();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    // A request of another kind shows that the server had its turn.
    const other = await desk([answerJson(200, { name: 'x' })]);
    await readThing(other.http);
    expect(server.heard).toHaveLength(0);
  });

  it('that fails to take an outcome does not change the answer, and is heard of', async () => {
    const gate: RequestGate = {
      before: () => Promise.resolve(),
      after: () => Promise.reject(new Error('table unreachable')),
    };
    const { http, telemetry } = await desk([answerJson(200, { name: 'x' })], { gate });
    expect(await readThing(http)).toEqual({ name: 'x' });
    expect(telemetry.lines.filter((line) => line.level === 'error')).toHaveLength(1);
  });

  it('whose bug it is passes for no answer of the broker', async () => {
    const gate: RequestGate = { before: () => Promise.reject(new Bug('broken')), after: () => Promise.resolve() };
    const { http } = await desk([answerJson(200, { name: 'x' })], { gate });
    await expect(readThing(http)).rejects.toBeInstanceOf(Bug);
  });
});

describe('what leaves the client', () => {
  it('names each request with its id, status and time in the log', async () => {
    const { http, telemetry } = await desk([answerJson(200, { name: 'x' }, { 'x-ratelimit-remaining': '199' })]);
    await readThing(http);
    expect(telemetry.lines).toMatchObject([
      {
        level: 'info',
        message: 'broker request',
        fields: {
          kind: 'read',
          method: 'GET',
          path: '/v2/thing',
          result: 'answered',
          status: 200,
          requestId: 'req-1',
          rateLimitRemaining: 199,
        },
      },
    ]);
  });

  it('never names key or secret, even when the broker does', async () => {
    const echo = 'no such key PKHUSHKEY with hush/secret (hush%2Fsecret)';
    const texts: string[] = [];
    for (const behaviour of [
      answerJson(403, { message: echo }),
      answerText(200, echo),
      answerJson(200, { name: [echo] }),
    ]) {
      const { http, telemetry } = await desk([behaviour], { triesMax: 1 });
      const fault = await faultOf(readThing(http));
      texts.push(fault.message, String(fault.cause), JSON.stringify(telemetry.lines));
      const reply = await http.once({ kind: 'entry', method: 'POST', path: '/v2/orders', body: {} });
      if (reply.kind !== 'json') texts.push(reply.cause);
    }
    expect(texts.join('\n')).not.toMatch(/HUSHKEY|hush/);
    expect(texts.join('\n')).toContain('[redacted]');
  });
});
