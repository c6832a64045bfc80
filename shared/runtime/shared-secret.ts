/** Secrets that both ends of a call hold, as the store keeps them. */
import * as z from 'zod';
import { Fault } from '#shared/core/kernel/fault.ts';

const shared = z.string().min(16);
const storedSecret = z.object({ secret: shared, previous: shared.optional() });

/**
 * The secrets that are good now, from JSON with the text "secret". While one is being changed, the one before stands
 * beside it as "previous", so that neither end has to change first.
 * @param what names the secret in the fault
 * @throws Fault `permanent` that never quotes the secret
 */
export function sharedSecretsOf(text: string, what: string): readonly [string, ...string[]] {
  const wanted = `the ${what} secret must be JSON with a text "secret" of 16 characters or more`;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The parser's own message would quote the secret.
    throw new Fault('permanent', `${what}-configuration`, wanted);
  }
  const read = storedSecret.safeParse(parsed);
  if (!read.success) throw new Fault('permanent', `${what}-configuration`, wanted);
  const { secret, previous } = read.data;
  return previous === undefined ? [secret] : [secret, previous];
}
