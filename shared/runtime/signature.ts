/** Signatures over a body as it came. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** True when `signature` is the lower-case hex HMAC-SHA256 of the body under the secret; compared in constant time. */
export function signatureFits(body: Uint8Array, signature: string, secret: string): boolean {
  const expected = createHmac('sha256', secret).update(body).digest();
  const given = /^[0-9a-f]{64}$/.test(signature) ? Buffer.from(signature, 'hex') : Buffer.alloc(expected.length);
  return timingSafeEqual(expected, given) && signature.length === 64;
}
