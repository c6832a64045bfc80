/**
 * One request from the gateway to its answer: the route of the table, who asks, whether he may, whether the budget of
 * the route's class allows it, and only then what is asked.
 */
import { INTERNAL_SCHEME } from '#shared/core/access/internal-token.ts';
import { type Grant, mayUse } from '#shared/core/access/permissions.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { RateStanding } from '#shared/ports/rate-limits.ts';
import { type Problem, problemOfRefusal } from '#shared/runtime/outcome.ts';
import { BODY_BYTES_MAX } from './limits.ts';
import { CONTROL_ROUTES } from './openapi.ts';
import { type ControlDependencies, type NotDone, problemOutcome } from './operation.ts';
import { internalCaller } from './internal-caller.ts';
import { OPERATIONS } from './operations.ts';
import { type ControlOperation, INTERNAL_ROUTES, type Route } from './routes.ts';

/** One request, read from the gateway's event. */
export interface ControlRequest {
  /** Method and path pattern, such as "GET /api/v1/orders/{client_order_id}". */
  readonly route: string;
  /** As it came, before anybody read it. */
  readonly line: { readonly method: string; readonly path: string; readonly query: string };
  readonly parameters: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  /** Which person asks: the subject of the token that the gateway has checked, or null on an open route. */
  readonly subject: string | null;
  readonly grant: Grant;
  readonly requestId: string;
  /** When the gateway took it: what budgets of requests are counted by. */
  readonly receivedAt: EpochMs;
}

