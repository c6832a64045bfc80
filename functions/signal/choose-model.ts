/**
 * The model that a strategy's signals of a session are made by: the active version of the registry. It is trained where
 * the calendar asks for one that nobody has trained, and the alias follows to it. A crash between any two steps, a second
 * room and a start in the middle of the quarter all come to the same version.
 */
import { Fault } from '#shared/core/kernel/fault.ts';
import type { StrategyId } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import {
  type ModelStep,
  type ModelUse,
  nextModelStep,
  noModel,
  type TrainableSymbols,
  trainedThroughFor,
  type TrainingKey,
  useOf,
  withoutTraining,
} from '#shared/core/signal/model/walk-forward.ts';
import type { ModelTrainer } from '#shared/core/signal/strategy.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { KeptModel, ModelAlias, Models } from '#shared/ports/models.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';

export interface ModelSources {
  readonly models: Models;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** Whose model is asked for, and for when. */
export interface ModelWish {
  readonly strategyId: StrategyId;
  readonly trainer: ModelTrainer;
  readonly session: CalendarDate;
  readonly policyVersion: number;
  readonly trainable: TrainableSymbols;
}

/** More looks than training, a lost race and the move take; beyond them somebody moves the alias to and fro. */
const LOOKS_MAX = 6;

interface Seen {
  readonly alias: ModelAlias | null;
  readonly key: TrainingKey;
  readonly due: string | null;
}

async function look({ models }: ModelSources, { strategyId, trainer, session }: ModelWish): Promise<Seen> {
  const key = { trainedThrough: trainedThroughFor(session), planId: trainer.planId };
  const [alias, due] = await Promise.all([models.alias(strategyId), models.trained(strategyId, key)]);
  return { alias, key, due };
}

/** @returns why there is no version */
async function train(sources: ModelSources, wish: ModelWish, { key }: Seen): Promise<string | null> {
  const { models, clock, telemetry } = sources;
  const { strategyId, trainer, trainable, policyVersion } = wish;
  const training = trainer.train(trainable(key.trainedThrough), key.trainedThrough);
  if (training.kind === 'not-trained') return training.reason;
  const { version } = training.version;
  const stands = await models.keep({ ...training.version, policyVersion, createdAt: clock.now() });
  telemetry.info('a model was trained', { strategyId, version, stands });
  return null;
}

/** Follows to the version that is due, if it may speak for the strategy. @returns why it may not */
async function follow(sources: ModelSources, wish: ModelWish, seen: Seen, version: string): Promise<string | null> {
  const { models, clock, telemetry } = sources;
  const { strategyId, trainer } = wish;
  const unfit = trainer.unfit(await models.version(strategyId, version));
  if (unfit !== null) return `version ${version} ${unfit}`;
  const moved = await models.move(strategyId, {
    expected: seen.alias?.revision ?? 0,
    version,
    pinned: false,
    by: 'signal',
    reason: `trained through ${seen.key.trainedThrough}, which is due for ${wish.session}`,
    now: clock.now(),
    correlationId: `model:${version}`,
  });
  if (moved.ok) telemetry.info('another model is active', { strategyId, version });
  // Somebody else moved it: the next look sees where to.
  return null;
}

async function takeStep(
  sources: ModelSources,
  wish: ModelWish,
  seen: Seen,
  step: ModelStep,
): Promise<ModelUse | 'look-again'> {
  switch (step.kind) {
    case 'use': {
      const kept: KeptModel | null = await sources.models.version(wish.strategyId, step.active.version);
      return useOf(wish.trainer, step.active, kept, wish.session);
    }
    case 'activate': {
      const why = await follow(sources, wish, seen, step.version);
      return why === null ? 'look-again' : noModel(why);
    }
    case 'train': {
      const why = await train(sources, wish, seen);
      if (why === null) return 'look-again';
      const instead = withoutTraining(seen.alias, why);
      return instead.kind === 'use' ? takeStep(sources, wish, seen, instead) : noModel(why);
    }
  }
}

/** What is stored and cannot be used is no model, and its reason. */
const DAMAGED: ReadonlySet<string> = new Set(['model-corrupt', 'item-corrupt', 'model-version-conflict']);

/** @throws Fault `transient` or `uncertain` when the registry does not answer: no signals then, and the run again. */
export async function chooseModel(sources: ModelSources, wish: ModelWish): Promise<ModelUse> {
  const { strategyId, session } = wish;
  try {
    for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
      const seen = await look(sources, wish);
      const taken = await takeStep(sources, wish, seen, nextModelStep(seen.alias, seen.due));
      if (taken !== 'look-again') return taken;
    }
    return noModel('the alias was moved by others again and again');
  } catch (thrown) {
    if (!(thrown instanceof Fault) || !DAMAGED.has(thrown.code)) throw thrown;
    sources.telemetry.error('a stored model cannot be used', { strategyId, session, problem: thrown.message });
    return noModel(thrown.message);
  }
}
