/**
 * Requests to one of Alpaca's two HTTP services: credentials, the gate in front, a deadline, and repeats for reads.
 * A POST or a DELETE is sent once, whatever happens: only its caller knows what a second one would mean.
 */
import { ExponentialBackoff, handleWhen, retry, TaskCancelledError, TimeoutStrategy, timeout, wrap } from 'cockatiel';
import type * as z from 'zod';
import { Fault, invariant } from '#shared/core/kernel/fault.ts';
import type { RequestGate, RequestKind, RequestOutcome, RequestResult } from '#shared/ports/request-gate.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { AlpacaCredentials } from './endpoints.ts';
import { type BrokerError, brokerErrorOf } from './error-body.ts';
import { parseExactJson } from './exact-json.ts';
import { type AnswerHead, type Exchange, exchange } from './http-exchange.ts';
import { excerptOf, type Redact, redactor } from './redaction.ts';
import { readAnswer } from './wire-fields.ts';

export interface AlpacaHttpOptions {
  readonly credentials: AlpacaCredentials;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** One line for each request, with its id; never a body, a header or a credential. */
  readonly telemetry: Telemetry;
  /** The shared budget and circuit of this service; without one every request passes. */
  readonly gate?: RequestGate;
  /** For one call in all, repeats included. Default 10 s. */
  readonly deadlineMs?: number;
  /** For one try of a read. Default 4 s. */
  readonly tryMs?: number;
  /** Tries of a read, the first included. Default 3. */
  readonly triesMax?: number;
  /** Before the second try of a read; doubles, with jitter. Default 100 ms. */
  readonly backoffMs?: number;
}

