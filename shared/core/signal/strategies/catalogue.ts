/**
 * The strategies that a policy can name. One of a user's own is a file like the others and one line here; a backtest also
 * takes it by its path, without that line.
 */
import type { StrategyId } from '#shared/core/kernel/identity.ts';
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

/** Whether entries of a strategy need a model that is fresh. */
export const tradesByModel = (name: StrategyId): boolean => entryClassesOf([name]).get(name) === 'model';

/** What kind of bet the entries of strategies are, of those that are known here. */
export const entryClassesOf = (names: readonly StrategyId[]): ReadonlyMap<StrategyId, EntryClass> =>
  new Map(
    names
      .filter((name) => Object.hasOwn(CATALOGUE, name))
      .map((name) => [name, makeStrategy(name).entryClass] as const),
  );
