/**
 * Who a call from service to service comes from: the token is checked on the bytes as they came, before anything of them
 * is read, and is good for one call.
 */
import { type Grant, grantOf, type Role } from '#shared/core/access/permissions.ts';
import {
  INTERNAL_SCHEME,
  type InternalCall,
  type InternalClaim,
  internalSignedText,
  internalTokenText,
  isStale,
  parseInternalToken,
} from '#shared/core/access/internal-token.ts';
import { addMs, type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import type { Nonces } from '#shared/ports/nonces.ts';
import { bytesSha256, signatureFits, signatureOf } from '#shared/runtime/signature.ts';
import { type NotDone, problemOutcome } from './operation.ts';

/** What services are let in by. */
export interface InternalAccess {
  /** Shared with the services, each of them good. */
  readonly secrets: () => Promise<readonly string[]>;
  readonly role: Role;
  readonly toleranceMs: number;
}

export interface InternalRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: Uint8Array;
  readonly authorization: string | undefined;
  readonly receivedAt: EpochMs;
}

export type InternalCaller =
  | { readonly ok: true; readonly subject: string; readonly grant: Grant }
  | { readonly ok: false; readonly outcome: NotDone };

const signedBytes = (call: InternalCall, claim: InternalClaim): Uint8Array =>
  new TextEncoder().encode(internalSignedText(call, claim));

/** The header Authorization of one call. @param claim with a nonce that was never used before */
export function signInternalCall(
  call: Omit<InternalCall, 'bodySha256'> & { readonly body: Uint8Array },
  claim: InternalClaim,
  secret: string,
): string {
  const { body, ...line } = call;
  const signed = signedBytes({ ...line, bodySha256: bytesSha256(body) }, claim);
  return internalTokenText({ ...claim, signature: signatureOf(signed, secret) });
}

const notLetIn = (code: string, detail: string): InternalCaller => ({
  ok: false,
  outcome: problemOutcome(401, code, 'The caller is not known', detail, 'Authorization'),
});

/** @throws Fault where the secret or the table of nonces does not answer. */
export async function internalCaller(
  { internal, nonces }: { readonly internal: InternalAccess; readonly nonces: Nonces },
  request: InternalRequest,
): Promise<InternalCaller> {
  const { authorization, body, receivedAt, ...line } = request;
  const form = `expected "${INTERNAL_SCHEME} <service>:<epoch seconds>:<nonce>:<HMAC-SHA256 in hex>"`;
  if (authorization === undefined) return notLetIn('token-missing', form);
  const token = parseInternalToken(authorization);
  if (token === null) return notLetIn('token-malformed', form);
  if (isStale(token, receivedAt, internal.toleranceMs)) {
    const seconds = internal.toleranceMs / 1000;
    return notLetIn('token-stale', `expected a time at most ${seconds} s away from the clock of the house`);
  }
  const signed = signedBytes({ ...line, bodySha256: bytesSha256(body) }, token);
  const fits = (await internal.secrets()).map((secret) => signatureFits(signed, token.signature, secret));
  if (!fits.includes(true)) {
    return notLetIn('token-wrong', 'expected the signature of this method, path, query and body under the secret');
  }
  // Whoever cannot sign cannot use a nonce up.
  const forgetAt = addMs(epochMs(Math.max(receivedAt, token.timeS * 1000)), 2 * internal.toleranceMs);
  if (!(await nonces.spend({ owner: token.service, nonce: token.nonce, forgetAt }))) {
    return notLetIn('token-replayed', 'expected a nonce that was never used before');
  }
  return { ok: true, subject: `service:${token.service}`, grant: grantOf([internal.role]) };
}
