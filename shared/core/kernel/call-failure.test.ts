import { describe, expect, it } from 'vitest';
import { callFailureOf } from './call-failure.ts';

const answered = (name: string, httpStatusCode: number): unknown =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });
const socket = (code: string, syscall: string): unknown => Object.assign(new Error(code), { code, syscall });

describe('callFailureOf', () => {
  it('knows what never left', () => {
    expect(callFailureOf(socket('ECONNREFUSED', 'connect'))).toBe('not-sent');
    expect(callFailureOf(socket('ETIMEDOUT', 'connect'))).toBe('not-sent');
    expect(callFailureOf(socket('ENOTFOUND', 'getaddrinfo'))).toBe('not-sent');
    const slow = new Error('the request socket did not establish a connection with the server within 1000 ms');
    expect(callFailureOf(slow)).toBe('not-sent');
  });

  it('knows what was turned away, by name or by status', () => {
    expect(callFailureOf(answered('ThrottlingException', 400))).toBe('throttled');
    expect(callFailureOf(answered('SomethingNew', 429))).toBe('throttled');
    expect(callFailureOf({ name: 'RequestLimitExceeded' })).toBe('throttled');
  });

  it('knows what is refused for good', () => {
    expect(callFailureOf(answered('AccessDeniedException', 403))).toBe('refused');
    expect(callFailureOf(answered('ValidationException', 400))).toBe('refused');
    expect(callFailureOf({ name: 'CredentialsProviderError' })).toBe('refused');
  });

  it('counts everything else as lost', () => {
    expect(callFailureOf(answered('InternalServerError', 500))).toBe('lost');
    expect(callFailureOf(answered('SyntaxError', 200))).toBe('lost');
    expect(callFailureOf(answered('RequestTimeout', 408))).toBe('lost');
    expect(callFailureOf(socket('ECONNRESET', 'read'))).toBe('lost');
    expect(callFailureOf(socket('EPIPE', 'write'))).toBe('lost');
    expect(callFailureOf(Object.assign(new Error('late'), { name: 'TimeoutError' }))).toBe('lost');
    expect(callFailureOf('a text')).toBe('lost');
    expect(callFailureOf(null)).toBe('lost');
  });
});
