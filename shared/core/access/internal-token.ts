/**
 * Tokens of calls from service to service, in the header Authorization:
 * "Belay-V1 <service>:<epoch seconds>:<nonce>:<HMAC-SHA256 in lower-case hex>". What the signature is over is here; it is
 * made and checked in runtime/signature.
 */

export const INTERNAL_SCHEME = 'Belay-V1';

/** A token without its signature: who calls, when, and the text that makes the call the only one of its kind. */
export interface InternalClaim {
  readonly service: string;
  /** Seconds since 1970. */
  readonly timeS: number;
  readonly nonce: string;
}

export interface InternalToken extends InternalClaim {
  readonly signature: string;
}

/** The call that a token is good for, and no other. */
export interface InternalCall {
  /** In upper case. */
  readonly method: string;
  /** As it was sent, percent-encoded or not. */
  readonly path: string;
  /** Without the question mark; empty where there is none. */
  readonly query: string;
  /** SHA-256 of the body's bytes as 64 hex digits; of no bytes where there is no body. */
  readonly bodySha256: string;
}

const FORM = /^Belay-V1 ([a-z][a-z0-9-]{0,31}):(\d{10}):([A-Za-z0-9_-]{16,64}):([0-9a-f]{64})$/;

/** Null for anything that is no token of this form. */
export function parseInternalToken(header: string): InternalToken | null {
  const [, service, time, nonce, signature] = FORM.exec(header) ?? [];
  if (service === undefined || time === undefined || nonce === undefined || signature === undefined) return null;
  return { service, timeS: Number(time), nonce, signature };
}

export const internalTokenText = ({ service, timeS, nonce, signature }: InternalToken): string =>
  `${INTERNAL_SCHEME} ${service}:${timeS}:${nonce}:${signature}`;

/** A path that is not well encoded is taken as it stands. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** One spelling for one path: a gateway may hand it on decoded. */
const canonicalPath = (path: string): string => decoded(path).split('/').map(encodeURIComponent).join('/');

/** Sorted by name, then value, each encoded as a form is. */
function canonicalQuery(query: string): string {
  const pairs = [...new URLSearchParams(query)].sort(([nameA, valueA], [nameB, valueB]) =>
    nameA === nameB ? (valueA < valueB ? -1 : 1) : nameA < nameB ? -1 : 1,
  );
  return new URLSearchParams(pairs).toString();
}

/** The text that is signed: eight lines, none of which can hold a line break. */
export const internalSignedText = (call: InternalCall, claim: InternalClaim): string =>
  [
    INTERNAL_SCHEME,
    call.method,
    canonicalPath(call.path),
    canonicalQuery(call.query),
    call.bodySha256,
    claim.service,
    String(claim.timeS),
    claim.nonce,
  ].join('\n');

/** Whether the token's time is further away than tolerated, before or after. */
export const isStale = ({ timeS }: InternalClaim, nowMs: number, toleranceMs: number): boolean =>
  Math.abs(nowMs - timeS * 1000) > toleranceMs;
