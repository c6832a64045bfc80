import { describe, expect, it } from 'vitest';
import { excerptOf, redactor } from './redaction.ts';

describe('redactor', () => {
  it('takes key and secret out, plain and as addresses and JSON write them', () => {
    const redact = redactor({ key: 'PKKEY', secret: 'a/b+c"d' });
    expect(redact('key PKKEY, secret a/b+c"d.')).toBe('key [redacted], secret [redacted].');
    expect(redact('?s=a%2Fb%2Bc%22d&k=PKKEY')).toBe('?s=[redacted]&k=[redacted]');
    expect(redact(JSON.stringify({ secret: 'a/b+c"d' }))).toBe('{"secret":"[redacted]"}');
  });

  it('takes a secret out whole that contains the key', () => {
    expect(redactor({ key: 'PKKEY', secret: 'PKKEY-and-more' })('PKKEY-and-more')).toBe('[redacted]');
  });
});

describe('excerptOf', () => {
  it('gives the start on one line', () => {
    expect(excerptOf('  <html>\n\n  <body> ')).toBe('<html> <body>');
    expect(excerptOf('x'.repeat(900))).toHaveLength(500);
  });
});
