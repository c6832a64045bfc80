/** Strategies by name, and those that users have written in files of their own. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { strategyId } from '#shared/core/kernel/identity.ts';
import { makeStrategy, STRATEGY_NAMES } from '#shared/core/signal/strategies/catalogue.ts';
import { ParameterError, type Strategy } from '#shared/core/signal/strategy.ts';

/** A strategy that cannot be had. The message says what was found and what would be right. */
export class StrategyFileError extends Error {
  override readonly name = 'StrategyFileError';
}

const EXPECTED =
  'a module that exports `strategy` with id, entryClass and signals(view); docs/concepts/strategies.md has an example';

const isFunction = (value: unknown): value is Strategy['signals'] => typeof value === 'function';

const exported = z.object({
  strategy: z.object({
    id: z.string().transform((text, context) => {
      try {
        return strategyId(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
        return z.NEVER;
      }
    }),
    entryClass: z.enum(['trend', 'mean-reversion', 'breakout', 'model']),
    signals: z.custom<Strategy['signals']>(isFunction, 'expected a function'),
  }),
});

const isPath = (name: string): boolean => /[/\\]|\.[cm]?[jt]s$/.test(name);

async function loadFile(path: string): Promise<Strategy> {
  const found: unknown = await import(pathToFileURL(resolve(path)).href).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StrategyFileError(`${path}: cannot be loaded: ${why}. Expected ${EXPECTED}`, { cause });
  });
  const read = exported.safeParse(found);
  if (!read.success) throw new StrategyFileError(`${path}: ${z.prettifyError(read.error)}\nExpected ${EXPECTED}`);
  const { strategy } = read.data;
  if (STRATEGY_NAMES.includes(strategy.id)) {
    throw new StrategyFileError(`${path}: ${strategy.id} is the name of a strategy of the house; expected another one`);
  }
  return strategy;
}

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
