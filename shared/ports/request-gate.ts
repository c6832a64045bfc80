/**
 * What stands in front of every request to a broker: the budget of requests that all functions share, and the circuit
 * that opens when the broker fails. One gate stands for one budget: a broker that counts trading and market data apart
 * has two.
 */
import type { RateLimit, RequestKind, RequestResult } from '#shared/core/safety/broker-request.ts';
import type { RequestBar } from '#shared/core/safety/request-gate.ts';

/** One request, for the budget, the circuit and the log. Carries neither credentials nor bodies. */
export interface RequestOutcome {
  readonly kind: RequestKind;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly result: RequestResult;
  /** HTTP status, or null where none arrived. */
  readonly status: number | null;
  /** What went wrong, or null where an answer arrived whole. */
  readonly cause: string | null;
  /** The broker's own name for the request: its support asks for it. */
  readonly requestId: string | null;
  readonly durationMs: number;
  readonly retryAfterMs: number | null;
  readonly rateLimit: RateLimit | null;
}

export interface RequestGate {
  /**
   * Asked before each request on the wire, every try of a repeated read included. Returns to let it pass, at once or
   * after a short wait.
   * @throws Fault `transient` when the request is not to be sent: `request-budget-exhausted` or `broker-circuit-open`,
   * or what kept the gate from being asked.
   */
  before(kind: RequestKind): Promise<void>;
  /** Told after each request that was let pass, whatever became of it. Its failure never changes the answer. */
  after(outcome: RequestOutcome): Promise<void>;
}

/** The same gate for a sender who must not wait at it once he has taken his last look. */
export interface RequestPermits {
  /**
   * Sees to it that a request of the kind can pass at once in the next moments.
   * @returns null when it can, else why not and when to ask again; it never waits by itself.
   */
  prepare(kind: RequestKind): Promise<RequestBar | null>;
}
