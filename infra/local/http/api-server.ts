/** The HTTP API of the template on a loopback port: routes, authorizers, throttles and CORS as API Gateway has them. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { FunctionRuntime } from '#infra/local/lambda/function-runtime.ts';
import type { ApiPlan, CorsPlan, RoutePlan } from '#infra/local/template/house-plan.ts';
import { machineNowMs } from '#infra/local/time/house-clock.ts';
import type { TokenVerifier } from './local-issuer.ts';
import { closeServer, listenOnLoopback } from './loopback-server.ts';
import {
  type ApiAnswer,
  type ApiRequest,
  functionAnswer,
  gatewayAnswer,
  type JwtContext,
  requestEvent,
} from './payload.ts';
import { BodyTooLargeError, readBody } from './request-body.ts';
import { matchRoute, type RouteMatch } from './route-match.ts';
import { TokenBucket } from './throttle.ts';

/** What API Gateway takes of a body. */
const BODY_BYTES_MAX = 10_485_760;

export interface ApiServer {
  readonly url: string;
  close(): Promise<void>;
}

export interface ApiServerParts {
  readonly plan: ApiPlan;
  readonly port: number;
  readonly runtime: FunctionRuntime;
  readonly verify: TokenVerifier;
}

/** @throws PortInUseError when somebody else listens on the port. */
export async function startApiServer(parts: ApiServerParts): Promise<ApiServer> {
  const gateway = new Gateway(parts);
  const server = createServer((request, response) => {
    gateway.answer(request).then(
      (answer) => write(response, answer),
      (error: unknown) => write(response, answerToError(error)),
    );
  });
  const port = await listenOnLoopback(server, parts.port);
  return { url: `http://127.0.0.1:${port}`, close: () => closeServer(server) };
}

const answerToError = (error: unknown): ApiAnswer =>
  error instanceof BodyTooLargeError
    ? gatewayAnswer(413, 'Request Entity Too Large')
    : gatewayAnswer(500, 'Internal Server Error');

function write(response: ServerResponse, answer: ApiAnswer): void {
  response.writeHead(answer.status, {
    ...answer.headers,
    ...(answer.cookies.length === 0 ? {} : { 'set-cookie': [...answer.cookies] }),
    'content-length': answer.body.length,
  });
  response.end(answer.body);
}

class Gateway {
  readonly #parts: ApiServerParts;
  readonly #buckets: ReadonlyMap<RoutePlan, TokenBucket>;
  #requests = 0;

  constructor(parts: ApiServerParts) {
    this.#parts = parts;
    this.#buckets = new Map(
      parts.plan.routes.flatMap((route) =>
        route.throttle === null ? [] : [[route, new TokenBucket(route.throttle, performance.now())]],
      ),
    );
  }

  async answer(incoming: IncomingMessage): Promise<ApiAnswer> {
    const { cors, routes } = this.#parts.plan;
    const method = incoming.method ?? 'GET';
    const url = new URL(incoming.url ?? '/', `http://${incoming.headers.host ?? 'localhost'}`);
    const origin = incoming.headers.origin;
    if (cors !== null && method === 'OPTIONS' && origin !== undefined) return preflight(cors, origin);
    const match = matchRoute(routes, method, url.pathname);
    if (match === null) return gatewayAnswer(404, 'Not Found');
    if (this.#buckets.get(match.route)?.take(performance.now()) === false)
      return gatewayAnswer(429, 'Too Many Requests');
    const jwt = await this.#authorize(match.route, incoming.headers.authorization);
    if (jwt === 'unauthorized') return gatewayAnswer(401, 'Unauthorized');
    if (jwt === 'forbidden') return gatewayAnswer(403, 'Forbidden');
    const answer = await this.#invoke(incoming, method, url, match, jwt);
    return cors === null || origin === undefined ? answer : withCors(answer, cors, origin);
  }

  async #authorize(
    route: RoutePlan,
    header: string | undefined,
  ): Promise<JwtContext | 'unauthorized' | 'forbidden' | null> {
    if (route.authorizer === null) return null;
    const token = /^(?:Bearer )?([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(header ?? '')?.[1];
    const verified = token === undefined ? null : await this.#parts.verify(token, route.authorizer);
    if (verified === null) return 'unauthorized';
    const granted = route.scopes.length === 0 || route.scopes.some((scope) => verified.scopes.includes(scope));
    return granted
      ? { claims: verified.claims, scopes: route.scopes.length === 0 ? null : verified.scopes }
      : 'forbidden';
  }

  async #invoke(
    incoming: IncomingMessage,
    method: string,
    url: URL,
    match: RouteMatch,
    jwt: JwtContext | null,
  ): Promise<ApiAnswer> {
    this.#requests += 1;
    const request: ApiRequest = {
      method,
      url,
      headers: incoming.headers,
      body: await readBody(incoming, BODY_BYTES_MAX),
      sourceIp: incoming.socket.remoteAddress ?? '127.0.0.1',
      requestId: `local-${this.#requests}`,
      // People's requests come in the machine's time, whatever day the house trades.
      nowMs: Math.floor(machineNowMs()),
    };
    const { outcome } = this.#parts.runtime.invoke(match.route.functionName, requestEvent(request, match, jwt));
    const ended = await within(outcome, match.route.timeoutMs);
    if (ended === null) return gatewayAnswer(503, 'Service Unavailable');
    return ended.ok ? functionAnswer(ended.payload) : gatewayAnswer(500, 'Internal Server Error');
  }
}

/** Null when the work did not end in time. */
async function within<T>(work: Promise<T>, limitMs: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function corsHeaders(cors: CorsPlan, origin: string): Readonly<Record<string, string>> {
  const allowed = cors.allowOrigins.includes('*') ? '*' : cors.allowOrigins.includes(origin) ? origin : null;
  if (allowed === null) return {};
  return {
    'access-control-allow-origin': allowed,
    'access-control-allow-methods': cors.allowMethods.join(','),
    'access-control-allow-headers': cors.allowHeaders.join(','),
  };
}

const preflight = (cors: CorsPlan, origin: string): ApiAnswer => ({
  status: 204,
  headers: corsHeaders(cors, origin),
  cookies: [],
  body: Buffer.alloc(0),
});

const withCors = (answer: ApiAnswer, cors: CorsPlan, origin: string): ApiAnswer => ({
  ...answer,
  headers: { ...answer.headers, ...corsHeaders(cors, origin) },
});
