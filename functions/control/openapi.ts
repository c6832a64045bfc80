/** The OpenAPI 3.1 document of the API, made of the table of routes and the schemas. */
import * as z from 'zod';
import { INTERNAL_SCHEME } from '#shared/core/access/internal-token.ts';
import { NO_BODY, type OperationSchema } from './operation-schema.ts';
import { RATE_LIMITS } from './limits.ts';
import { type ControlOperation, INTERNAL_ROUTES, type Route, ROUTES } from './routes.ts';
import { problemSchema, SCHEMAS, WEBHOOK_SCHEMA } from './schemas.ts';

type Json = { readonly [key: string]: unknown };

/** A schema as JSON Schema 2020-12, which OpenAPI 3.1 takes as it is. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

const PROBLEM = { $ref: '#/components/schemas/Problem' };
const problem = (description: string): Json => ({
  description,
  content: { 'application/problem+json': { schema: PROBLEM } },
});

const LIMIT_HEADERS: Json = {
  'RateLimit-Limit': { description: 'Requests a minute.', schema: { type: 'integer' } },
  'RateLimit-Remaining': { description: 'Requests left in this minute.', schema: { type: 'integer' } },
  'RateLimit-Reset': { description: 'Seconds until the budget is whole again.', schema: { type: 'integer' } },
};

/** Open routes are held by the gateway's throttle alone, which tells nothing of what is left. */
const isCounted = ({ rate, permission }: Route): boolean => rate !== 'halt' && permission !== null;

function problemsOf(route: Route): Json {
  const permitted = route.permission !== null;
  const isSigned = route.open !== null && (permitted || route.room === 'webhook');
  return {
    '400': problem('Something about the request is malformed; `field` says what.'),
    ...(isSigned ? { '401': problem('The signature is missing, or not right.') } : {}),
    // Said by the gateway, which knows nothing of problems.
    ...(permitted && !isSigned ? { '401': { description: 'There is no valid token.' } } : {}),
    ...(permitted ? { '403': problem(`The caller lacks ${route.permission}, or a scope for the strategy.`) } : {}),
    '404': problem('There is no such thing.'),
    ...(route.method === 'GET' ? {} : { '409': problem('It conflicts with what was asked or changed before.') }),
    '413': problem('The body is too large.'),
    ...(route.method === 'GET' ? {} : { '422': problem('A limit of the policy refuses it.') }),
    '429': isCounted(route)
      ? { ...problem('The budget of this class of requests is used up.'), headers: RETRY_HEADERS }
      : { description: "The gateway's throttle has been reached." },
    '503': problem('A safety gate is shut, or a dependency does not answer.'),
  };
}

const RETRY_HEADERS: Json = {
  ...LIMIT_HEADERS,
  'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' } },
};

function successOf(route: Route, { success }: OperationSchema): Json {
  return {
    [String(success.status)]: {
      description: success.status === 202 ? 'Taken; the status address tells what becomes of it.' : route.summary,
      ...(isCounted(route) ? { headers: LIMIT_HEADERS } : {}),
      content: { [success.mediaType]: { schema: schemaOf(success.body, 'input') } },
    },
  };
}

/** The parameters of a path or a query, from the properties of their schema. */
function parametersIn(place: 'path' | 'query', schema: z.ZodObject): readonly Json[] {
  const { properties, required, description } = schemaOf(schema, 'input');
  if (typeof properties !== 'object' || properties === null) return [];
  const needed: readonly unknown[] = Array.isArray(required) ? required : [];
  return Object.entries(properties).map(([name, value]: readonly [string, unknown]) => ({
    name,
    in: place,
    required: place === 'path' || needed.includes(name),
    ...(typeof description === 'string' ? { description } : {}),
    schema: value,
  }));
}

const KEY_HEADER: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Makes a repeat of the request known for one: same key and body, same answer.',
  schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,128}$' },
};

