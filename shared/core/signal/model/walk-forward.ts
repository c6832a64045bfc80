/**
 * Which version of a model speaks for a session. A version is due for each quarter; the active alias follows to it, or
 * stays where a person has pinned it. The steps are the same over a stored registry and over one in memory.
 */
import type { StrategyId } from '#shared/core/kernel/identity.ts';
import { calendarDate, type CalendarDate } from '#shared/core/kernel/instant.ts';
import { sessionBefore } from '#shared/core/market/session-calendar.ts';
import type { ModelTrainer } from '../strategy.ts';
import type { SymbolView } from '../view.ts';
import type { ModelVersion } from './model-version.ts';

/**
 * The session through which the model in use at a session was trained: the last one before its calendar quarter. A
 * quarter's decisions all come from one model, and a room that starts in its middle trains the same one.
 */
export function trainedThroughFor(asOf: CalendarDate): CalendarDate {
  const month = Number(asOf.slice(5, 7));
  const quarterStart = String(month - ((month - 1) % 3)).padStart(2, '0');
  return sessionBefore(calendarDate(`${asOf.slice(0, 4)}-${quarterStart}-01`)).date;
}

/** What one training is told by: there is one version of each. */
export interface TrainingKey {
  readonly trainedThrough: CalendarDate;
  /** Hash of all that decides the outcome beside the bars. */
  readonly planId: string;
}

/** Which version a strategy trades by. */
export interface ActiveModel {
  readonly version: string;
  /** Set by a person: training does not move it. */
  readonly pinned: boolean;
}

/** The model of a session, or why there is none. */
export type ModelUse =
  | { readonly kind: 'active'; readonly model: ModelVersion; readonly pinned: boolean }
  | { readonly kind: 'none'; readonly reason: string };

export const noModel = (reason: string): ModelUse => ({ kind: 'none', reason });

/** What is to be done next so that the session has its model. */
export type ModelStep =
  | { readonly kind: 'train' }
  | { readonly kind: 'activate'; readonly version: string }
  | { readonly kind: 'use'; readonly active: ActiveModel };

/**
 * @param active the alias as it stands; null before the first version was put to use
 * @param due the version of the training that the calendar asks for; null while nobody has trained it
 */
export function nextModelStep(active: ActiveModel | null, due: string | null): ModelStep {
  if (due === null) return { kind: 'train' };
  if (active === null || (!active.pinned && active.version !== due)) return { kind: 'activate', version: due };
  return { kind: 'use', active };
}

/** Where the training that is due did not come about: what is pinned goes on, and nothing else takes the model's place. */
export const withoutTraining = (active: ActiveModel | null, reason: string): ModelStep | ModelUse =>
  active?.pinned === true ? { kind: 'use', active } : noModel(reason);

/** The use of a version that was found, if it may speak for the session. */
export function useOf(
  trainer: ModelTrainer,
  { version, pinned }: ActiveModel,
  found: ModelVersion | null,
  session: CalendarDate,
): ModelUse {
  if (found === null) return noModel(`version ${version} is active and not there`);
  const unfit = trainer.unfit(found);
  if (unfit !== null) return noModel(`version ${version} ${unfit}`);
  if (found.metadata.trainedThrough > session) {
    return noModel(`version ${version} was trained through ${found.metadata.trainedThrough}, after ${session}`);
  }
  return { kind: 'active', model: found, pinned };
}

/** Symbols of the universe that could be entered as of an earlier session, as they were seen then. */
export type TrainableSymbols = (through: CalendarDate) => readonly SymbolView[];

class Kept {
  readonly versions = new Map<string, ModelVersion>();
  readonly dueOf = new Map<string, string>();
  active: ActiveModel | null = null;
}

/** A registry in memory, for a backtest: the same steps as over the stored one, with nobody who pins. */
export class WalkForwardModels {
  readonly #kept = new Map<StrategyId, Kept>();

  /** Versions trained so far, by strategy in the order of its first use, oldest first. */
  get versions(): readonly ModelVersion[] {
    return [...this.#kept.values()].flatMap(({ versions }) => [...versions.values()]);
  }

  modelFor(
    strategyId: StrategyId,
    trainer: ModelTrainer,
    session: CalendarDate,
    trainable: TrainableSymbols,
  ): ModelUse {
    const kept = this.#kept.get(strategyId) ?? new Kept();
    this.#kept.set(strategyId, kept);
    const through = trainedThroughFor(session);
    const key = `${through} ${trainer.planId}`;
    for (;;) {
      const step = nextModelStep(kept.active, kept.dueOf.get(key) ?? null);
      switch (step.kind) {
        case 'use':
          return useOf(trainer, step.active, kept.versions.get(step.active.version) ?? null, session);
        case 'train': {
          const training = trainer.train(trainable(through), through);
          if (training.kind === 'not-trained') return noModel(training.reason);
          kept.versions.set(training.version.version, training.version);
          kept.dueOf.set(key, training.version.version);
          break;
        }
        case 'activate': {
          const unfit = trainer.unfit(kept.versions.get(step.version) ?? null);
          if (unfit !== null) return noModel(`version ${step.version} ${unfit}`);
          kept.active = { version: step.version, pinned: false };
          break;
        }
      }
    }
  }
}