export interface AlpacaRequest {
  readonly kind: RequestKind;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With its leading slash, encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** What a read asks; reads are GETs. */
export type ReadRequest = Omit<AlpacaRequest, 'method' | 'body'>;

/**
 * What one request came to. `json` is the service's own answer, whatever its status; `garbled` is an answer whose body
 * is no whole JSON, as a proxy's page. A `gate` refusal is `not-sent`.
 */
export type Reply =
  | { readonly kind: 'json'; readonly head: AnswerHead; readonly value: unknown }
  | { readonly kind: 'garbled'; readonly head: AnswerHead; readonly cause: string }
  | { readonly kind: 'lost'; readonly cause: string }
  | { readonly kind: 'not-sent'; readonly cause: string; readonly fault: Fault | null };

/** A read that the service answered with something other than 2xx, definitely. */
export interface ReadRefusal {
  readonly status: number;
  readonly error: BrokerError;
}

export interface AlpacaHttp {
  /** Sends at most once, and tells what became of it. @throws Bug only. */
  once(request: AlpacaRequest): Promise<Reply>;
  /**
   * A GET, repeated after a failure that may pass, read by the schema.
   * @throws Fault: `transient` when unreachable, failing or throttled; `permanent` when refused or not readable.
   */
  read<T>(request: ReadRequest, schema: z.ZodType<T>): Promise<T>;
  /** The same, or null where `absent` knows the refusal for "there is none". */
  find<T>(request: ReadRequest, schema: z.ZodType<T>, absent: (refusal: ReadRefusal) => boolean): Promise<T | null>;
  readonly redact: Redact;
}

const DEADLINE_MS = 10_000;
const TRY_MS = 4_000;
const TRIES_MAX = 3;
const BACKOFF_MS = 100;
const BACKOFF_MS_MAX = 2_000;

const OPEN_GATE: RequestGate = { before: () => Promise.resolve(), after: () => Promise.resolve() };

/** A failure of a read that may pass; leaves this file as its fault. */
class PassingFailure extends Error {
  readonly fault: Fault;
  constructor(fault: Fault) {
    super(fault.message, { cause: fault });
    this.fault = fault;
  }
}

const resultOf = (reply: Reply): RequestResult => {
  switch (reply.kind) {
    case 'lost':
      return 'lost';
    case 'not-sent':
      return 'not-sent';
    case 'garbled':
      return reply.head.status === 429 ? 'throttled' : 'failing';
    case 'json':
      if (reply.head.status === 429) return 'throttled';
      return reply.head.status >= 500 ? 'failing' : 'answered';
  }
};

function replyOf(result: Exchange, redact: Redact): Reply {
  switch (result.kind) {
    case 'lost':
      return { kind: 'lost', cause: redact(result.cause) };
    case 'not-sent':
      return { kind: 'not-sent', cause: redact(result.cause), fault: null };
    case 'torn':
      return { kind: 'garbled', head: result.head, cause: redact(result.cause) };
    case 'answer': {
      const { head, body } = result;
      if (head.status === 204) return { kind: 'json', head, value: null };
      if (body.trim() === '') return { kind: 'garbled', head, cause: 'the answer is empty' };
      try {
        return { kind: 'json', head, value: parseExactJson(body) };
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        return { kind: 'garbled', head, cause: `the answer is no JSON: ${excerptOf(redact(body)).slice(0, 120)}` };
      }
    }
  }
}

const outcomeOf = (request: AlpacaRequest, reply: Reply, durationMs: number): RequestOutcome => {
  const head = reply.kind === 'json' || reply.kind === 'garbled' ? reply.head : null;
  return {
    kind: request.kind,
    method: request.method,
    path: request.path,
    result: resultOf(reply),
    status: head?.status ?? null,
    cause: reply.kind === 'json' ? null : reply.cause,
    requestId: head?.requestId ?? null,
    durationMs,
    retryAfterMs: head?.retryAfterMs ?? null,
    rateLimit: head?.rateLimit ?? null,
  };
};

function urlOf(baseUrl: string, request: AlpacaRequest): URL {
  const url = new URL(baseUrl + request.path);
  // An id of dots would climb: DELETE /v2/orders/. is the cancellation of every order.
  invariant(url.href === baseUrl + request.path, `the path ${request.path} does not survive as it is`);
  for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
  return url;
}

const headersOf = (credentials: AlpacaCredentials, request: AlpacaRequest): Record<string, string> => ({
  'APCA-API-KEY-ID': credentials.key,
  'APCA-API-SECRET-KEY': credentials.secret,
  accept: 'application/json',
  ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
});

const retryHint = (head: AnswerHead): string =>
  head.retryAfterMs === null ? 'and does not say when to try again' : `and asks to wait ${head.retryAfterMs} ms`;

/** Statuses of a read that say "not now": the service, or a proxy in front of it, is failing. */
const mayPass = (status: number): boolean => status === 408 || status >= 500;

/** The value of a read, the refusal of it, or a throw. */
function readResult(request: AlpacaRequest, reply: Reply): { readonly value: unknown } | ReadRefusal {
  const what = `${request.method} ${request.path}`;
  const passing = (code: string, cause: string): PassingFailure =>
    new PassingFailure(new Fault('transient', code, `${what}: ${cause}`));
  switch (reply.kind) {
    case 'not-sent':
      if (reply.fault !== null) throw reply.fault;
      throw passing('broker-unreachable', reply.cause);
    case 'lost':
      throw passing('broker-unreachable', reply.cause);
    case 'garbled':
    case 'json': {
      const { status, requestId } = reply.head;
      const whose = `status ${status}, request ${requestId ?? 'without an id'}`;
      // Not repeated: every function of the house spends the same budget, and whoever holds it knows when to ask again.
      if (status === 429) {
        throw new Fault(
          'transient',
          'broker-throttled',
          `${what}: the broker throttles (${whose}) ${retryHint(reply.head)}`,
        );
      }
      if (reply.kind === 'garbled') throw passing('broker-answer-garbled', `${reply.cause} (${whose})`);
      if (mayPass(status)) throw passing('broker-failing', `the broker fails (${whose})`);
      if (status >= 200 && status < 300) return { value: reply.value };
      return { status, error: brokerErrorOf(reply.value) };
    }
  }
}

const refusedRead = (request: AlpacaRequest, refusal: ReadRefusal, redact: Redact): Fault => {
  const { status, error } = refusal;
  const said = redact(error.message ?? 'nothing');
  const code = status === 401 || error.message === 'forbidden.' ? 'broker-credentials' : 'broker-read-refused';
  return new Fault('permanent', code, `${request.method} ${request.path}: status ${status}, the broker says: ${said}`);
};

export function alpacaHttp(options: AlpacaHttpOptions): AlpacaHttp {
  const { credentials, telemetry } = options;
  const gate = options.gate ?? OPEN_GATE;
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
  const redact = redactor(credentials);

  /** One request, from the gate to the answer, within the limit. */
  async function attempt(request: AlpacaRequest, limitMs: number, signal?: AbortSignal): Promise<Reply> {
    const url = urlOf(options.baseUrl, request);
    const progress = { passed: false, sent: false };
    const run = async (context: { readonly signal: AbortSignal }): Promise<Exchange> => {
      await gate.before(request.kind);
      progress.passed = true;
      if (context.signal.aborted) return { kind: 'not-sent', cause: 'the deadline passed before the request was sent' };
      progress.sent = true;
      const body = request.body === undefined ? null : JSON.stringify(request.body);
      return exchange({ method: request.method, url, headers: headersOf(credentials, request), body }, context.signal);
    };
    const startedAt = performance.now();
    let reply: Reply;
    try {
      reply = replyOf(await timeout(limitMs, TimeoutStrategy.Aggressive).execute(run, signal), redact);
    } catch (error) {
      if (error instanceof TaskCancelledError) {
        const cause = `no answer within ${limitMs} ms`;
        reply = progress.sent ? { kind: 'lost', cause } : { kind: 'not-sent', cause, fault: null };
      } else if (error instanceof Fault && !progress.passed) {
        return { kind: 'not-sent', cause: redact(error.message), fault: error };
      } else throw error;
    }
    await report(outcomeOf(request, reply, Math.round(performance.now() - startedAt)));
    return reply;
  }

  async function report(outcome: RequestOutcome): Promise<void> {
    const { rateLimit, ...fields } = outcome;
    const line = { ...fields, rateLimitRemaining: rateLimit?.remaining ?? null };
    if (outcome.result === 'answered') telemetry.info('broker request', line);
    else telemetry.warn('broker request', line);
    try {
      await gate.after(outcome);
    } catch (error) {
      // The order's outcome is known by now, and must not be lost to the books of the budget.
      telemetry.error('the gate in front of the broker could not take an outcome', { path: outcome.path }, error);
    }
  }

  const reads = wrap(
    timeout(deadlineMs, TimeoutStrategy.Aggressive),
    retry(
      handleWhen((error) => error instanceof PassingFailure),
      {
        maxAttempts: (options.triesMax ?? TRIES_MAX) - 1,
        backoff: new ExponentialBackoff({ initialDelay: options.backoffMs ?? BACKOFF_MS, maxDelay: BACKOFF_MS_MAX }),
      },
    ),
  );
  const tryMs = Math.min(options.tryMs ?? TRY_MS, deadlineMs);

  async function get(request: AlpacaRequest): Promise<{ readonly value: unknown } | ReadRefusal> {
    try {
      return await reads.execute(async ({ signal }) => {
        // The retry policy wakes from its last wait even when the deadline has passed meanwhile.
        if (signal.aborted) throw new TaskCancelledError();
        return readResult(request, await attempt(request, tryMs, signal));
      });
    } catch (error) {
      if (error instanceof PassingFailure) throw error.fault;
      if (!(error instanceof TaskCancelledError)) throw error;
      const message = `${request.method} ${request.path}: no answer within ${deadlineMs} ms`;
      throw new Fault('transient', 'broker-unreachable', message, { cause: error });
    }
  }

  async function find<T>(
    read: ReadRequest,
    schema: z.ZodType<T>,
    absent: (refusal: ReadRefusal) => boolean,
  ): Promise<T | null> {
    const request: AlpacaRequest = { ...read, method: 'GET' };
    const result = await get(request);
    if ('value' in result) return readAnswer(schema, result.value, `GET ${request.path}`, redact);
    if (absent(result)) return null;
    throw refusedRead(request, result, redact);
  }

  return {
    redact,
    find,
    once: (request) => attempt(request, deadlineMs),
    async read(request, schema) {
      const value = await find(request, schema, () => false);
      invariant(value !== null, 'a read without an absence answered null');
      return value;
    },
  };
}
