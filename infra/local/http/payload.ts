/** Requests and answers in API Gateway's payload format 2.0. */
import type { IncomingHttpHeaders } from 'node:http';
import * as z from 'zod';
import { LOCAL_ACCOUNT } from '#infra/local/template/physical-names.ts';
import type { RouteMatch } from './route-match.ts';

export interface ApiRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly sourceIp: string;
  readonly requestId: string;
  readonly nowMs: number;
}

export interface JwtContext {
  readonly claims: Readonly<Record<string, string>>;
  readonly scopes: readonly string[] | null;
}

/** Bodies of these types travel as text, all others in base64. */
const TEXTUAL = /^(text\/|application\/(json|xml|javascript|x-www-form-urlencoded|problem\+json))/;

export function requestEvent(request: ApiRequest, match: RouteMatch, jwt: JwtContext | null): unknown {
  const { cookie, ...headers } = request.headers;
  const query = Object.fromEntries(
    [...new Set(request.url.searchParams.keys())].map((key) => [key, request.url.searchParams.getAll(key).join(',')]),
  );
  const isText = TEXTUAL.test(request.headers['content-type'] ?? 'text/plain');
  return {
    version: '2.0',
    routeKey: match.route.key,
    rawPath: request.url.pathname,
    rawQueryString: request.url.search.slice(1),
    ...(cookie === undefined ? {} : { cookies: cookie.split('; ') }),
    headers: Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, Array.isArray(value) ? value.join(',') : value]],
      ),
    ),
    ...(Object.keys(query).length === 0 ? {} : { queryStringParameters: query }),
    ...(Object.keys(match.pathParameters).length === 0 ? {} : { pathParameters: match.pathParameters }),
    requestContext: {
      accountId: LOCAL_ACCOUNT,
      apiId: 'local',
      domainName: request.url.hostname,
      domainPrefix: 'local',
      ...(jwt === null ? {} : { authorizer: { jwt: { claims: jwt.claims, scopes: jwt.scopes } } }),
      http: {
        method: request.method,
        path: request.url.pathname,
        protocol: 'HTTP/1.1',
        sourceIp: request.sourceIp,
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: request.requestId,
      routeKey: match.route.key,
      stage: '$default',
      time: new Date(request.nowMs).toUTCString(),
      timeEpoch: request.nowMs,
    },
    ...(request.body.length === 0 ? {} : { body: request.body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: request.body.length > 0 && !isText,
  };
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
}

const structured = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  cookies: z.array(z.string()).optional(),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().optional(),
});

const JSON_HEADERS = { 'content-type': 'application/json' };

/** A problem of the gateway itself, in its own words. */
export const gatewayAnswer = (status: number, message: string): ApiAnswer => ({
  status,
  headers: JSON_HEADERS,
  cookies: [],
  body: Buffer.from(JSON.stringify({ message })),
});

/** What the function answered, as HTTP; anything that is no structured answer is the body of a 200. */
export function functionAnswer(payload: unknown): ApiAnswer {
  if (typeof payload !== 'object' || payload === null || !('statusCode' in payload)) {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload ?? null);
    return { status: 200, headers: JSON_HEADERS, cookies: [], body: Buffer.from(text) };
  }
  const read = structured.safeParse(payload);
  if (!read.success) return gatewayAnswer(500, 'Internal Server Error');
  const { statusCode, headers, cookies, body, isBase64Encoded } = read.data;
  return {
    status: statusCode,
    headers: Object.fromEntries(
      Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]),
    ),
    cookies: cookies ?? [],
    body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}
