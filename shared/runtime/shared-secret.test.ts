import { describe, expect, it } from 'vitest';
import { sharedSecretsOf } from './shared-secret.ts';

const SECRET = 'a-secret-of-both-ends';

describe('a shared secret', () => {
  it.each(['', 'plain', '{}', '{"secret":"short"}', '{"secret":12345678901234567}', `{"previous":"${SECRET}"}`])(
    'refuses %j without quoting it',
    (text) => {
      expect(() => sharedSecretsOf(text, 'webhook')).toThrow(
        'the webhook secret must be JSON with a text "secret" of 16 characters',
      );
    },
  );

  it('is read, with the one before it while it is being changed', () => {
    expect(sharedSecretsOf(`{"secret":"${SECRET}"}`, 'webhook')).toEqual([SECRET]);
    const text = JSON.stringify({ secret: SECRET, previous: 'the-secret-before-it' });
    expect(sharedSecretsOf(text, 'internal')).toEqual([SECRET, 'the-secret-before-it']);
  });
});
