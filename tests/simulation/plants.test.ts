/** Each planted bug is caught: a simulation that misses one would miss it in the product as well. */
import { describe, expect, it } from 'vitest';
import { leadWorlds } from './campaign.ts';
import { PLANT_NAMES, PLANTS } from './plants.ts';

/** Within so many worlds each of them has to be caught. */
const WORLDS_MAX = 2_000;
const seeds = Array.from({ length: WORLDS_MAX }, (_, seed) => seed);

describe('a planted bug', () => {
  it.each(PLANT_NAMES.map((name) => [name, PLANTS[name].says] as const))(
    'is caught: %s (%s)',
    async (name) => {
      const { alterations } = PLANTS[name];
      const { caught, worlds } = await leadWorlds(seeds, { alterations, untilCaught: true, twiceOneIn: WORLDS_MAX });
      console.log(`${name}: caught in world ${worlds}, invariant ${caught[0]?.violation.invariant ?? 'none'}`);
      expect(caught).toHaveLength(1);
    },
    240_000,
  );
});
