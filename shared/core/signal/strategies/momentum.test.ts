import { describe, expect, it } from 'vitest';
import { ticker } from '#shared/core/kernel/identity.ts';
import { momentum } from './momentum.ts';
import { barsOf, dayOf, heldSince, run } from './series-fixture.ts';

/** Flat, then 12 % up within twenty sessions from day 100. */
const surge = Array.from({ length: 160 }, (_, day) => (day < 100 ? 100 : Math.min(112, 100 + (day - 99) * 0.6)));
const loud = (day: number): number => (day === 117 || day === 118 || day === 90 ? 2e6 : 1e6);

describe('momentum', () => {
  it('enters on a return above 10 % with the volume to confirm it', () => {
    const signals = run(momentum(), [barsOf(surge, loud)]);
    expect(signals.map(({ asOf }) => dayOf(asOf))).toEqual([117, 118]);
    const [first] = signals;
    expect(first?.reason.code).toBe('risen-on-volume');
    expect(first?.reason.numbers['return']).toBeCloseTo(0.108, 12);
    expect(first?.reason.numbers['volumeRatio']).toBeCloseTo(2 / 1.05, 12);
    expect(first?.confidence).toBeCloseTo(0.5 + 0.008 / 0.4, 12);
  });

  it('does not enter without the volume, below the threshold, or outside the universe', () => {
    expect(run(momentum(), [barsOf(surge)])).toEqual([]);
    expect(run(momentum({ returnMin: 0.13 }), [barsOf(surge, loud)])).toEqual([]);
    expect(run(momentum(), [barsOf(surge, loud)], { universe: new Set([ticker('ZZZ')]) })).toEqual([]);
  });

  it('leaves after the hold period and stays with it until somebody listens', () => {
    const exits = run(momentum({ holdSessions: 4 }), [barsOf(surge, loud)], { position: heldSince(118) });
    expect(exits.map(({ asOf }) => dayOf(asOf)).slice(0, 3)).toEqual([122, 123, 124]);
    expect(exits).toHaveLength(160 - 122);
    expect(exits[0]).toMatchObject({ kind: 'exit', side: 'sell', reason: { code: 'held-long-enough' } });
  });

  it('leaves a short position alone', () => {
    const short = { ...heldSince(118), side: 'short' as const };
    expect(run(momentum({ holdSessions: 4 }), [barsOf(surge, loud)], { position: short })).toEqual([]);
  });
});
