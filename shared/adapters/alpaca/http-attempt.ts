/** One request to one of Alpaca's two HTTP services: past the gate in front, within a limit of time, and told of. */
import { TaskCancelledError, TimeoutStrategy, timeout } from 'cockatiel';
import { Fault, invariant } from '#shared/core/kernel/fault.ts';
import type { RequestKind, RequestResult } from '#shared/core/safety/broker-request.ts';
import type { RequestGate, RequestOutcome } from '#shared/ports/request-gate.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { AlpacaCredentials } from './endpoints.ts';
import { parseExactJson } from './exact-json.ts';
import { type AnswerHead, type Exchange, exchange } from './http-exchange.ts';
import { excerptOf, type Redact } from './redaction.ts';

export interface AlpacaRequest {
  readonly kind: RequestKind;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With its leading slash, encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Not sent when the gate let it pass later than this. */
  readonly startWithinMs?: number;
}

/**
 * What one request came to. `json` is the service's own answer, whatever its status; `garbled` is an answer whose body
 * is no whole JSON, as a proxy's page. A `gate` refusal is `not-sent`.
 */
export type Reply =
  | { readonly kind: 'json'; readonly head: AnswerHead; readonly value: unknown }
  | { readonly kind: 'garbled'; readonly head: AnswerHead; readonly cause: string }
  | { readonly kind: 'lost'; readonly cause: string }
  | { readonly kind: 'not-sent'; readonly cause: string; readonly fault: Fault | null };

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

/** What every request of one service shares. */
export interface Desk {
  readonly credentials: AlpacaCredentials;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly telemetry: Telemetry;
  readonly gate: RequestGate;
  readonly redact: Redact;
}

/** Logs the outcome, and tells it to the gate where that let the request pass. */
async function report(desk: Desk, outcome: RequestOutcome, passed: boolean): Promise<void> {
  const { rateLimit, ...fields } = outcome;
  const line = { ...fields, rateLimitRemaining: rateLimit?.remaining ?? null };
  if (outcome.result === 'answered') desk.telemetry.info('broker request', line);
  else desk.telemetry.warn('broker request', line);
  if (!passed) return;
  try {
    await desk.gate.after(outcome);
  } catch (error) {
    // The order's outcome is known by now, and must not be lost to the books of the budget.
    const fields = { path: outcome.path };
    desk.telemetry.error('the gate in front of the broker could not take an outcome', fields, error);
  }
}

/**
 * A limit of time that aborts what runs past it. What ends in time has nothing left to abort, and an abort is dear: it
 * makes an exception with its stack.
 */
export const LIMIT = { strategy: TimeoutStrategy.Aggressive, abortOnReturn: false } as const;

/**
 * Sends one request once, from the gate to the answer within the limit.
 * @throws Bug only, and then before anything was sent.
 */
export async function attempt(
  desk: Desk,
  request: AlpacaRequest,
  limitMs: number,
  signal?: AbortSignal,
): Promise<Reply> {
  const url = urlOf(desk.baseUrl, request);
  const progress = { passed: false, sent: false };
  const startedAt = performance.now();
  const run = async (context: { readonly signal: AbortSignal }): Promise<Exchange> => {
    await desk.gate.before(request.kind);
    const waitedMs = Math.round(performance.now() - startedAt);
    if (request.startWithinMs !== undefined && waitedMs > request.startWithinMs) {
      return { kind: 'not-sent', cause: `the gate let it pass after ${waitedMs} ms, which is too late` };
    }
    progress.passed = true;
    // A gate that answers after the deadline finds the signal aborted, with which nothing is sent.
    progress.sent = true;
    const body = request.body === undefined ? null : JSON.stringify(request.body);
    const headers = headersOf(desk.credentials, request);
    return exchange({ method: request.method, url, headers, body }, context.signal);
  };
  let reply: Reply;
  try {
    reply = replyOf(await timeout(limitMs, LIMIT).execute(run, signal), desk.redact);
  } catch (error) {
    if (error instanceof TaskCancelledError) {
      const cause = `no answer within ${limitMs} ms`;
      reply = progress.sent ? { kind: 'lost', cause } : { kind: 'not-sent', cause, fault: null };
    } else if (error instanceof Fault && !progress.passed) {
      reply = { kind: 'not-sent', cause: desk.redact(error.message), fault: error };
    } else throw error;
  }
  await report(desk, outcomeOf(request, reply, Math.round(performance.now() - startedAt)), progress.passed);
  return reply;
}
