import { describe, expect, it } from 'vitest';
import { ticker } from '#shared/core/kernel/identity.ts';
import { changesDaily, enterableSymbols } from './session-universe.ts';

const universe = ['AAA', 'BBB', 'CCC'].map(ticker);
const listed = { universe, universeSource: { kind: 'list' } } as const;
const dynamic = { universe, universeSource: { kind: 'dynamic', count: 2, sessions: 60 } } as const;
const recorded = { symbols: ['CCC', 'DDD'].map(ticker), ranking: [] };

describe('enterableSymbols', () => {
  it('is what the policy lists, whatever was recorded', () => {
    expect(changesDaily(listed)).toBe(false);
    expect(enterableSymbols(listed, recorded)).toEqual(universe);
    expect(enterableSymbols(listed, null)).toEqual(universe);
  });

  it('is what was recorded of a universe that changes daily, as far as the policy still names it', () => {
    expect(changesDaily(dynamic)).toBe(true);
    expect(enterableSymbols(dynamic, recorded)).toEqual(['CCC']);
  });

  it('is not known where nothing was recorded', () => {
    expect(enterableSymbols(dynamic, null)).toBeNull();
  });
});
