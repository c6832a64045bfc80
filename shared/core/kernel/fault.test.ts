import { describe, expect, it } from 'vitest';
import { Bug, Fault, invariant, unreachable } from './fault.ts';

describe('a fault', () => {
  it('says its kind, its code and its cause', () => {
    const cause = new Error('socket hang up');
    const fault = new Fault('uncertain', 'broker-timeout', 'The broker did not answer in time.', { cause });
    expect(fault).toMatchObject({ name: 'Fault', kind: 'uncertain', code: 'broker-timeout', cause });
    expect(fault).toBeInstanceOf(Error);
    expect(fault).not.toBeInstanceOf(Bug);
  });
});

describe('a bug', () => {
  it('is what a broken invariant throws', () => {
    expect(() => invariant(true, 'one is one')).not.toThrow('one is one');
    expect(() => invariant(false, 'one is two')).toThrow(new Bug('one is two'));
  });

  it('is what an impossible case throws, naming the value', () => {
    const decide = (side: 'buy' | 'sell'): string => {
      switch (side) {
        case 'buy':
          return 'b';
        case 'sell':
          return 's';
        default:
          return unreachable(side);
      }
    };
    expect([decide('buy'), decide('sell')]).toEqual(['b', 's']);
    // @ts-expect-error a side that the types forbid, as a wire might carry it
    expect(() => decide('hold')).toThrow(new Bug('unreachable: hold'));
  });
});
