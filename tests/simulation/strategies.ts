/** The strategies of a world: pure as every strategy, and drawn from the seed instead of from the bars. */
import type { StrategyId } from '#shared/core/kernel/identity.ts';
import { longEntry, longExit, longSignalsOf, type Strategy } from '#shared/core/signal/strategy.ts';
import { Chance } from './chance.ts';

const REASON = { code: 'drawn', text: 'drawn from the seed', numbers: {} } as const;
const ENTRY_SHARE = 0.6;
const EXIT_SHARE = 0.5;

export const strategyOf = (id: StrategyId, seed: number): Strategy => ({
  id,
  entryClass: 'trend',
  signals: (view) =>
    longSignalsOf(view, {
      entry(symbol) {
        const chance = new Chance(`signal:${seed}:${id}:${symbol.ticker}:${symbol.asOf}`);
        return chance.happens(ENTRY_SHARE) ? longEntry(id, symbol, chance.fraction(), REASON) : null;
      },
      exit(symbol) {
        const chance = new Chance(`exit:${seed}:${id}:${symbol.ticker}:${symbol.asOf}`);
        return chance.happens(EXIT_SHARE) ? longExit(id, symbol, REASON) : null;
      },
    }),
});
