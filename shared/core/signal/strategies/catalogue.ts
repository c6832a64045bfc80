/** The strategies that come with the house, by name. A strategy of one's own needs no entry here, only the interface. */
import { type EntryClass, ParameterError, type Strategy } from '../strategy.ts';
import { maCrossover } from './ma-crossover.ts';
import { mlMomentum } from './ml-momentum.ts';
import { momentum } from './momentum.ts';
import { rsiMeanReversion } from './rsi-mean-reversion.ts';

/** Makes a strategy from a policy's plain numbers. @throws ParameterError that names a wrong one. */
export type StrategyMaker = (parameters: Readonly<Record<string, number>>) => Strategy;

const CATALOGUE: Readonly<Record<string, StrategyMaker>> = {
  'ma-crossover': maCrossover,
  'rsi-mean-reversion': rsiMeanReversion,
  momentum,
  'ml-momentum': (parameters) => mlMomentum(parameters),
};

export const STRATEGY_NAMES: readonly string[] = Object.keys(CATALOGUE);

/** @throws ParameterError for an unknown name or a wrong parameter. */
export function makeStrategy(name: string, parameters: Readonly<Record<string, number>> = {}): Strategy {
  const maker = Object.hasOwn(CATALOGUE, name) ? CATALOGUE[name] : undefined;
  if (maker === undefined)
    throw new ParameterError(`unknown strategy ${name}, expected one of ${STRATEGY_NAMES.join(', ')}`);
  return maker(parameters);
}

/**
 * What kind of bet a strategy's entries are. One that is not known here counts as a breakout, the kind that is switched
 * off first.
 */
export const entryClassOf = (name: string): EntryClass =>
  Object.hasOwn(CATALOGUE, name) ? makeStrategy(name).entryClass : 'breakout';
