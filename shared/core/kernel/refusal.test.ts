import { describe, expect, it } from 'vitest';
import { isRefusalCode, REFUSALS, refusal, refusalStage } from './refusal.ts';

describe('a refusal', () => {
  it('is a value with its code, its sentence and its numbers', () => {
    const context = { limit: '10', actual: '12' };
    expect(refusal('position-limit', 'The position would exceed its limit.', context)).toEqual({
      code: 'position-limit',
      message: 'The position would exceed its limit.',
      context,
    });
    expect(refusal('kill-switch-engaged', 'The kill switch is engaged.').context).toEqual({});
  });

  it('belongs to the stage where it was made', () => {
    expect(refusalStage('regime-crisis')).toBe('regime');
    expect(refusalStage('kill-switch-engaged')).toBe('safety');
    expect(refusalStage('idempotency-conflict')).toBe('claim');
    expect(refusalStage('lease-lost')).toBe('send');
    expect(refusalStage('broker-wash-trade')).toBe('broker');
  });

  it('has a code of lower-case words, fit for a table, a metric and a page', () => {
    const codes = Object.keys(REFUSALS);
    expect(codes.length).toBeGreaterThan(80);
    expect(codes.filter((code) => !/^[a-z]+(-[a-z]+)*$/.test(code))).toEqual([]);
  });
});

describe('a text', () => {
  it('is a refusal code when it is in the closed union', () => {
    expect(Object.keys(REFUSALS).every(isRefusalCode)).toBe(true);
  });

  it.each(['', 'unknown', 'Kill-Switch-Engaged', 'toString', '__proto__', 'constructor', 'kill-switch-engaged '])(
    'is none when it is %j',
    (text) => {
      expect(isRefusalCode(text)).toBe(false);
    },
  );
});
