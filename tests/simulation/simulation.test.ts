/** A few hundred worlds as the code is built, and each planted bug until it is caught. */
import { describe, expect, it } from 'vitest';
import { leadWithCrew } from './crew.ts';
import { planOf } from './rare.ts';
import { runWorld } from './run-world.ts';

const WORLDS = 150;

describe('the simulation', () => {
  it('finds nothing broken in some hundred worlds', async () => {
    const { caught, worlds } = await leadWithCrew({ from: 0, seeds: WORLDS });
    expect(caught).toEqual([]);
    expect(worlds).toBe(WORLDS);
  }, 120_000);

  it('leads the same world for the same seed, to the byte, and another for another', async () => {
    const lead = async (seed: number) => (await runWorld(planOf(seed), { keepTrace: true })).lines.join('\n');
    const [first, again, other] = [await lead(11), await lead(11), await lead(12)];
    expect(first.length).toBeGreaterThan(1_000);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });
});
