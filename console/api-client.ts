/**
 * The client of the control API, for the page and the command line. What goes in and what comes out is typed by the
 * schemas that the API itself uses, and an answer that does not fit them is an error here.
 */
import type * as z from 'zod';
import { problemSchema } from '#functions/control/schemas.ts';

/** The API refused, or something between refused for it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** Stable, kebab-case; "http-<status>" where the answer came from somewhere before the API. */
  readonly code: string;
  /** The field at fault, or null. */
  readonly field: string | null;
  constructor(status: number, code: string, message: string, field: string | null) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

export interface ApiOptions {
  readonly baseUrl: string;
  readonly token: string;
}

interface Endpoint<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType, R extends z.ZodType> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly success: { readonly mediaType: string; readonly body: R };
}

interface Request<P, Q, B> {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Makes a repeat of the request known for one. */
  readonly idempotencyKey?: string;
}

function addressOf(baseUrl: string, path: string, params: object, query: object): URL {
  const values = new Map(Object.entries(params).map(([name, value]) => [name, encodeURIComponent(String(value))]));
  const address = new URL(
    path.replaceAll(/\{([a-z_]+)\}/g, (_, name: string) => values.get(name) ?? ''),
    baseUrl,
  );
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) address.searchParams.set(name, String(value));
  }
  return address;
}

async function errorOf(answer: Response): Promise<ApiError> {
  const text = await answer.text();
  const read =
    answer.headers.get('content-type')?.startsWith('application/problem+json') === true
      ? problemSchema.safeParse(JSON.parse(text))
      : null;
  return read?.success === true
    ? new ApiError(answer.status, read.data.code, read.data.detail, read.data.field ?? null)
    : new ApiError(answer.status, `http-${answer.status}`, `the answer was ${answer.status}`, null);
}

/**
 * Asks one route of the table.
 * @throws ApiError for every answer but a success, ZodError for a success that does not fit its schema
 */
export async function askApi<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType, R extends z.ZodType>(
  { baseUrl, token }: ApiOptions,
  route: { readonly method: string; readonly path: string },
  endpoint: Endpoint<P, Q, B, R>,
  request: Request<z.input<P>, z.input<Q>, z.input<B>> = {},
): Promise<z.output<R>> {
  const { params, query, body, idempotencyKey } = request;
  const answer = await fetch(addressOf(baseUrl, route.path, params ?? {}, query ?? {}), {
    method: route.method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw await errorOf(answer);
  const told: unknown = endpoint.success.mediaType === 'application/json' ? await answer.json() : await answer.text();
  return endpoint.success.body.parse(told);
}
