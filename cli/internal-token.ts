/** `belay internal-token`: the header of one call from service to service, for trying one out by hand. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { openSecretsManager } from '#shared/adapters/secrets/secrets.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { sharedSecretsOf } from '#shared/runtime/shared-secret.ts';
import { signInternalCall } from '#functions/control/internal-caller.ts';
import { takeSettings } from './settings.ts';

interface Options {
  readonly service: string;
  readonly body?: string;
}

const LINE = /^(GET|POST|PUT|DELETE) (\/internal\/v1\/[^\s?#]+)(?:\?(\S*))?$/;

/** @throws RangeError for a call that is none, Fault when the secret cannot be read. */
async function tokenFor(call: string, { service, body }: Options): Promise<string> {
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

export const internalTokenCommand = (): Command =>
  new Command('internal-token')
    .description('print the Authorization header of one call from service to service')
    .argument('<call>', 'method and path, such as "GET /internal/v1/positions"')
    .option('--service <name>', 'who calls', 'operator')
    .option('--body <file>', 'the file that holds the body, byte for byte')
    .action(async (call: string, options: Options) => {
      console.log(await tokenFor(call, options));
    });
