/** Strategies by name, and those that users have written in files of their own. */
import { makeStrategy, STRATEGY_NAMES } from '#shared/core/signal/strategies/catalogue.ts';
import { ParameterError, type Strategy } from '#shared/core/signal/strategy.ts';

/** A strategy that cannot be had. The message says what was found and what would be right. */
export class StrategyFileError extends Error {
  override readonly name = 'StrategyFileError';
}

const isPath = (name: string): boolean => /[/\\]|\.[cm]?[jt]s$/.test(name);

/** Most runs name strategies of the house alone; what reads a user's file is loaded with the first one. */
const loadFile = async (path: string): Promise<Strategy> => (await import('./strategy-file.ts')).readStrategyFile(path);

/**
 * @param names names of the catalogue, or paths of modules; whatever has a slash or ends as a script is a path
 * @throws ParameterError for a name that nobody knows; StrategyFileError for a file that holds no strategy, or for two of
 * one id
 */
export async function loadStrategies(names: readonly string[]): Promise<readonly Strategy[]> {
  const strategies: Strategy[] = [];
  for (const name of names) {
    const strategy = isPath(name) ? await loadFile(name) : makeStrategy(name);
    if (strategies.some(({ id }) => id === strategy.id)) {
      throw new StrategyFileError(`strategy ${strategy.id} is named twice; expected each one once`);
    }
    strategies.push(strategy);
  }
  if (strategies.length === 0) throw new ParameterError(`no strategy is named; expected ${STRATEGY_NAMES.join(', ')}`);
  return strategies;
}