function bodyOf({ body }: OperationSchema): Json {
  if (body === NO_BODY) return {};
  const required = !body.safeParse(undefined).success;
  return { requestBody: { required, content: { 'application/json': { schema: schemaOf(body, 'input') } } } };
}

const tagOf = (path: string): string =>
  path.startsWith('/internal/') ? 'internal' : (/^\/api\/v1\/([a-z-]+)/.exec(path)?.[1] ?? 'house');

const takesKey = ({ rate }: Route): boolean => rate === 'submit' || rate === 'slice' || rate === 'cancel';

const titleOf = (id: string): string => `${id.slice(0, 1).toUpperCase()}${id.slice(1)}`;

type Security = 'token' | 'internalToken' | 'webhookSignature' | null;

interface Documented {
  readonly operationId: string;
  readonly route: Route;
  readonly schema: OperationSchema;
  readonly security: Security;
}

function limitOf(route: Route): string {
  if (route.open !== null) return `${route.open.rateMax} a second at the gateway`;
  return route.rate === 'halt' ? 'none' : `${RATE_LIMITS[route.rate]} a minute`;
}

function operationOf({ operationId, route, schema, security }: Documented): Json {
  const parameters = [
    ...parametersIn('path', schema.params),
    ...parametersIn('query', schema.query),
    ...(takesKey(route) ? [KEY_HEADER] : []),
  ];
  return {
    operationId,
    summary: route.summary,
    description: `Permission: ${route.permission ?? 'none'}. Limit: ${limitOf(route)}.`,
    tags: [tagOf(route.path)],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...bodyOf(schema),
    responses: { ...successOf(route, schema), ...problemsOf(route) },
    security: security === null ? [] : [{ [security]: [] }],
  };
}

/** The rows of this room, by operation. */
export const CONTROL_ROUTES: readonly (readonly [ControlOperation, Route])[] = Object.entries(ROUTES).flatMap(
  ([id, route]) => (isControlOperation(id) ? [[id, route] as const] : []),
);

function isControlOperation(id: string): id is ControlOperation {
  return Object.hasOwn(SCHEMAS, id);
}

/** Everything at the gateway: what people ask, what services ask, and the broker's webhook. */
const DOCUMENTED: readonly Documented[] = [
  ...CONTROL_ROUTES.map(([id, route]): Documented => {
    const security = route.permission === null ? null : 'token';
    return { operationId: id, route, schema: SCHEMAS[id], security };
  }),
  {
    operationId: 'receiveOrderUpdate',
    route: ROUTES.receiveOrderUpdate,
    schema: WEBHOOK_SCHEMA,
    security: 'webhookSignature',
  },
  ...INTERNAL_ROUTES.map(([id, route]): Documented => {
    return { operationId: `internal${titleOf(id)}`, route, schema: SCHEMAS[id], security: 'internalToken' };
  }),
];

const SECURITY_SCHEMES: Json = {
  token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: "A person's token." },
  internalToken: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: `${INTERNAL_SCHEME} service:seconds:nonce:HMAC-SHA256 over method, path, query, body hash, time and nonce.`,
  },
  webhookSignature: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Alpaca-Signature',
    description: 'The HMAC-SHA256 of the body as it was sent, in lower-case hex.',
  },
};

/** @param build names the version of the document. */
export function openApiDocument(build: string): Record<string, unknown> {
  const paths: Record<string, Record<string, Json>> = {};
  for (const documented of DOCUMENTED) {
    const { path, method } = documented.route;
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(documented) };
  }
  const tags = [...new Set(DOCUMENTED.map(({ route }) => tagOf(route.path)))].sort();
  return {
    openapi: '3.1.0',
    info: {
      title: 'Belay control API',
      version: build,
      description: 'What an operator or a program needs of a trading platform that fails closed.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The house that serves this document.' }],
    tags: tags.map((name) => ({ name, description: `Everything under ${name}.` })),
    paths,
    components: { schemas: { Problem: schemaOf(problemSchema, 'output') }, securitySchemes: SECURITY_SCHEMES },
  };
}