export interface ControlAnswer {
  readonly status: number;
  readonly mediaType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `service`: no gateway has checked who calls. */
interface Door {
  readonly id: ControlOperation;
  readonly route: Route;
  readonly kind: 'people' | 'service';
}

const doorsOf = (
  rows: readonly (readonly [ControlOperation, Route])[],
  kind: Door['kind'],
): readonly (readonly [string, Door])[] =>
  rows.map(([id, route]) => [`${route.method} ${route.path}`, { id, route, kind }] as const);

const BY_KEY: ReadonlyMap<string, Door> = new Map([
  ...doorsOf(CONTROL_ROUTES, 'people'),
  ...doorsOf(INTERNAL_ROUTES, 'service'),
]);

interface Asker {
  readonly subject: string;
  readonly grant: Grant;
}

/** Who asks, by whatever the door asks for. */
async function callerAt(
  { kind }: Door,
  dependencies: ControlDependencies,
  request: ControlRequest,
): Promise<Asker | NotDone> {
  if (kind === 'people') return { subject: request.subject ?? 'anonymous', grant: request.grant };
  const { line, body, receivedAt, headers } = request;
  if (body.length > BODY_BYTES_MAX) return TOO_LARGE;
  const signed = { ...line, body, receivedAt, authorization: headers['authorization'] };
  const caller = await internalCaller(dependencies, signed);
  if (caller.ok) return { subject: caller.subject, grant: caller.grant };
  const { outcome } = caller;
  if (outcome.kind === 'problem') {
    dependencies.telemetry.warn('a service was not let in', { code: outcome.problem.code, path: line.path });
  }
  return outcome;
}

/** @throws Fault when a table, a lane or the broker does not answer. */
export async function answerRequest(
  dependencies: ControlDependencies,
  request: ControlRequest,
): Promise<ControlAnswer> {
  const door = BY_KEY.get(request.route);
  if (door === undefined) {
    return answerOf(
      problemOutcome(404, 'no-such-route', 'There is no such route', `${request.route} is not part of the API`),
    );
  }
  const { id, route } = door;
  const { permission } = route;
  const caller = await callerAt(door, dependencies, request);
  if ('kind' in caller) return answerOf(caller);
  if (permission !== null && !mayUse(caller.grant, permission)) {
    const detail = `this needs the permission ${permission}, which none of your roles has`;
    return answerOf(problemOutcome(403, 'permission-missing', 'The request is not permitted', detail));
  }
  const standing = await takeFromBudget(dependencies, route, request.receivedAt);
  const headers = standing === null ? {} : standingHeaders(standing);
  if (standing?.allowed === false) {
    const detail = `at most ${standing.limit} requests a minute of the class "${route.rate}"; try again later`;
    const retry = { 'retry-after': String(Math.ceil(standing.resetMs / 1000)) };
    return answerOf(problemOutcome(429, 'rate-limited', 'Too many requests', detail), { ...headers, ...retry });
  }
  return await answerOperation(dependencies, id, { ...request, ...caller }, headers);
}

/** Open routes are held by the gateway's own throttle and read no table. */
async function takeFromBudget(
  { rates, rateLimits, accountId }: ControlDependencies,
  { rate, permission }: Route,
  receivedAt: EpochMs,
): Promise<RateStanding | null> {
  if (rate === 'halt' || permission === null) return null;
  return await rates.take({ accountId, budget: rate, limit: rateLimits[rate], now: receivedAt });
}

const standingHeaders = ({ limit, remaining, resetMs }: RateStanding): Readonly<Record<string, string>> => ({
  'ratelimit-limit': String(limit),
  'ratelimit-remaining': String(remaining),
  'ratelimit-reset': String(Math.ceil(resetMs / 1000)),
});

const TOO_LARGE = problemOutcome(
  413,
  'body-too-large',
  'The body is too large',
  `expected a body of at most ${BODY_BYTES_MAX} bytes`,
);

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;

async function answerOperation(
  dependencies: ControlDependencies,
  id: ControlOperation,
  request: ControlRequest & { readonly subject: string },
  headers: Readonly<Record<string, string>>,
): Promise<ControlAnswer> {
  const { schema, run } = OPERATIONS[id];
  const key = request.headers['idempotency-key'];
  if (key !== undefined && !IDEMPOTENCY_KEY.test(key)) {
    const detail = 'expected 1 to 128 visible ASCII characters';
    return answerOf(problemOutcome(400, 'malformed', 'The request is malformed', detail, 'Idempotency-Key'), headers);
  }
  const body = readBody(request.body);
  if (!body.ok) return answerOf(body.outcome, headers);
  const call = {
    subject: request.subject,
    grant: request.grant,
    requestId: request.requestId,
    now: dependencies.clock.now(),
    idempotencyKey: key ?? null,
  };
  const raw = { params: request.parameters, query: request.query, body: body.value };
  const outcome = await run(dependencies, call, raw);
  if (outcome.kind !== 'done') return answerOf(outcome, headers);
  const isJson = schema.success.mediaType === 'application/json';
  return {
    status: schema.success.status,
    mediaType: schema.success.mediaType,
    headers: { ...headers, ...outcome.headers },
    body: isJson ? JSON.stringify(outcome.body) : String(outcome.body),
  };
}

type ReadBody = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly outcome: NotDone };

/** An empty body is none; anything else has to be JSON. */
function readBody(bytes: Uint8Array): ReadBody {
  if (bytes.length === 0) return { ok: true, value: undefined };
  if (bytes.length > BODY_BYTES_MAX) return { ok: false, outcome: TOO_LARGE };
  try {
    return { ok: true, value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) };
  } catch {
    return { ok: false, outcome: problemOutcome(400, 'malformed', 'The request is malformed', 'expected a JSON body') };
  }
}

function answerOf(outcome: NotDone, headers: Readonly<Record<string, string>> = {}): ControlAnswer {
  const problem: Problem = outcome.kind === 'refused' ? problemOfRefusal(outcome.refusal) : outcome.problem;
  const challenge = problem.status === 401 ? { 'www-authenticate': INTERNAL_SCHEME } : {};
  return {
    status: problem.status,
    mediaType: 'application/problem+json',
    headers: { ...headers, ...challenge },
    body: JSON.stringify(problem),
  };
}
