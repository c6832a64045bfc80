/** A strategy that a user has written in a file of its own. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { strategyId } from '#shared/core/kernel/identity.ts';
import { STRATEGY_NAMES } from '#shared/core/signal/strategies/catalogue.ts';
import type { Strategy } from '#shared/core/signal/strategy.ts';
import { StrategyFileError } from './load-strategies.ts';

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

/** @throws StrategyFileError for a file that holds no strategy, or one by the name of one of the house. */
export async function readStrategyFile(path: string): Promise<Strategy> {
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
