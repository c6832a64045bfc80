/** Many worlds, and what they came to together. */
import type { Alterations } from './alterations.ts';
import { AS_BUILT } from './alterations.ts';
import type { Violation } from './invariants.ts';
import { madeMarkets, type MarketSource } from './market.ts';
import { planOf } from './rare.ts';
import { runWorld } from './run-world.ts';

export interface Caught {
  readonly seed: number;
  readonly violation: Violation;
}

/** What worlds came to; sums and unions, so that it does not matter who ran them. */
export interface Findings {
  worlds: number;
  steps: number;
  crashes: number;
  faults: Record<string, number>;
  faultSteps: string[];
  statePairs: string[];
  caught: Caught[];
}

export const noFindings = (): Findings => ({
  worlds: 0,
  steps: 0,
  crashes: 0,
  faults: {},
  faultSteps: [],
  statePairs: [],
  caught: [],
});

export function addFindings(sum: Findings, more: Findings): Findings {
  const faults = { ...sum.faults };
  for (const [kind, count] of Object.entries(more.faults)) faults[kind] = (faults[kind] ?? 0) + count;
  return {
    worlds: sum.worlds + more.worlds,
    steps: sum.steps + more.steps,
    crashes: sum.crashes + more.crashes,
    faults,
    faultSteps: [...new Set([...sum.faultSteps, ...more.faultSteps])],
    statePairs: [...new Set([...sum.statePairs, ...more.statePairs])],
    caught: [...sum.caught, ...more.caught].sort((a, b) => a.seed - b.seed),
  };
}

export interface CampaignOptions {
  /** Made anew for each world, so that nothing is remembered from one to the next. */
  readonly alterations?: () => Alterations;
  /** Ends with the first world in which something does not hold. */
  readonly untilCaught?: boolean;
  /** Where the markets come from; made up unless told. */
  readonly markets?: MarketSource;
  /** One world in so many is led twice, and must come to the same hash. */
  readonly twiceOneIn?: number;
}

const TWICE_ONE_IN = 25;

/** Leads the worlds of some seeds, one after another. */
export async function leadWorlds(seeds: readonly number[], options: CampaignOptions = {}): Promise<Findings> {
  const {
    alterations = () => AS_BUILT,
    untilCaught = false,
    twiceOneIn = TWICE_ONE_IN,
    markets = madeMarkets,
  } = options;
  const lead = (seed: number) => runWorld(planOf(seed), { alterations: alterations(), markets });
  let sum = noFindings();
  for (const seed of seeds) {
    const { violation, hash, tally } = await lead(seed);
    const again = seed % twiceOneIn === 0 ? (await lead(seed)).hash : hash;
    const found =
      violation ?? (again === hash ? null : { invariant: 12 as const, what: `${hash} at first, then ${again}` });
    sum = addFindings(sum, {
      worlds: 1,
      steps: tally.steps,
      crashes: tally.crashes,
      faults: Object.fromEntries(tally.faults),
      faultSteps: [...tally.faultSteps],
      statePairs: [...tally.statePairs],
      caught: found === null ? [] : [{ seed, violation: found }],
    });
    if (untilCaught && found !== null) break;
  }
  return sum;
}
