/** Trained models by version, and which of them each strategy trades by. */
import type { StrategyId } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import type { Result } from '#shared/core/kernel/result.ts';
import type { ModelStanding } from '#shared/core/risk/check.ts';
import type { ModelVersion } from '#shared/core/signal/model/model-version.ts';
import type { ActiveModel, TrainingKey } from '#shared/core/signal/model/walk-forward.ts';

/** A version with what the shell knows of its making; none of it is part of the version's name. */
export interface KeptModel extends ModelVersion {
  /** The policy that was in force when it was trained. */
  readonly policyVersion: number;
  readonly createdAt: EpochMs;
}

/** A version as a list shows it; `unreadable` says what is wrong with what is stored of it. */
export type ListedModel =
  | { readonly kind: 'kept'; readonly model: KeptModel }
  | { readonly kind: 'unreadable'; readonly version: string; readonly because: string };

/** The active alias, and each of its moves. */
export interface ModelAlias extends ActiveModel {
  /** Counts the moves, from 1. */
  readonly revision: number;
  /** The version before this move; null for the first. */
  readonly previous: string | null;
  /** A person, or the room that trains. */
  readonly by: string;
  readonly reason: string;
  readonly at: EpochMs;
}

export interface ModelMove extends ActiveModel {
  /** The revision that the mover saw; 0 where there was no alias. */
  readonly expected: number;
  readonly by: string;
  readonly reason: string;
  readonly now: EpochMs;
  readonly correlationId: string;
}

/** Which version made the signals of a session, or why none could. */
export type ModelUseNote =
  | { readonly kind: 'active'; readonly version: string }
  | { readonly kind: 'none'; readonly reason: string };

export interface Page<T> {
  readonly limit: number;
  /** Lists what comes before it; absent for the newest. */
  readonly before?: T;
}

export interface Models {
  /** Null before the first version was put to use. @throws Fault `permanent` when it is not readable. */
  alias(strategyId: StrategyId): Promise<ModelAlias | null>;
  /** Newest first. @param page before which revision */
  moves(strategyId: StrategyId, page: Page<number>): Promise<readonly ModelAlias[]>;
  /** Null where there is none. @throws Fault `permanent` `model-corrupt` when it is not what its name says. */
  version(strategyId: StrategyId, version: string): Promise<KeptModel | null>;
  /** Newest training first. @param page before which version */
  versions(strategyId: StrategyId, page: Page<string>): Promise<readonly ListedModel[]>;
  /** The version of a training; null while nobody has trained it. */
  trained(strategyId: StrategyId, training: TrainingKey): Promise<string | null>;
  /**
   * Keeps the version of its training. Who comes second with the same changes nothing.
   * @returns the version that stands for the training: another one where somebody else's was first
   * @throws Fault `permanent` `model-version-conflict` when the version is there with another content, Bug when it is
   * not what its name says.
   */
  keep(model: KeptModel): Promise<string>;
  /** Moves the alias, if `expected` is the revision that it has; one that is damaged is known by its last move. */
  move(strategyId: StrategyId, move: ModelMove): Promise<Result<ModelAlias, Refusal>>;
  /** What the checks of an order are held to: a version that cannot be read is none. */
  standing(strategyId: StrategyId): Promise<ModelStanding>;
  /** Replaces what is known of a session. */
  noteUse(strategyId: StrategyId, session: CalendarDate, use: ModelUseNote): Promise<void>;
  /** Null for a session whose signals were never made. */
  useOf(strategyId: StrategyId, session: CalendarDate): Promise<ModelUseNote | null>;
}
