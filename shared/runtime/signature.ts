/** Signatures over bytes as they came. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** The HMAC-SHA256 of the bytes under the secret, as 64 lower-case hex digits. */
export const signatureOf = (bytes: Uint8Array, secret: string): string =>
  createHmac('sha256', secret).update(bytes).digest('hex');

/** True when `signature` is the lower-case hex HMAC-SHA256 of the body under the secret; compared in constant time. */
export function signatureFits(body: Uint8Array, signature: string, secret: string): boolean {
  const expected = createHmac('sha256', secret).update(body).digest();
  const given = /^[0-9a-f]{64}$/.test(signature) ? Buffer.from(signature, 'hex') : Buffer.alloc(expected.length);
  return timingSafeEqual(expected, given) && signature.length === 64;
}

/** SHA-256 of bytes, as 64 lower-case hex digits. */
export const bytesSha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
