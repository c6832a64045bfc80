/** Secrets over Secrets Manager, remembered for a short while. */
import {
  GetSecretValueCommand,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';
import { attempt, type AttemptLimits } from '#shared/core/kernel/attempts.ts';
import { callFault } from '#shared/core/kernel/call-failure.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { refuseRealAwsRequests } from '#shared/core/kernel/real-aws.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Pacing } from '#shared/ports/pacing.ts';
import type { Secrets } from '#shared/ports/secrets.ts';

export interface SecretsManagerOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly pacing: Pacing;
  /** How long a value is remembered. Default five minutes: a rotated secret is seen by then. */
  readonly ageMsMax?: number;
  /** Region, credentials and endpoint come from the standard environment variables unless given. */
  readonly client?: SecretsManagerClientConfig;
}

const AGE_MS_MAX = 5 * 60_000;
const LIMITS: AttemptLimits = { attemptsMax: 5, waitMsBase: 20, waitMsMax: 500 };
const TIMEOUTS = { connectionTimeout: 1000, requestTimeout: 4000, throwOnRequestTimeout: true } as const;

export function openSecretsManager(options: SecretsManagerOptions): Secrets {
  const client = new SecretsManagerClient({ requestHandler: TIMEOUTS, ...options.client, maxAttempts: 1 });
  if (process.env['BELAY_LOCAL'] === '1') {
    client.middlewareStack.add(refuseRealAwsRequests, { step: 'finalizeRequest', name: 'refuseRealAws' });
  }
  const remembered = new Map<string, { readonly text: string; readonly readAt: number }>();
  return {
    async read(id) {
      const known = remembered.get(id);
      const age = known === undefined ? Number.POSITIVE_INFINITY : options.clock.now() - known.readAt;
      if (known !== undefined && age >= 0 && age < (options.ageMsMax ?? AGE_MS_MAX)) return known.text;
      const text = await attempt(options.pacing, LIMITS, true, () => fetchSecret(client, id));
      remembered.set(id, { text, readAt: options.clock.now() });
      return text;
    },
  };
}

async function fetchSecret(client: SecretsManagerClient, id: string): Promise<string> {
  let text: string | undefined;
  try {
    text = (await client.send(new GetSecretValueCommand({ SecretId: id }))).SecretString;
  } catch (error) {
    throw callFault('secrets', error, 'read');
  }
  if (text === undefined) throw new Fault('permanent', 'secrets-not-text', `the secret ${id} is not a text`);
  return text;
}
