/**
 * Requests to one of Alpaca's two HTTP services: credentials, the gate in front, a deadline, and repeats for reads.
 * A POST or a DELETE is sent once, whatever happens: only its caller knows what a second one would mean.
 */
import { ExponentialBackoff, handleWhen, retry, TaskCancelledError, timeout, wrap } from 'cockatiel';
import type * as z from 'zod';
import { Fault, invariant } from '#shared/core/kernel/fault.ts';
import type { RequestGate } from '#shared/ports/request-gate.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { AlpacaCredentials } from './endpoints.ts';
import { type BrokerError, brokerErrorOf } from './error-body.ts';
import { type AlpacaRequest, attempt, type Desk, LIMIT, type Reply } from './http-attempt.ts';
import type { AnswerHead } from './http-exchange.ts';
import { type Redact, redactor } from './redaction.ts';
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

/** What a read asks; reads are GETs. */
export type ReadRequest = Omit<AlpacaRequest, 'method' | 'body'>;

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
  const { credentials, baseUrl, telemetry, gate = OPEN_GATE, deadlineMs = DEADLINE_MS } = options;
  const redact = redactor(credentials);
  const desk: Desk = { credentials, baseUrl, telemetry, gate, redact };
  const reads = wrap(
    timeout(deadlineMs, LIMIT),
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
        return readResult(request, await attempt(desk, request, tryMs, signal));
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
    once: (request) => attempt(desk, request, deadlineMs),
    async read(request, schema) {
      const value = await find(request, schema, () => false);
      invariant(value !== null, 'a read without an absence answered null');
      return value;
    },
  };
}
