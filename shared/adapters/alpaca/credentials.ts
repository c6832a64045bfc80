/** The broker's key and secret as they lie in the secret store. */
import * as z from 'zod';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { AlpacaCredentials } from './endpoints.ts';

const stored = z.object({ key: z.string().min(1), secret: z.string().min(1) });

/** @throws Fault `permanent` that says what the secret must look like, and never what it is. */
export function credentialsOf(secretText: string): AlpacaCredentials {
  const wanted = 'the broker secret must be JSON with the texts "key" and "secret"';
  let parsed: unknown;
  try {
    parsed = JSON.parse(secretText);
  } catch {
    // The parser's own message would quote the secret.
    throw new Fault('permanent', 'broker-configuration', wanted);
  }
  const read = stored.safeParse(parsed);
  if (!read.success) throw new Fault('permanent', 'broker-configuration', wanted);
  return read.data;
}
