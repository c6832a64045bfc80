import { describe, expect, it } from 'vitest';
import { Fault } from '#shared/core/kernel/fault.ts';
import { credentialsOf } from './credentials.ts';

function refusalOf(text: string): unknown {
  try {
    return credentialsOf(text);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return [error.kind, error.code, error.message, error.cause];
  }
}

describe('credentialsOf', () => {
  it('reads key and secret, and ignores what else is kept beside them', () => {
    expect(credentialsOf('{"key":"PK1","secret":"s","note":"x"}')).toEqual({ key: 'PK1', secret: 's' });
  });

  it.each([
    '',
    'HUSHHUSH',
    '{"key":"HUSHHUSH"}',
    '{"key":1,"secret":"HUSHHUSH"}',
    '"HUSHHUSH"',
    '{"key":"","secret":""}',
  ])('refuses %j without quoting it', (text) => {
    const message = 'the broker secret must be JSON with the texts "key" and "secret"';
    expect(refusalOf(text)).toEqual(['permanent', 'broker-configuration', message, undefined]);
  });
});
