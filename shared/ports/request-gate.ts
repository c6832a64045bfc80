/**
 * What stands in front of every request to a broker: the budget of requests that all functions share, and the circuit
 * that opens when the broker fails. One gate stands for one budget: a broker that counts trading and market data apart
 * has two.
 */
import type { EpochMs } from '#shared/core/kernel/instant.ts';

/** What a request is for, most urgent last: an exit may be let through where a read is not. */
export type RequestKind = 'read' | 'lookup' | 'entry' | 'exit' | 'cancel';

/** How many requests the broker says are left, as its answer's headers tell it. */
export interface RateLimit {
  /** Requests a window. */
  readonly limit: number | null;
  /** Requests left in this window. */
  readonly remaining: number | null;
  /** When the window ends. */
  readonly resetAt: EpochMs | null;
}

/**
 * How one request ended on the wire. `answered` is any answer of the broker's own service, a refusal as well;
 * `throttled` is 429; `failing` is an answer that its service did not give (5xx, a proxy's page, a torn body); `lost`
 * is a request that was sent and has no answer; `not-sent` is one that provably never left.
 */
export type RequestResult = 'answered' | 'throttled' | 'failing' | 'lost' | 'not-sent';

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
   * Asked before each request on the wire, every try of a repeated read included. Returns to let it pass.
   * @throws Fault `transient` when the request is not to be sent.
   */
  before(kind: RequestKind): Promise<void>;
  /** Told after each request that was let pass, whatever became of it. Its failure never changes the answer. */
  after(outcome: RequestOutcome): Promise<void>;
}
