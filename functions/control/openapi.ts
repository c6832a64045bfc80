/** The OpenAPI 3.1 document of the API, made of the table of routes and the schemas. */
import * as z from 'zod';
import { NO_BODY, type OperationSchema } from './operation-schema.ts';
import { RATE_LIMITS } from './limits.ts';
import { type ControlOperation, type Route, ROUTES } from './routes.ts';
import { problemSchema, SCHEMAS } from './schemas.ts';

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

const NO_LIMIT_HEADERS: Json = {};
const LIMIT_HEADERS: Json = {
  'RateLimit-Limit': { description: 'Requests a minute.', schema: { type: 'integer' } },
  'RateLimit-Remaining': { description: 'Requests left in this minute.', schema: { type: 'integer' } },
  'RateLimit-Reset': { description: 'Seconds until the budget is whole again.', schema: { type: 'integer' } },
};

function problemsOf(route: Route): Json {
  const permitted = route.permission !== null;
  return {
    '400': problem('Something about the request is malformed; `field` says what.'),
    ...(permitted ? { '401': { description: 'There is no valid token.' } } : {}),
    ...(permitted ? { '403': problem(`The caller lacks ${route.permission}, or a scope for the strategy.`) } : {}),
    '404': problem('There is no such thing.'),
    ...(route.method === 'GET' ? {} : { '409': problem('It conflicts with what was asked or changed before.') }),
    '413': problem('The body is too large.'),
    ...(route.method === 'GET' ? {} : { '422': problem('A limit of the policy refuses it.') }),
    ...(route.rate === 'halt'
      ? {}
      : { '429': { ...problem('The budget of this class of requests is used up.'), headers: RETRY_HEADERS } }),
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
      headers: route.rate === 'halt' ? NO_LIMIT_HEADERS : LIMIT_HEADERS,
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

const tagOf = (path: string): string => /^\/api\/v1\/([a-z-]+)/.exec(path)?.[1]?.replace(/\.json$/, '') ?? 'house';

function operationOf(id: ControlOperation, route: Route): Json {
  const schema: OperationSchema = SCHEMAS[id];
  const parameters = [
    ...parametersIn('path', schema.params),
    ...parametersIn('query', schema.query),
    ...(route.rate === 'submit' || route.rate === 'cancel' ? [KEY_HEADER] : []),
  ];
  const limit = route.rate === 'halt' ? 'none' : `${RATE_LIMITS[route.rate]} a minute`;
  return {
    operationId: id,
    summary: route.summary,
    description: `Permission: ${route.permission ?? 'none'}. Limit: ${limit}.`,
    tags: [tagOf(route.path)],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...bodyOf(schema),
    responses: { ...successOf(route, schema), ...problemsOf(route) },
    security: route.permission === null ? [] : [{ token: [] }],
  };
}

/** The rows of this room, by operation. */
export const CONTROL_ROUTES: readonly (readonly [ControlOperation, Route])[] = Object.entries(ROUTES).flatMap(
  ([id, route]) => (isControlOperation(id) ? [[id, route] as const] : []),
);

function isControlOperation(id: string): id is ControlOperation {
  return Object.hasOwn(SCHEMAS, id);
}

/** @param build names the version of the document. */
export function openApiDocument(build: string): Record<string, unknown> {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [id, route] of CONTROL_ROUTES) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(id, route) };
  }
  const tags = [...new Set(CONTROL_ROUTES.map(([, route]) => tagOf(route.path)))].sort();
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
    components: {
      schemas: { Problem: schemaOf(problemSchema, 'output') },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}
