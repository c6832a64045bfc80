import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { noSchedules } from './house-fixture.ts';
import { type AwsEndpoint, startAwsEndpoint } from '#infra/local/endpoint/aws-endpoint.ts';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { memorySecrets } from '#shared/adapters/memory/secrets.ts';
import { openSecretsManager } from '#shared/adapters/secrets/secrets.ts';
import { memoryPacing } from '#shared/adapters/memory/pacing.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import type { Secrets } from '#shared/ports/secrets.ts';
import { type FaultyProxy, refusal, startFaultyProxy } from './faulty-proxy.ts';

const texts = new Map([['belay/broker', '{"key":"k"}']]);
let endpoint: AwsEndpoint;
let proxy: FaultyProxy;
let clock: ManualClock;

beforeAll(async () => {
  const secret = (id: string) => {
    const text = texts.get(id);
    return text === undefined ? null : { arn: `arn:local:${id}`, name: id, text };
  };
  endpoint = await startAwsEndpoint({ bus: { put: () => 'none' }, buses: [], schedules: noSchedules(), secret });
  proxy = await startFaultyProxy(endpoint.url);
});

afterAll(async () => {
  await proxy.stop();
  await endpoint.close();
});

beforeEach(() => {
  clock = new ManualClock(epochMs(0));
  texts.set('belay/broker', '{"key":"k"}');
  proxy.treat();
});

const openReal = (): Secrets =>
  openSecretsManager({
    clock,
    pacing: memoryPacing(),
    client: { endpoint: proxy.endpoint, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } },
  });

describe.each([
  ['Secrets Manager', openReal],
  ['memory', () => memorySecrets({ 'belay/broker': '{"key":"k"}' })],
])('%s', (_, open) => {
  it('reads a secret, and refuses one that is missing without telling anything else', async () => {
    const secrets = open();
    expect(await secrets.read('belay/broker')).toBe('{"key":"k"}');
    for (const id of ['belay/none', 'toString']) {
      await expect(secrets.read(id)).rejects.toMatchObject({ kind: 'permanent', code: 'secrets-refused' });
    }
  });
});

describe('Secrets Manager: remembering', () => {
  it('asks once in five minutes, and then sees the rotated value', async () => {
    const secrets = openReal();
    await secrets.read('belay/broker');
    texts.set('belay/broker', '{"key":"rotated"}');
    clock.moveBy(5 * 60_000 - 1);
    expect(await secrets.read('belay/broker')).toBe('{"key":"k"}');
    expect(proxy.seen).toHaveLength(1);
    clock.moveBy(1);
    expect(await secrets.read('belay/broker')).toBe('{"key":"rotated"}');
    expect(proxy.seen).toHaveLength(2);
  });

  it('does not remember a failure', async () => {
    const secrets = openReal();
    proxy.treat(refusal('AccessDeniedException'));
    await expect(secrets.read('belay/broker')).rejects.toMatchObject({ kind: 'permanent', code: 'secrets-refused' });
    expect(await secrets.read('belay/broker')).toBe('{"key":"k"}');
  });

  it('asks again when an answer is lost, and ends transient when none comes', async () => {
    const secrets = openReal();
    proxy.treat('lose-answer', refusal('ThrottlingException'));
    expect(await secrets.read('belay/broker')).toBe('{"key":"k"}');
    const broken = refusal('InternalServiceError', {}, 500);
    proxy.treat(broken, broken, broken, broken, broken);
    await expect(openReal().read('belay/broker')).rejects.toMatchObject({
      kind: 'transient',
      code: 'secrets-no-answer',
    });
  });

  it('refuses a secret that is not a text', async () => {
    proxy.treat({ status: 200, body: { ARN: 'a', Name: 'n', SecretBinary: 'AAE=' } });
    await expect(openReal().read('belay/broker')).rejects.toMatchObject({ code: 'secrets-not-text' });
  });
});
