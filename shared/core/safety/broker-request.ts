/** Requests to a broker, as its budget and its circuit see them. */
import type { EpochMs } from '#shared/core/kernel/instant.ts';

/** What a request is for. */
export const REQUEST_KINDS = ['read', 'lookup', 'entry', 'exit', 'cancel'] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

/** What takes risk off, or finds out where it stands: it may use the reserve, and goes on while the circuit is open. */
export const isUrgent = (kind: RequestKind): boolean => kind === 'lookup' || kind === 'exit' || kind === 'cancel';

/**
 * How one request ended on the wire. `answered` is any answer of the broker's own service, a refusal as well;
 * `throttled` is 429; `failing` is an answer that its service did not give (5xx, a proxy's page, a torn body); `lost`
 * is a request that was sent and has no answer; `not-sent` is one that provably never left.
 */
export type RequestResult = 'answered' | 'throttled' | 'failing' | 'lost' | 'not-sent';

/** How many requests the broker says are left, as its answer's headers tell it. */
export interface RateLimit {
  /** Requests a window. */
  readonly limit: number | null;
  /** Requests left in this window. */
  readonly remaining: number | null;
  /** When the window ends. */
  readonly resetAt: EpochMs | null;
}
