/** A few hundred worlds as the code is built, and each planted bug until it is caught. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ticker } from '#shared/core/kernel/identity.ts';
import { leadWorlds } from './campaign.ts';
import { REACHABLE_PAIRS } from './coverage.ts';
import { leadWithCrew } from './crew.ts';
import { dayOf, madeMarkets, type MarketSource, symbols } from './market.ts';
import { planOf } from './rare.ts';
import { realMarkets } from './real-bars.ts';
import { runWorld } from './run-world.ts';

const WORLDS = 150;
const REAL = fileURLToPath(new URL('../../../shared/data/sp500-daily-2013-2018.csv.gz', import.meta.url));

describe('the simulation', () => {
  it('finds nothing broken in some hundred worlds', async () => {
    const { caught, worlds, statePairs } = await leadWithCrew({ from: 0, seeds: WORLDS });
    expect(caught).toEqual([]);
    expect(worlds).toBe(WORLDS);
    // What a world cannot come to is said, and held to what worlds come to.
    expect(statePairs.filter((pair) => !REACHABLE_PAIRS.has(pair))).toEqual([]);
    expect(statePairs.length).toBeGreaterThan(40);
  }, 120_000);

  it('leads the same world for the same seed, to the byte, and another for another', async () => {
    const lead = async (seed: number) => (await runWorld(planOf(seed), { keepTrace: true })).lines.join('\n');
    const [first, again, other] = [await lead(11), await lead(11), await lead(12)];
    expect(first.length).toBeGreaterThan(1_000);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });
});

describe.skipIf(!existsSync(REAL))('worlds on real bars (skipped without ../shared/data)', () => {
  it('trade at the prices of the file, and hold as the others do', async () => {
    const markets = await realMarkets(REAL, symbols);
    const seeds = [3, 4, 5, 6, 7, 8];
    const { caught } = await leadWorlds(seeds, { markets });
    expect(caught).toEqual([]);
    const price = (source: MarketSource) =>
      source('ordinary', 1).quoteAt(symbols[0] ?? ticker('AAPL'), dayOf('ordinary').opensAt);
    expect(price(markets)).not.toEqual(price(madeMarkets));
  }, 60_000);
});
