/** The header that a service sends with a call, signed with the secret that services share. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { openSecretsManager } from '#shared/adapters/secrets/secrets.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { sharedSecretsOf } from '#shared/runtime/shared-secret.ts';
import { signInternalCall } from '#functions/control/internal-caller.ts';
import { takeSettings } from './settings.ts';

export interface CallOptions {
  readonly service: string;
  readonly body?: string;
}

const LINE = /^(GET|POST|PUT|DELETE) (\/internal\/v1\/[^\s?#]+)(?:\?(\S*))?$/;

/** @throws RangeError for a call that is none, Fault when the secret cannot be read. */
export async function signCall(call: string, { service, body }: CallOptions): Promise<string> {
  const [, method, path, query] = LINE.exec(call) ?? [];
  if (method === undefined || path === undefined) {
    throw new RangeError(`${JSON.stringify(call)} is no call: expected one such as "GET /internal/v1/positions"`);
  }
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(service)) throw new RangeError('expected the name of a service, such as "desk"');
  takeSettings(process.env);
  const { SECRET_INTERNAL_ID } = readConfiguration(process.env, ['SECRET_INTERNAL_ID']);
  const text = await openSecretsManager({ clock: systemClock, pacing: systemPacing }).read(SECRET_INTERNAL_ID);
  const [secret] = sharedSecretsOf(text, 'internal');
  const bytes = body === undefined ? new Uint8Array() : readFileSync(body);
  const claim = { service, timeS: Math.floor(systemClock.now() / 1000), nonce: randomUUID() };
  return signInternalCall({ method, path, query: query ?? '', body: bytes }, claim, secret);
}
